using System.Globalization;
using System.Text;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>What the commands do. Results go to the output, what is said meanwhile to the error stream.</summary>
internal sealed class Commands(TextWriter output, TextWriter error, CancellationToken cancellation)
{
    private const string A = "A", B = "B", EmbeddingA = "EmbeddingA", EmbeddingB = "EmbeddingB";

    /// <summary>Fits an alignment and saves it.</summary>
    public int Fit(FitArguments arguments)
    {
        CheckWritable(arguments.Model);
        var (mlContext, a, b) = Open(arguments);
        // Pairs for a test are kept from the fit altogether.
        var held = Held(a, b, arguments.TestShare, arguments.Seed);
        var joined = Join(mlContext, arguments, a, b, held);
        error.WriteLine(joined.Summary);
        var pipeline = Pipeline(mlContext, arguments, a, b);
        var model = pipeline.Fit(joined);
        try
        {
            Replace(arguments.Model, file => mlContext.Model.Save(model, joined.Schema, file));
            output.WriteLine($"Saved {arguments.Model}.");
            if (held.Count > 0)
            {
                var test = mlContext.Data.JoinModalities(
                    a.ToView(mlContext, A, a.Rows.Where(row => held.Contains(row.Id)).ToList()),
                    b.ToView(mlContext, B, b.Rows.Where(row => held.Contains(row.Id)).ToList()), "Id");
                output.WriteLine($"On {test.Summary.PairCount} pairs that the fit did not see:");
                output.WriteLine(mlContext.GentleClip().EvaluateRetrieval(model.Transform(test), EmbeddingA, EmbeddingB, cancellationToken: cancellation));
            }
            return 0;
        }
        finally
        {
            (model as IDisposable)?.Dispose();
        }
    }

    /// <summary>Says what a fit would do.</summary>
    public int Plan(FitArguments arguments)
    {
        var (mlContext, a, b) = Open(arguments);
        var joined = Join(mlContext, arguments, a, b, Held(a, b, arguments.TestShare, arguments.Seed));
        output.WriteLine(joined.Summary);
        IDataView rows = Marking(mlContext, a, b) is { } marking ? marking.Fit(joined).Transform(joined) : joined;
        output.WriteLine(mlContext.Transforms.GentleClip(Options(arguments)).Plan(rows));
        return 0;
    }

    /// <summary>Writes the embeddings of a table.</summary>
    public int Embed(string model, string file, string id, string? sideName, string to)
    {
        CheckWritable(to);
        using var saved = SavedAlignment.Load(Context(null), model);
        var side = saved.SideOf(file, sideName, "--side");
        var table = Table.Read(file, id, side.Features);
        var embeddings = Embeddings(saved, side, table);
        Replace(to, path =>
        {
            using var writer = new StreamWriter(path, false, new UTF8Encoding(false));
            writer.WriteLine(string.Join(',', new[] { DelimitedFile.Quote(id) }.Concat(Enumerable.Range(0, embeddings[0].Length).Select(i => $"e{i}"))));
            foreach (var (row, embedding) in table.Rows.Zip(embeddings))
                writer.WriteLine($"{DelimitedFile.Quote(row.Id)},{string.Join(',', embedding.Select(DelimitedFile.Number))}");
        });
        var missing = embeddings.Count(embedding => float.IsNaN(embedding[0]));
        output.WriteLine($"Wrote {Count(embeddings.Length, "embedding")} of side {side.Column} to {to}."
            + (missing > 0 ? $" For {Count(missing, "row")} with empty cells, NaN." : ""));
        return 0;
    }

    /// <summary>Finds the nearest rows of a bank for each query.</summary>
    public int Search(SearchArguments arguments)
    {
        var (model, queries, bank, id, idBank, sideName, bankSide, count) = arguments;
        using var saved = SavedAlignment.Load(Context(null), model);
        var (sideOfQueries, sideOfBank) = (saved.SideOf(queries, sideName, "--side"), saved.SideOf(bank, bankSide, "--bank-side"));
        Table asked = Table.Read(queries, id, sideOfQueries.Features), rows = Table.Read(bank, idBank ?? id, sideOfBank.Features);
        var embedded = saved.Embed(sideOfBank, rows);
        foreach (var (row, embedding) in rows.Rows.Zip(embedded.GetColumn<float[]>(sideOfBank.Embedding)))
            if (float.IsNaN(embedding[0]))
                error.WriteLine($"{bank}: the row '{row.Id}' has empty cells and is not found.");
        var index = saved.MlContext.GentleClip().CreateEmbeddingIndex(embedded, sideOfBank.Embedding, cancellation);
        output.WriteLine("query,rank,match,cosine");
        foreach (var (row, embedding) in asked.Rows.Zip(Embeddings(saved, sideOfQueries, asked)))
        {
            cancellation.ThrowIfCancellationRequested();
            if (float.IsNaN(embedding[0]))
            {
                error.WriteLine($"{queries}: the row '{row.Id}' has empty cells and is left out.");
                continue;
            }
            foreach (var (rank, match) in index.Search(embedding, count).Index())
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{DelimitedFile.Quote(row.Id)},{rank + 1},{DelimitedFile.Quote(rows.Rows[(int)match.Row].Id)},{match.Score:0.0000}"));
        }
        return 0;
    }

