using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>A modality bound to the column of a schema: types checked once, readers opened from it.</summary>
internal abstract class ModalityBinding(DataViewSchema.Column column)
{
    /// <summary>The input column.</summary>
    public DataViewSchema.Column Column { get; } = column;

    /// <summary>Size of one sample where the modality fixes it (features of a vector), else 0.</summary>
    public abstract int InputDimension { get; }

    /// <summary>Opens the getter of a row or cursor.</summary>
    public abstract ExampleReader Open(DataViewRow row);

    /// <summary>An empty store for examples of this modality.</summary>
    public abstract ExampleStore CreateStore();

    /// <summary>Binds a modality to a schema.</summary>
    /// <param name="modality">What to read.</param>
    /// <param name="schema">Where to read it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type (ML.NET's schema mismatch).</exception>
    public static ModalityBinding Bind(Modality modality, DataViewSchema schema)
    {
        var column = schema.GetColumnOrNull(modality.InputColumnName) ?? throw SchemaErrors.Missing("input", modality.InputColumnName);
        return modality switch
        {
            VectorModality => new VectorBinding(column),
            _ => throw new NotSupportedException($"Modality {modality.GetType().Name} of column '{modality.InputColumnName}' is not supported."),
        };
    }

    /// <summary>Checks the promise of an estimator's input column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type (ML.NET's schema mismatch).</exception>
    public static void CheckShape(Modality modality, SchemaShape shape)
    {
        if (!SchemaShapes.TryFind(shape, modality.InputColumnName, out var column))
            throw SchemaErrors.Missing("input", modality.InputColumnName);
        if (modality is VectorModality && !VectorBinding.Accepts(column))
            throw SchemaErrors.Mismatch("input", modality.InputColumnName, VectorBinding.ExpectedType, SchemaShapes.Describe(column));
    }
}
