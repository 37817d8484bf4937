using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Schema errors in the words that ML.NET uses everywhere.</summary>
internal static class SchemaErrors
{
    /// <summary>"Could not find {role} column '{column}'".</summary>
    public static Exception Missing(string role, string column) =>
        Contracts.ExceptSchemaMismatch("inputSchema", role, column);

    /// <summary>"Schema mismatch for {role} column '{column}': expected {expected}, got {actual}".</summary>
    public static Exception Mismatch(string role, string column, string expected, string actual) =>
        Contracts.ExceptSchemaMismatch("inputSchema", role, column, expected, actual);
}
