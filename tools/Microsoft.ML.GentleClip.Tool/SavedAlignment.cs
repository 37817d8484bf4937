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
            VBuffer<ReadOnlyMemory<char>> names = default;
            if (schema?.GetColumnOrNull(modality.InputColumnName) is not { } column || !column.HasSlotNames())
                throw new ToolException($"'{path}' does not say which features its column '{modality.InputColumnName}' holds; expected a model that "
                    + "'gentleclip fit' saved.");
            column.GetSlotNames(ref names);
            return new AlignedSide(modality.InputColumnName, modality.OutputColumnName, [.. names.DenseValues().Select(name => name.ToString())]);
        }
    }

    /// <summary>The side whose features a file has.</summary>
    /// <exception cref="ToolException">Neither, or both.</exception>
    public AlignedSide SideOf(string path)
    {
        var header = Table.Header(path).ToHashSet(StringComparer.Ordinal);
        var fitting = Sides.Where(side => side.Features.All(header.Contains)).ToArray();
        if (fitting.Length == 1)
            return fitting[0];
        throw new ToolException(fitting.Length == 2
            ? $"{path} has the columns of both sides of '{_path}'; expected those of one."
            : $"{path} has the columns of neither side of '{_path}'. "
                + string.Join(" ", Sides.Select(side => Lacking(side.Column, [.. side.Features.Where(name => !header.Contains(name))]))));

        static string Lacking(string column, string[] names) => $"Side {column} lacks {string.Join(", ", names.Take(5))}{(names.Length > 5 ? ", ..." : "")}.";
    }

    /// <summary>A side's table with its embeddings. Steps before the alignment may ask for the other side's column, so it is there and missing.</summary>
    public IDataView Embed(AlignedSide side, Table table)
    {
        var other = Sides.First(candidate => candidate != side);
        var none = new Table("", [.. other.Features], [], []);
        return _model.Transform(MlContext.Data.CombineModalities(null, table.ToView(MlContext, side.Column), none.ToView(MlContext, other.Column)));
    }

    /// <summary>A view with both sides, embedded.</summary>
    public IDataView Transform(IDataView data) => _model.Transform(data);

    public void Dispose() => (_model as IDisposable)?.Dispose();
}

/// <summary>One side of a saved model.</summary>
/// <param name="Column">Its input column.</param>
/// <param name="Embedding">Its embedding column.</param>
/// <param name="Features">The names of the features, in order.</param>
internal sealed record AlignedSide(string Column, string Embedding, IReadOnlyList<string> Features);
