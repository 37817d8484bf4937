using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Schema promises of an estimator.</summary>
internal static class SchemaShapes
{
    /// <summary>A fixed-size vector of <see cref="float"/>.</summary>
    public static SchemaShape.Column FloatVector(string name) =>
        new(name, SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, isKey: false);

    /// <summary>A fixed-size vector of <see cref="float"/> whose slots have names.</summary>
    public static SchemaShape.Column FloatVectorWithSlotNames(string name) => new(
        name, SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, isKey: false,
        new SchemaShape([new(AnnotationUtils.Kinds.SlotNames, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, isKey: false)]));

    /// <summary>A fixed-size vector of <see cref="float"/> whose slots have the names of another column's, if that has some.</summary>
    public static SchemaShape.Column FloatVectorNamedAs(string name, SchemaShape.Column named) => VectorNamedAs(name, NumberDataViewType.Single, named);

    /// <summary>A fixed-size vector whose slots have the names of another column's, if that has some.</summary>
    public static SchemaShape.Column VectorNamedAs(string name, PrimitiveDataViewType item, SchemaShape.Column named) => new(
        name, SchemaShape.Column.VectorKind.Vector, item, isKey: false,
        named.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out var names)
            && names.Kind == SchemaShape.Column.VectorKind.Vector ? new SchemaShape([names]) : null);

    /// <summary>A fixed-size vector of <see cref="float"/> whose slots are named by the values of a column's keys, if it has some.</summary>
    public static SchemaShape.Column FloatVectorNamedByKeys(string name, SchemaShape.Column keys) =>
        keys.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out _) ? FloatVectorWithSlotNames(name) : FloatVector(name);

    /// <summary>A key with the values of another one's, if that has some.</summary>
    public static SchemaShape.Column KeyLike(string name, SchemaShape.Column key) => new(
        name, SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.UInt32, isKey: true,
        key.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out var values) ? new SchemaShape([values]) : null);

    /// <summary>A Boolean scalar.</summary>
    public static SchemaShape.Column Boolean(string name) =>
        new(name, SchemaShape.Column.VectorKind.Scalar, BooleanDataViewType.Instance, isKey: false);

    /// <summary>A scalar of a type.</summary>
    public static SchemaShape.Column Scalar(string name, PrimitiveDataViewType type) => new(name, SchemaShape.Column.VectorKind.Scalar, type, isKey: false);

    /// <summary>Throws unless a column is there and a fixed-size vector of <see cref="float"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not; the message names it.</exception>
    public static void CheckFloatVector(SchemaShape shape, string role, string name, int size)
    {
        if (!TryFind(shape, name, out var column))
            throw SchemaErrors.Missing(role, name, shape);
        if (column.Kind != SchemaShape.Column.VectorKind.Vector || column.IsKey || column.ItemType != NumberDataViewType.Single)
            throw SchemaErrors.Mismatch(role, name, $"{new VectorDataViewType(NumberDataViewType.Single, size)}", Describe(column));
    }

    /// <summary>Looks a column up by name.</summary>
    public static bool TryFind(SchemaShape shape, string name, out SchemaShape.Column column) => shape.TryFindColumn(name, out column);

    /// <summary>The type of a column in words, as ML.NET's messages write it.</summary>
    public static string Describe(SchemaShape.Column column) => column.IsKey ? SchemaErrors.WithKeyAdvice(column.GetTypeString()) : column.GetTypeString();

    /// <summary>The column that a schema's column promises.</summary>
    public static SchemaShape Of(DataViewSchema schema) => SchemaShape.Create(schema);
}
