using System.Globalization;
using System.Text.Json;
using Microsoft.ML.GentleClip;
using Spectre.Console;

namespace ProteinAlignment;

/// <summary>Prints the table and the conclusion, and writes every figure as JSON.</summary>
internal static class Report
{
    private static readonly string[] Figures =
        [.. Scores.Ks.Select(k => $"seq to str R@{k}"), .. Scores.Ks.Select(k => $"str to seq R@{k}"), "accuracy", "macro-accuracy"];

    private static readonly string[] Keys =
        [.. Scores.Ks.Select(k => $"sequenceToStructureRecallAt{k}"), .. Scores.Ks.Select(k => $"structureToSequenceRecallAt{k}"), "accuracy", "macroAccuracy"];

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Prints it.</summary>
    /// <param name="results">All figures.</param>
    /// <param name="compares">Whether the runs are long enough to say which method is better.</param>
    public static void Print(Results results, bool compares)
    {
        var (baselines, seeds) = (results.Baselines, results.Runs.Select(run => run.Seed).Distinct().Count());
        string?[] chance = [.. Shares([.. baselines.ChanceRecall, .. baselines.ChanceRecall, baselines.MajorityAccuracy, baselines.MajorityMacroAccuracy])];
        string?[] raw = [.. new string?[2 * Scores.Ks.Length], .. Shares([baselines.RawAccuracy, baselines.RawMacroAccuracy])];
        Summary[] only = Of(results, Experiment.OnlyPairs), gentle = Of(results, Experiment.GentleClip), differences = Differences(results);

        var table = new Table().Border(TableBorder.Horizontal).AddColumn(Column("per cent"));
        string[] methods = ["chance,\nmajority", "raw seq.\nfeatures"];
        foreach (string method in (string[])[.. methods, .. compares ? (string[])["only pairs", Experiment.GentleClip, "difference"] : [Experiment.GentleClip]])
            table.AddColumn(Column(method).RightAligned());
        for (int figure = 0; figure < Figures.Length; figure++)
            table.AddRow([Figures[figure], chance[figure] ?? "", raw[figure] ?? "", .. compares
                ? (string[])[Percent(only[figure]), Percent(gentle[figure]), Percent(differences[figure], "+0.0;-0.0;0.0")]
                : [Percent(gentle[figure])]]);

        Console.WriteLine($"{results.Test} test chains; trained on {results.Pairs} pairs and {results.Unpaired} unpaired chains of each side.");
        string bySeed = compares ? "; the difference is taken seed by seed" : "";
        Console.WriteLine((seeds == 1 ? "One seed. " : $"Mean and standard deviation of {seeds} seeds{bySeed}. ")
            + (compares ? "'Only pairs' is the contrastive loss on the pairs." : ""));
        AnsiConsole.Write(table);
        Console.WriteLine(compares ? $"{Sentence(results)}\n{Conclusion(results)}"
            : "This shows that all works. A run without --quick compares Gentle-CLIP with a training on only the pairs.");
        if (results.Floor is { } floor)
            PrintFloor(floor, results, compares);
        Console.WriteLine(Invariant($"Whole run: {results.TotalSeconds:f0} s; a fit took {results.Runs.Average(run => run.FitSeconds):f1} s."));
    }

    public static void Write(string file, CommandLine commandLine, Results results)
    {
        var figures = new
        {
            Options = new { commandLine.Seeds, commandLine.Steps, commandLine.Quick, commandLine.Raw },
            Data = new { results.Pairs, UnpairedSequences = results.Unpaired, UnpairedStructures = results.Unpaired, results.Test },
            results.Baselines,
            results.Floor,
            Runs = results.Runs.Select(run => new
            {
                run.Method,
                run.Seed,
                Options = Settings(run.Options),
                Figures = Named(run.Scores.All),
                run.PieceRecall,
                run.FitSeconds,
                run.History,
            }),
            Summary = ((string[])[Experiment.OnlyPairs, Experiment.GentleClip]).ToDictionary(method => method, method => Named(Of(results, method))),
            Difference = Named(Differences(results)),
            Sentence = Sentence(results),
            Conclusion = Conclusion(results),
            results.TotalSeconds,
        };
        File.WriteAllText(file, JsonSerializer.Serialize(figures, Json));
    }

