using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Schema promises of an estimator.</summary>
internal static class SchemaShapes
{
    /// <summary>A fixed-size vector of <see cref="float"/>.</summary>
    public static SchemaShape.Column FloatVector(string name) =>
        new(name, SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, isKey: false);

    /// <summary>A fixed-size vector of <see cref="float"/> whose slots have the names of another column's, if that has some.</summary>
    public static SchemaShape.Column FloatVectorNamedAs(string name, SchemaShape.Column named) => new(
        name, SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, isKey: false,
        named.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out var names) ? new SchemaShape([names]) : null);

    /// <summary>A Boolean scalar.</summary>
    public static SchemaShape.Column Boolean(string name) =>
        new(name, SchemaShape.Column.VectorKind.Scalar, BooleanDataViewType.Instance, isKey: false);

    /// <summary>Looks a column up by name.</summary>
    public static bool TryFind(SchemaShape shape, string name, out SchemaShape.Column column) => shape.TryFindColumn(name, out column);

    /// <summary>The type of a column in words, as ML.NET's messages write it.</summary>
    public static string Describe(SchemaShape.Column column) => column.GetTypeString();

    /// <summary>The column that a schema's column promises.</summary>
    public static SchemaShape Of(DataViewSchema schema) => SchemaShape.Create(schema);
}
