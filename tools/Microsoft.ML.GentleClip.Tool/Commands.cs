using System.Globalization;
using System.Text;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tool;

/// <summary>What the commands do. Results go to the output, what is said meanwhile to the error stream.</summary>
internal sealed class Commands(TextWriter output, TextWriter error, CancellationToken cancellation)
{
    private const string A = "A", B = "B", EmbeddingA = "EmbeddingA", EmbeddingB = "EmbeddingB";
    private const int CropLength = 96; // residues of a structure that a training step sees; scoring sees the whole chain

    /// <summary>Fits an alignment and saves it.</summary>
    public int Fit(FitArguments arguments)
    {
        CheckWritable(arguments.Model, arguments.Overwrite, arguments.FileA, arguments.FileB);
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
        output.WriteLine(mlContext.Transforms.GentleClip(Options(arguments, a, b)).Plan(rows));
        return 0;
    }

    /// <summary>Writes the embeddings of a table.</summary>
    public int Embed(EmbedArguments arguments)
    {
        var (model, file, ids, sideName, to, overwrite) = arguments;
        CheckWritable(to, overwrite, model, file);
        CheckIds(ids, file);
        using var saved = SavedAlignment.Load(Context(null), model);
        var side = saved.SideOf(file, sideName, "--side");
        var table = Remarked(Read(file, ids.First, ids.ByFile, side.Features));
        var embeddings = Embeddings(saved, side, table);
        Replace(to, path =>
        {
            using var writer = new StreamWriter(path, false, new UTF8Encoding(false));
            var slots = Enumerable.Range(0, embeddings[0].Length).Select(i => $"e{i}");
            writer.WriteLine(string.Join(',', slots.Prepend(DelimitedFile.Quote(ids.First ?? "id"))));
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
        var (model, queries, bank, ids, sideName, bankSide, count) = arguments;
        CheckIds(ids, queries, bank);
        using var saved = SavedAlignment.Load(Context(null), model);
        var (sideOfQueries, sideOfBank) = (saved.SideOf(queries, sideName, "--side"), saved.SideOf(bank, bankSide, "--bank-side"));
        Table asked = Remarked(Read(queries, ids.First, ids.ByFile, sideOfQueries.Features)),
            rows = Remarked(Read(bank, ids.Second ?? ids.First, ids.ByFile, sideOfBank.Features));
        var embedded = saved.Embed(sideOfBank, rows);
        Usable(rows, [.. embedded.GetColumn<float[]>(sideOfBank.Embedding)]);
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
    public int Evaluate(string model, string fileA, string fileB, IdNames ids)
    {
        CheckIds(ids, fileA, fileB);
        using var saved = SavedAlignment.Load(Context(null, fileA, fileB), model);
        var (one, other) = saved.SidesOf(fileA, fileB);
        Table a = Read(fileA, ids.First, ids.ByFile, one.Features), b = Read(fileB, ids.Second ?? ids.First, ids.ByFile, other.Features);
        CheckRepeated(a, b);
        var joined = saved.MlContext.Data.JoinModalities(
            a.ToView(saved.MlContext, one.Column), b.ToView(saved.MlContext, other.Column), "Id", cancellationToken: cancellation);
        error.WriteLine(joined.Summary);
        if (joined.Summary.PairCount == 0)
            throw new ToolException($"No id is in both {fileA} and {fileB}: there is nothing to evaluate.");
        output.WriteLine(saved.MlContext.GentleClip().EvaluateRetrieval(
            saved.Transform(joined), one.Embedding, other.Embedding, cancellationToken: cancellation));
        return 0;
    }

    private (MLContext MlContext, Table A, Table B) Open(FitArguments arguments)
    {
        CheckIds(arguments.Ids, arguments.FileA, arguments.FileB);
        var a = Told(A, Read(arguments.FileA, arguments.Ids.First, arguments.Ids.ByFile, arguments.ColumnsA));
        var b = Told(B, Read(arguments.FileB, arguments.Ids.Second ?? arguments.Ids.First, arguments.Ids.ByFile, arguments.ColumnsB));
        CheckRepeated(a, b);
        // Two sides of one table are two sides where their columns are others.
        if (Path.GetFullPath(a.Path) == Path.GetFullPath(b.Path) && (a.Kind != SideKind.Numbers || a.Features.Intersect(b.Features).Any()))
            throw new ToolException($"{a.Path} is given as both sides, and each row would find itself"
                + (a.Kind == SideKind.Numbers ? $" by '{a.Features.Intersect(b.Features).First()}': say which columns are A's and which are B's, with "
                    + "--columns-a and --columns-b." : "; expected two files."));
        return (Context(arguments.Seed, a.Path, b.Path), a, b);
    }

    // An option that changes nothing was meant to change something.
    private static void CheckIds(IdNames ids, string first, string? second = null)
    {
        if (string.IsNullOrWhiteSpace(first) || second is not null && string.IsNullOrWhiteSpace(second))
            throw new ToolException("The name of a file is empty; expected a table, FASTA file or folder of structures.");
        var kinds = new[] { first, second ?? first }.Select(ProteinFiles.KindOf).ToArray();
        string files = second is null ? first : $"{first} and {second}";
        if (ids.Second is not null && kinds[1] != SideKind.Numbers)
            throw new ToolException($"--id-b names a column, but {second} holds {ProteinFiles.Words(kinds[1])}, which are known by their identifiers.");
        if (ids.First is not null && (ids.Second is null ? kinds.All(kind => kind != SideKind.Numbers) : kinds[0] != SideKind.Numbers))
            throw new ToolException(ids.Second is null
                ? $"--id names a column, but {files} {(second is null ? "holds" : "hold")} no table; proteins are known by their identifiers."
                : $"--id names a column, but {first} holds {ProteinFiles.Words(kinds[0])}, which are known by their identifiers; --id-b is the other table's.");
        if (ids.ByFile && kinds.All(kind => kind != SideKind.Structures))
            throw new ToolException($"--file-ids is for protein structures, but {files} {(second is null ? "holds" : "hold")} none.");
    }

    // Each row of the one would be a pair with each of the other, which no one means.
    private static void CheckRepeated(Table a, Table b)
    {
        var (ofA, ofB) = (a.Repeated(), b.Repeated());
        if (ofA.Keys.FirstOrDefault(ofB.ContainsKey) is { } both)
            throw new ToolException($"The id {ofA[both]} of {a.Path} is there more than once in the other file as well: {ofB[both]} of {b.Path}. "
                + "Expected each id once in one of them at least.");
    }

    private Table Remarked(Table table)
    {
        foreach (string remark in table.IdRemarks())
            error.WriteLine($"{remark}.");
        return table;
    }

    private Table Read(string path, string? id, bool byFile, IReadOnlyList<string>? features)
    {
        if (ProteinFiles.KindOf(path) is var kind and not SideKind.Numbers)
            return features is { Count: > 0 }
                ? throw new ToolException($"{path} holds proteins and has no columns to choose from.")
                : ProteinFiles.Read(path, kind, byFile, error.WriteLine);
        return Table.Read(path, id ?? throw new ToolException($"{path} is a table: name its column of ids with --id."), features);
    }

    private Table Told(string side, Table table)
    {
        if (table.IsConstant)
            throw new ToolException($"{table.Path}: every row holds the same numbers ({Table.FirstOf(table.Features, 5)}); nothing can be learnt from it.");
        error.WriteLine($"{side} is {table.Path}: " + table.Kind switch
        {
            SideKind.Sequences => Count(table.Rows.Count, "sequence"),
            SideKind.Structures => Count(table.Rows.Count, "protein chain"),
            _ => $"{Count(table.Rows.Count, "row")}, {Count(table.Features.Length, "feature")}: {Table.FirstOf(table.Features, 5)}",
        });
        if (table.LeftOut.Count > 0)
            error.WriteLine($"  left out, not numbers: {Table.FirstOf(table.LeftOut, 10)}");
        if (table.Indices.Count > 0)
            error.WriteLine($"  left out, numbers of rows: {Table.FirstOf(table.Indices, 10)}; "
                + $"to learn from them, name them with --columns-{side.ToLowerInvariant()}");
        return table;
    }

    // Warnings about a join name the files, not the parameters of a method.
    private MLContext Context(int? seed, string fileA = "viewA", string fileB = "viewB")
    {
        var mlContext = new MLContext(seed);
        mlContext.Log += (_, entry) =>
        {
            if (entry.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                error.WriteLine("warning: "
                    + entry.RawMessage.Replace("viewA", fileA, StringComparison.Ordinal).Replace("viewB", fileB, StringComparison.Ordinal));
        };
        return mlContext;
    }

    private JoinedModalities Join(MLContext mlContext, FitArguments arguments, Table a, Table b, HashSet<string> without)
    {
        // As the file calls it, for the messages, unless a column of the model is called so.
        var id = arguments.Ids.First is null or A or B or EmbeddingA or EmbeddingB ? "Id" : arguments.Ids.First;
        var joined = mlContext.Data.JoinModalities(
            a.ToView(mlContext, A, a.Rows.Where(row => !without.Contains(row.Id)).ToList(), id),
            b.ToView(mlContext, B, b.Rows.Where(row => !without.Contains(row.Id)).ToList(), id), id, cancellationToken: cancellation);
        return joined.Summary.PairCount >= 2 ? joined : throw new ToolException(string.Create(CultureInfo.InvariantCulture,
            $"{a.Path} and {b.Path} have {joined.Summary.PairCount} matched pairs; expected at least 2 ids that are in both, as nothing else says which row ")
            + $"belongs to which. Ids: {Example(a)}; {Example(b)}.");

        static string Example(Table table)
        {
            string[] first = [.. table.Rows.Where(row => row.Id.Length > 0).Take(3).Select(row => $"'{row.Id}'")];
            return $"{(first.Length > 0 ? string.Join(", ", first) : "none")} in {table.Path}";
        }
    }

    private IEstimator<ITransformer> Pipeline(MLContext mlContext, FitArguments arguments, Table a, Table b)
    {
        var alignment = mlContext.Transforms.GentleClip(Options(arguments, a, b));
        return Marking(mlContext, a, b) is { } marking ? marking.Append(alignment) : alignment;
    }

    // Single empty cells get the mean of their column; a row of empty cells has no such side.
    private MissingModalityEstimator? Marking(MLContext mlContext, Table a, Table b)
    {
        var (partlyA, partlyB) = (Partly(a), Partly(b));
        if (partlyA + partlyB == 0)
            return null;
        error.WriteLine($"Empty cells get the mean of their column: {Count(partlyA, "row")} of A, {Count(partlyB, "row")} of B.");
        InputOutputColumnPair[] columns = [.. new[] { (Name: A, Table: a), (Name: B, Table: b) }.Where(side => side.Table.Kind == SideKind.Numbers)
            .Select(side => new InputOutputColumnPair(side.Name))];
        return mlContext.Transforms.MarkMissingModality(columns, MissingSlotReplacement.Mean);

        static int Partly(Table table) => table.Kind != SideKind.Numbers
            ? 0
            : table.Rows.Count(row => row.Values.Any(float.IsNaN) && !row.Values.All(float.IsNaN));
    }

    private GentleClipOptions Options(FitArguments arguments, Table a, Table b)
    {
        var options = new GentleClipOptions
        {
            ModalityA = ModalityOf(a, EmbeddingA, A),
            ModalityB = ModalityOf(b, EmbeddingB, B),
            PairedColumnName = null,
            Seed = arguments.Seed,
            Progress = new ConsoleProgress(output: error),
            CancellationToken = cancellation,
        };
        if (arguments.Steps is { } steps)
            options.MaximumNumberOfSteps = steps;
        // Networks of raw proteins, of a size that two cores train in minutes.
        if (a.Kind != SideKind.Numbers || b.Kind != SideKind.Numbers)
            (options.EmbeddingDimension, options.Batches.Size, options.Optimizer.LearningRate) = (64, 32, 5e-3);
        return options;
    }

    private static Modality ModalityOf(Table table, string output, string input) => table.Kind switch
    {
        SideKind.Sequences => Modality.ProteinSequence(output, input),
        SideKind.Structures => Modality.ProteinStructure(output, input, encoder: new CdConvOptions
        {
            Channels = [32, 64],
            Radii = [8, 12],
            SequentialKernelSize = 5,
            MaximumLength = CropLength,
            CoordinateNoise = 0.1,
        }),
        _ => Modality.Vector(output, input),
    };

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
        if (both.Length > 0 && both.Length - count < 2)
            throw new ToolException(string.Create(CultureInfo.InvariantCulture,
                $"--test {share} leaves {both.Length - count} of {Count(both.Length, "paired id")} to learn from; expected at least 2."));
        return [.. both.Take(count)];
    }

    private static float[][] Embeddings(SavedAlignment saved, AlignedSide side, Table table)
    {
        var embeddings = saved.Embed(side, table).GetColumn<float[]>(side.Embedding).ToArray();
        Usable(table, embeddings);
        return embeddings;
    }

    // Some rows may have no embedding, and are named; where none has one, nothing was done.
    private static void Usable(Table table, float[][] embeddings)
    {
        if (embeddings.All(embedding => float.IsNaN(embedding[0])))
            throw new ToolException($"{table.Path}: each of {Count(table.Rows.Count, "row")} has empty cells, so that none has an embedding.");
    }

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {what}{(count == 1 ? "" : "s")}");

    // Before minutes of work, not after them.
    private static void CheckWritable(string path, bool overwrite, params string[] inputs)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new ToolException("--out is empty; expected the name of a file.");
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full)!;
        if (Directory.Exists(path) || !Directory.Exists(folder))
            throw new ToolException(Directory.Exists(path)
                ? $"'{path}' is a folder; expected the name of a file."
                : $"There is no folder '{folder}' to write '{path}' to.");
        if (inputs.Any(input => input.Length > 0 && Path.GetFullPath(input) == full))
            throw new ToolException($"'{path}' is read by this command and cannot be written as well; name another file with --out.");
        if (File.Exists(path) && !overwrite)
            throw new ToolException($"'{path}' is there already; name another file with --out, or replace it with --overwrite.");
        string trial = $"{path}.{Guid.NewGuid():n}.tmp";
        try
        {
            File.Create(trial).Dispose();
            File.Delete(trial);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"'{path}' cannot be written: {problem.Message}");
        }
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

/// <summary>How rows are known.</summary>
/// <param name="First">The column of ids in the first table; null where no file is a table.</param>
/// <param name="Second">In the second table; null: as in the first.</param>
/// <param name="ByFile">Whether a protein chain is known by its file's name without the chain.</param>
internal sealed record IdNames(string? First, string? Second, bool ByFile);

/// <summary>What <c>embed</c> is asked to do.</summary>
internal sealed record EmbedArguments(string Model, string File, IdNames Ids, string? Side, string Out, bool Overwrite);

/// <summary>What <c>search</c> is asked to do.</summary>
internal sealed record SearchArguments(string Model, string Queries, string Bank, IdNames Ids, string? Side, string? BankSide, int Count);

/// <summary>What <c>fit</c> and <c>plan</c> are asked to do.</summary>
internal sealed record FitArguments(
    string FileA, string FileB, IdNames Ids, IReadOnlyList<string>? ColumnsA, IReadOnlyList<string>? ColumnsB, string Model, bool Overwrite,
    int? Steps, double TestShare, int Seed);