    // What whole chains are found by may be their length; pieces of equal length leave the rest.
    private static void PrintFloor(RawFloor floor, Results results, bool compares)
    {
        string[] methods = compares ? [Experiment.OnlyPairs, Experiment.GentleClip] : [Experiment.GentleClip];
        var table = new Table().Border(TableBorder.Horizontal).AddColumn(Column("recall, per cent"));
        foreach (string method in (string[])["only\nlength", "untrained", .. compares ? ["only pairs"] : Array.Empty<string>(), Experiment.GentleClip])
            table.AddColumn(Column(method).RightAligned());
        for (int figure = 0; figure < 2 * Scores.Ks.Length; figure++)
            table.AddRow([Figures[figure], Share(floor.LengthRecall[figure % Scores.Ks.Length]), Share(floor.UntrainedRecall[figure]),
                .. Recalls(run => run.Scores.All[figure])]);
        table.AddEmptyRow();
        for (int figure = 0; figure < 2 * Scores.Ks.Length; figure++)
            table.AddRow([$"pieces {Figures[figure]}", Share(Math.Min(1, Scores.Ks[figure % Scores.Ks.Length] / (double)floor.Pieces)),
                Share(floor.UntrainedPieceRecall[figure]), .. Recalls(run => run.PieceRecall![figure])]);
        Console.WriteLine(
            $"By the chains' lengths and nothing else, by encoders that nobody trained, and on the {RawFloor.PieceLength} residues in the middle of "
                + $"{floor.Pieces} test chains, where length tells nothing:");
        AnsiConsole.Write(table);

        IEnumerable<string> Recalls(Func<Run, double> figure) => methods.Select(method =>
            Percent(Summary.Of(results.Runs.Where(run => run.Method == method).Select(figure))));
        static string Share(double value) => Invariant($"{100 * value:f1}");
    }

    private static object Settings(GentleClipOptions options) => new
    {
        options.EmbeddingDimension,
        options.Batches.Size,
        options.Batches.PairsPerBatch,
        options.MaximumNumberOfSteps,
        options.Optimizer.LearningRate,
        options.Optimizer.WeightDecay,
        Objectives = options.Objectives.ToString(),
        SddBandwidth = options.Objectives.OfType<SddObjective>().FirstOrDefault()?.Bandwidth,
        options.Temperature,
        options.NumberOfThreads,
    };

    // For one who does not read tables: sequences, structures, and how many are found.
    private static string Sentence(Results results)
    {
        Summary only = Of(results, Experiment.OnlyPairs)[Ten], gentle = Of(results, Experiment.GentleClip)[Ten], difference = Differences(results)[Ten];
        string verdict = difference.Margin is not { } margin ? "one seed does not tell whether the difference is chance"
            : Math.Abs(difference.Mean) <= margin ? "the difference may be chance"
            : difference.Mean > 0 ? "the unpaired chains helped, by more than chance explains" : "the unpaired chains did harm, by more than chance explains";
        return Invariant($"Of 100 new sequences, {100 * gentle.Mean:f0} have their own structure among the first ten of {results.Test} that the search gives, ")
            + Invariant($"{100 * only.Mean:f0} when it learns from only the {results.Pairs} known pairs and ")
            + Invariant($"{100 * results.Baselines.ChanceRecall[Ten]:f0} by guessing: {verdict}.");
    }

    private static int Ten => Array.IndexOf(Scores.Ks, 10);

    // Says what gained what. A difference counts when the 95 % interval of its mean over the seeds leaves out 0.
    private static string Conclusion(Results results)
    {
        Summary[] differences = Differences(results), gentle = Of(results, Experiment.GentleClip);
        int recall = Ten, accuracy = Figures.Length - 2;
        return "Gentle-CLIP against the contrastive loss on only the pairs, in points with the 95 % margin: "
            + $"{Verdict("recall@10 sequence to structure", differences[recall])}; "
            + $"{Verdict("recall@10 structure to sequence", differences[Scores.Ks.Length + recall])}; "
            + $"{Verdict("accuracy", differences[accuracy])}. "
            + Invariant($"Its embedding classifies {100 * (gentle[accuracy].Mean - results.Baselines.RawAccuracy):+0.0;-0.0;0.0} points ")
            + "against raw sequence features.";
    }

    private static string Verdict(string figure, Summary difference) =>
        Invariant($"{figure} {100 * difference.Mean:+0.0;-0.0;0.0}")
        + (difference.Margin is not { } margin ? " (one seed)"
            : Invariant($" ± {100 * margin:f1} ")
                + (Math.Abs(difference.Mean) <= margin ? "(no clear difference)" : difference.Mean > 0 ? "(a gain)" : "(a loss)"));

    private static Summary[] Of(Results results, string method) =>
        [.. Keys.Select((_, figure) => Summary.Of(results.Runs.Where(run => run.Method == method).Select(run => run.Scores.All[figure])))];

    // Paired by seed: both methods saw the same pairs.
    private static Summary[] Differences(Results results) =>
        [.. Keys.Select((_, figure) => Summary.Of(results.Runs.GroupBy(run => run.Seed).Select(seed =>
            seed.Single(run => run.Method == Experiment.GentleClip).Scores.All[figure] - seed.Single(
                run => run.Method == Experiment.OnlyPairs).Scores.All[figure])))];

    private static Dictionary<string, T> Named<T>(IEnumerable<T> values) =>
        Keys.Zip(values).ToDictionary(entry => entry.First, entry => entry.Second);

    // Narrow enough for a console of 80 characters.
    private static TableColumn Column(string header) => new TableColumn(header).NoWrap().PadLeft(0).PadRight(1);

    private static IEnumerable<string> Shares(IEnumerable<double> shares) => shares.Select(share => Invariant($"{100 * share:f1}"));

    private static string Percent(Summary summary, string format = "0.0")
    {
        string mean = (100 * summary.Mean).ToString(format, CultureInfo.InvariantCulture);
        return summary.StandardDeviation is { } deviation ? mean + Invariant($" ± {100 * deviation:f1}") : mean;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
