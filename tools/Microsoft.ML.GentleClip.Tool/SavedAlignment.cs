using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>A model that <c>fit</c> saved, with the names of the features that each side reads.</summary>
internal sealed class SavedAlignment : IDisposable
{
    private readonly ITransformer _model;
    private readonly string _path;

    private SavedAlignment(MLContext mlContext, ITransformer model, string path, AlignedSide[] sides) =>
        (MlContext, _model, _path, Sides) = (mlContext, model, path, sides);

    public MLContext MlContext { get; }

    public IReadOnlyList<AlignedSide> Sides { get; }

    /// <exception cref="ToolException">The file is no such model.</exception>
    public static SavedAlignment Load(MLContext mlContext, string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no model '{path}'.", path);
        ITransformer model;
        DataViewSchema schema;
        GentleClipTransformer alignment;
        try
        {
            model = mlContext.Model.Load(path, out schema);
            alignment = model.FindGentleClip();
        }
        catch (Exception problem) when (problem is FormatException or InvalidDataException or InvalidOperationException or ArgumentException)
        {
            throw new ToolException($"'{path}' is no model of this command: {problem.Message}");
        }
        return new SavedAlignment(mlContext, model, path, [Side(alignment.ModalityA), Side(alignment.ModalityB)]);

        AlignedSide Side(Modality modality)
        {
            if (modality is ProteinSequenceModality or ProteinStructureModality)
                return new AlignedSide(modality.InputColumnName, modality.OutputColumnName,
                    modality is ProteinSequenceModality ? SideKind.Sequences : SideKind.Structures, []);
            VBuffer<ReadOnlyMemory<char>> names = default;
            if (schema?.GetColumnOrNull(modality.InputColumnName) is not { } column || !column.HasSlotNames())
                throw new ToolException($"'{path}' does not say which features its column '{modality.InputColumnName}' holds; expected a model that "
                    + "'gentleclip fit' saved.");
            column.GetSlotNames(ref names);
            return new AlignedSide(
                modality.InputColumnName, modality.OutputColumnName, SideKind.Numbers, [.. names.DenseValues().Select(name => name.ToString())]);
        }
    }

    /// <summary>The side whose features a file has.</summary>
    /// <param name="path">The file.</param>
    /// <param name="named">The side where the file has the features of both; null where it has those of one.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="ToolException">Neither, or both and none is named, or it lacks those of the named one.</exception>
    public AlignedSide SideOf(string path, string? named, string option)
    {
        var kind = ProteinFiles.KindOf(path);
        var header = kind == SideKind.Numbers ? Table.Header(path).ToHashSet(StringComparer.Ordinal) : [];
        var asked = Sides.Where(side => named is null || side.Column == named).ToArray();
        if (asked.Length == 0)
            throw new ToolException($"'{_path}' has no side '{named}'; expected {string.Join(" or ", Sides.Select(side => side.Column))}.");
        var fitting = asked.Where(side => side.Kind == kind && side.Features.All(header.Contains)).ToArray();
        if (fitting.Length == 1)
            return fitting[0];
        if (fitting.Length == 0 && (kind != SideKind.Numbers || asked.All(side => side.Kind != SideKind.Numbers)))
            throw new ToolException(
                $"{path} holds {ProteinFiles.Words(kind)}; expected "
                + $"{string.Join(" or ", asked.Select(side => $"{ProteinFiles.Words(side.Kind)} (side {side.Column})"))}.");
        throw new ToolException(fitting.Length == 2
            ? $"{path} fits both sides of '{_path}': name the side with {option} {Sides[0].Column} or {option} {Sides[1].Column}."
            : $"{path} lacks columns of {(asked.Length == 2 ? "either side" : $"side {named}")} of '{_path}'. "
                + string.Join(" ", asked.Where(side => side.Kind == kind)
                    .Select(side => Lacking(side.Column, [.. side.Features.Where(name => !header.Contains(name))]))));

        static string Lacking(string column, string[] names) => $"For side {column}: {Table.FirstOf(names, 5)}.";
    }

    /// <summary>The sides of two files, one each. Where a file has the features of both, the other one decides; where both have, the first is A.</summary>
    /// <exception cref="ToolException">A file has the features of neither, or both files those of the same one alone.</exception>
    public (AlignedSide One, AlignedSide Other) SidesOf(string one, string other)
    {
        var (a, b) = (Sides[0], Sides[1]);
        if (Has(one, a) && Has(other, b))
            return (a, b);
        if (Has(one, b) && Has(other, a))
            return (b, a);
        // Here, each file has one side at most, and this says which columns are lacking.
        var found = SideOf(one, null, "--side");
        SideOf(other, null, "--side");
        throw new ToolException($"{one} and {other} both fit side {found.Column}; expected one of each side.");

        static bool Has(string path, AlignedSide side) => ProteinFiles.KindOf(path) == side.Kind
            && (side.Kind != SideKind.Numbers || side.Features.All(Table.Header(path).ToHashSet(StringComparer.Ordinal).Contains));
    }

    /// <summary>A side's table with its embeddings. Steps before the alignment may ask for the other side's column, so it is there and missing.</summary>
    public IDataView Embed(AlignedSide side, Table table)
    {
        var other = Sides.First(candidate => candidate != side);
        var none = new Table("", other.Kind, [.. other.Features], [], [], []);
        return _model.Transform(MlContext.Data.CombineModalities(null, table.ToView(MlContext, side.Column), none.ToView(MlContext, other.Column)));
    }

    /// <summary>A view with both sides, embedded.</summary>
    public IDataView Transform(IDataView data) => _model.Transform(data);

    public void Dispose() => (_model as IDisposable)?.Dispose();
}

/// <summary>One side of a saved model.</summary>
/// <param name="Column">Its input column.</param>
/// <param name="Embedding">Its embedding column.</param>
/// <param name="Kind">What it reads.</param>
/// <param name="Features">The names of the features, in order; none for sequences and structures.</param>
internal sealed record AlignedSide(string Column, string Embedding, SideKind Kind, IReadOnlyList<string> Features);