    /// <summary>Measures how often pairs find each other.</summary>
    public int Evaluate(string model, string fileA, string fileB, string id, string? idB)
    {
        using var saved = SavedAlignment.Load(Context(null), model);
        var (one, other) = saved.SidesOf(fileA, fileB);
        Table a = Table.Read(fileA, id, one.Features), b = Table.Read(fileB, idB ?? id, other.Features);
        var joined = saved.MlContext.Data.JoinModalities(
            a.ToView(saved.MlContext, one.Column), b.ToView(saved.MlContext, other.Column), "Id", cancellationToken: cancellation);
        error.WriteLine(joined.Summary);
        if (joined.Summary.PairCount == 0)
            throw new ToolException($"No id is in both {fileA} and {fileB}: there is nothing to evaluate.");
        output.WriteLine(saved.MlContext.GentleClip().EvaluateRetrieval(
            saved.Transform(joined), one.Embedding, other.Embedding, cancellationToken: cancellation));
        return 0;
    }

    private (MLContext MlContext, Table A, Table B) Open(FitArguments arguments) => (Context(arguments.Seed),
        Told(A, Table.Read(arguments.FileA, arguments.Id, arguments.ColumnsA)),
        Told(B, Table.Read(arguments.FileB, arguments.IdB ?? arguments.Id, arguments.ColumnsB)));

    private Table Told(string side, Table table)
    {
        var features = $"{Count(table.Features.Length, "feature")}: {Table.FirstOf(table.Features, 5)}";
        error.WriteLine($"{side} is {table.Path}: {Count(table.Rows.Count, "row")}, {features}");
        if (table.LeftOut.Count > 0)
            error.WriteLine($"  left out, not numbers: {Table.FirstOf(table.LeftOut, 10)}");
        return table;
    }

    private MLContext Context(int? seed)
    {
        var mlContext = new MLContext(seed);
        mlContext.Log += (_, entry) =>
        {
            if (entry.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                error.WriteLine($"warning: {entry.RawMessage}");
        };
        return mlContext;
    }

    private JoinedModalities Join(MLContext mlContext, FitArguments arguments, Table a, Table b, HashSet<string> without)
    {
        // As the file calls it, for the messages, unless a column of the model is called so.
        var id = arguments.Id is A or B or EmbeddingA or EmbeddingB ? "Id" : arguments.Id;
        return mlContext.Data.JoinModalities(
            a.ToView(mlContext, A, a.Rows.Where(row => !without.Contains(row.Id)).ToList(), id),
            b.ToView(mlContext, B, b.Rows.Where(row => !without.Contains(row.Id)).ToList(), id), id, cancellationToken: cancellation);
    }

    private IEstimator<ITransformer> Pipeline(MLContext mlContext, FitArguments arguments, Table a, Table b)
    {
        var alignment = mlContext.Transforms.GentleClip(Options(arguments));
        return Marking(mlContext, a, b) is { } marking ? marking.Append(alignment) : alignment;
    }

    // Single empty cells get the mean of their column; a row of empty cells has no such side.
    private MissingModalityEstimator? Marking(MLContext mlContext, Table a, Table b)
    {
        var (partlyA, partlyB) = (Partly(a), Partly(b));
        if (partlyA + partlyB == 0)
            return null;
        error.WriteLine($"Empty cells get the mean of their column: {Count(partlyA, "row")} of A, {Count(partlyB, "row")} of B.");
        return mlContext.Transforms.MarkMissingModality([new(A), new(B)], MissingSlotReplacement.Mean);

        static int Partly(Table table) => table.Rows.Count(row => row.Values.Any(float.IsNaN) && !row.Values.All(float.IsNaN));
    }

    private GentleClipOptions Options(FitArguments arguments)
    {
        var options = new GentleClipOptions
        {
            ModalityA = Modality.Vector(EmbeddingA, A),
            ModalityB = Modality.Vector(EmbeddingB, B),
            PairedColumnName = null,
            Seed = arguments.Seed,
            Progress = new ConsoleProgress(output: error),
            CancellationToken = cancellation,
        };
        if (arguments.Steps is { } steps)
            options.MaximumNumberOfSteps = steps;
        return options;
    }

    private static HashSet<string> Held(Table a, Table b, double share, int seed)
    {
        if (share == 0)
            return [];
        var both = a.Rows.Select(row => row.Id).Where(id => id.Length > 0).Intersect(b.Rows.Select(row => row.Id)).Order(StringComparer.Ordinal).ToArray();
        var random = new Random(seed);
        random.Shuffle(both);
        var count = (int)Math.Round(share * both.Length);
        if (both.Length > 0 && count < 2)
            throw new ToolException(string.Create(CultureInfo.InvariantCulture,
                $"--test {share} keeps {count} of {Count(both.Length, "paired id")} for the test; expected at least 2."));
        return [.. both.Take(count)];
    }

    private static float[][] Embeddings(SavedAlignment saved, AlignedSide side, Table table)
    {
        var embeddings = saved.Embed(side, table).GetColumn<float[]>(side.Embedding).ToArray();
        return embeddings.Length > 0 ? embeddings : throw new ToolException($"{table.Path} has no rows.");
    }

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {what}{(count == 1 ? "" : "s")}");

    // Before minutes of work, not after them.
    private static void CheckWritable(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (Directory.Exists(path) || !Directory.Exists(folder))
            throw new ToolException(Directory.Exists(path)
                ? $"'{path}' is a folder; expected the name of a file."
                : $"There is no folder '{folder}' to write '{path}' to.");
    }

    // Beside the file, then renamed: what is cut short leaves no half file behind.
    private static void Replace(string path, Action<string> write)
    {
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            write(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}

/// <summary>What <c>search</c> is asked to do.</summary>
internal sealed record SearchArguments(string Model, string Queries, string Bank, string Id, string? IdBank, string? Side, string? BankSide, int Count);

/// <summary>What <c>fit</c> and <c>plan</c> are asked to do.</summary>
internal sealed record FitArguments(
    string FileA, string FileB, string Id, string? IdB, IReadOnlyList<string>? ColumnsA, IReadOnlyList<string>? ColumnsB, string Model, int? Steps,
    double TestShare, int Seed);
