using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Schema errors in the words that ML.NET uses everywhere.</summary>
internal static class SchemaErrors
{
    private const string Parameter = "inputSchema";

    /// <summary>"Could not find {role} column '{column}'", and which columns there are.</summary>
    public static Exception Missing(string role, string column, DataViewSchema schema) =>
        Missing(role, column, ColumnNames.Describe(column, schema));

    /// <summary>The same of a promised schema.</summary>
    public static Exception Missing(string role, string column, SchemaShape shape) =>
        Missing(role, column, ColumnNames.Describe(column, shape.Select(other => other.Name)));

    /// <summary>"Schema mismatch for {role} column '{column}': expected {expected}, got {actual}".</summary>
    public static Exception Mismatch(string role, string column, string expected, string actual) =>
        Contracts.ExceptSchemaMismatch(Parameter, role, column, expected, actual);

    /// <summary>A type in words. ML.NET writes a vector of variable size as "Vector&lt;Single&gt;", which reads like what was expected.</summary>
    public static string Describe(DataViewType type) => type switch
    {
        VectorDataViewType { IsKnownSize: false } => $"{type} of variable size",
        KeyDataViewType or VectorDataViewType { ItemType: KeyDataViewType } => WithKeyAdvice(type.ToString()!),
        _ => type.ToString()!,
    };

    /// <summary>What to do about a key.</summary>
    public static string WithKeyAdvice(string type) => $"{type}, which MapKeyToVector turns into numbers";

    private static Exception Missing(string role, string column, string columns) =>
        Contracts.ExceptParam(Parameter, $"Could not find {role} column '{column}'. {columns}");
}
