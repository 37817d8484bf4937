using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The kinds of modality that there are: the one list.</summary>
internal static class ModalityKinds
{
    private static volatile ModalityKind[] _all = [new VectorKind(), new TextKind(), new ImageKind(), new SequenceKind(), new StructureKind()];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ModalityKind> All => _all;

    /// <summary>The kind of a modality.</summary>
    /// <exception cref="NotSupportedException">There is none.</exception>
    public static ModalityKind Of(Modality modality) => Array.Find(_all, kind => kind.Serves(modality))
        ?? throw new NotSupportedException($"Modality {modality.GetType().Name} of column '{modality.InputColumnName}' is not supported.");

    /// <summary>Binds a modality to a schema.</summary>
    /// <param name="modality">What to read.</param>
    /// <param name="schema">Where to read it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type (ML.NET's schema mismatch).</exception>
    public static ModalityBinding Bind(Modality modality, DataViewSchema schema)
    {
        var column = schema.GetColumnOrNull(modality.InputColumnName) ?? throw SchemaErrors.Missing("input", modality.InputColumnName, schema);
        return Of(modality).Bind(modality, column, schema);
    }

    /// <summary>Checks the promise of an estimator's input columns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type (ML.NET's schema mismatch).</exception>
    public static void CheckShape(Modality modality, SchemaShape shape)
    {
        if (!SchemaShapes.TryFind(shape, modality.InputColumnName, out var column))
            throw SchemaErrors.Missing("input", modality.InputColumnName, shape);
        var kind = Of(modality);
        if (!kind.Accepts(column))
            throw SchemaErrors.Mismatch("input", modality.InputColumnName, kind.ExpectedType, SchemaShapes.Describe(column));
        kind.CheckOtherColumns(modality, shape);
    }

    /// <summary>Adds a kind; for tests, which show that nothing else has to know it.</summary>
    internal static void Add(ModalityKind kind) => _all = [.. _all, kind];
}
