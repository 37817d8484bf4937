using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Schema promises of an estimator.</summary>
internal static class SchemaShapes
{
    /// <summary>A fixed-size vector of <see cref="float"/>.</summary>
    public static SchemaShape.Column FloatVector(string name) =>
        new(name, SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, isKey: false);

    /// <summary>Looks a column up by name.</summary>
    public static bool TryFind(SchemaShape shape, string name, out SchemaShape.Column column) => shape.TryFindColumn(name, out column);

    /// <summary>The type of a column in words, as ML.NET's messages write it.</summary>
    public static string Describe(SchemaShape.Column column) => column.GetTypeString();

    /// <summary>The column that a schema's column promises.</summary>
    public static SchemaShape Of(DataViewSchema schema) => SchemaShape.Create(schema);
}
