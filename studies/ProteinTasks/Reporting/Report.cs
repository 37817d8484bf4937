using System.Globalization;
using System.Text;
using System.Text.Json;
using ProteinTasks.Data;
using ProteinTasks.Pretraining;
using ProteinTasks.Running;
using ProteinTasks.Tasks;

namespace ProteinTasks.Reporting;

/// <summary>Mean and sample standard deviation over seeds; the latter null for a single one.</summary>
internal sealed record Summary(double Mean, double? StandardDeviation, int Seeds)
{
    public static Summary Of(double[] values)
    {
        double mean = values.Average();
        return new Summary(mean, values.Length < 2 ? null
            : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)), values.Length);
    }

    /// <summary>In per cent.</summary>
    public override string ToString() => StandardDeviation is { } deviation
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * Mean:f1} ± {100 * deviation:f1}")
        : string.Create(CultureInfo.InvariantCulture, $"{100 * Mean:f1}");
}

/// <summary>The JSON file, rewritten after every run, and the tables beside it.</summary>
internal sealed class Report(string jsonFile, CommandLine commandLine, ProteinData data, Settings settings, int planned)
{
    // Below this gap a share of it says nothing; where the ceiling is not above the floor there is none.
    private const double SmallestGap = 0.01;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly List<Run> _runs = [];

    /// <summary>Refuses to write over what is no such report: hours of fine-tuning, or anything else.</summary>
    /// <exception cref="InvalidDataException">The file is there and holds something else.</exception>
    public static void CheckReplaceable(string jsonFile)
    {
        if (!File.Exists(jsonFile))
            return;
        try
        {
            using var found = JsonDocument.Parse(File.ReadAllText(jsonFile));
            if (found.RootElement.ValueKind == JsonValueKind.Object && found.RootElement.TryGetProperty("runsPlanned", out _))
                return;
        }
        catch (JsonException)
        {
            // said below
        }
        throw new InvalidDataException($"{jsonFile} is there and no report of this study, which would replace it; name another file with --json.");
    }

    /// <summary>What there is, in words.</summary>
    public string Data => string.Create(CultureInfo.InvariantCulture,
        $"{data.Pretraining.Length} chains to pretrain on; {Count("train")} training and "
            + $"{string.Join(", ", ScopeDomain.Tests.Select(test => $"{Count(test)} {test}"))} domains of "
                + $"{data.Domains.Select(domain => domain.Fold).Distinct().Count()} folds ({data.DroppedDomains} test domains on chains of the pretraining "
                    + $"set dropped); ")
        + string.Join("; ",
            data.LabelFiles.Select(
                file => string.Create(CultureInfo.InvariantCulture,
                    $"{file.Name}: {file.Chains.Count(chain => chain.Split == "train")} training and {file.Chains.Count(chain => chain.Split == "test")} "
                        + $"test chains, {LabelTask.LabelsOf(file, settings.MinimumPositives).Length} labels with {settings.MinimumPositives} training "
                            + $"chains or more, {file.UnknownChains} unknown chains")))
        + string.Create(CultureInfo.InvariantCulture,
            $" ({data.DroppedLabelledChains} labelled test chains of the pretraining set dropped); {data.HeldOut.Length} held-out chains for retrieval.");

    public void Add(Run run, TimeSpan elapsed)
    {
        _runs.Add(run);
        var report = new
        {
            Options = new
            {
                commandLine.FirstSeed,
                commandLine.Seeds,
                commandLine.Tiny,
                Methods = commandLine.Methods.Select(method => method.Name),
                commandLine.LabelFiles,
                Settings = settings.Describe(),
            },
            Data,
            RunsDone = _runs.Count,
            RunsPlanned = planned,
            Majority = FoldTask.Majority(data.Domains),
            Runs = _runs,
            Summary = Methods().ToDictionary(method => method.Name,
                method => Figures().Where(figure => Of(method.Name, figure) is not null).ToDictionary(figure => figure, figure => Of(method.Name, figure))),
            GapRecovered = Methods().ToDictionary(method => method.Name,
                method => Figures().Where(figure => Gap(method.Name, figure) is not null).ToDictionary(figure => figure, figure => Gap(method.Name, figure))),
            TotalSeconds = elapsed.TotalSeconds,
        };
        StageCache.Write(jsonFile, stream => JsonSerializer.Serialize(stream, report, Json));
    }

    /// <summary>Writes the tables beside the JSON file and returns them.</summary>
    public string WriteMarkdown()
    {
        var text = new StringBuilder();
        string[] tasks = [.. ScopeDomain.Tests, .. data.LabelFiles.Select(Measurement.FigureOf)];
        string[] recalls = [.. from direction in (string[])[Measurement.SequenceToStructure, Measurement.StructureToSequence] from k in Measurement.Ks
            select Measurement.Recall(direction, k)];
        string[] neighbours = [.. from prefix in (string[])["1-NN ", "1-NN sequence ", "1-NN structure "] from test in ScopeDomain.Tests select prefix + test];
        Table("Tasks, classifiers on both embeddings (per cent)", tasks, (method, figure) => Of(method, figure)?.ToString());
        Table("Retrieval (per cent)", recalls, (method, figure) => Of(method, figure)?.ToString());
        Table("Nearest training domain (per cent)", neighbours, (method, figure) => Of(method, figure)?.ToString());
        Table("Gap recovered (per cent)", [.. tasks, .. recalls],
            (method, figure) => Gap(method, figure) is { } share ? string.Create(CultureInfo.InvariantCulture, $"{100 * share:f0}") : null);
        text.AppendLine("| seconds | pretraining | embedding | tasks |").AppendLine("|---|---|---|---|");
        foreach (var method in Methods())
        {
            Run[] runs = [.. _runs.Where(run => run.Method == method.Name)];
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {method.Title} | {runs.Average(run => run.PretrainingSeconds):f0} | {runs.Average(run => run.EmbeddingSeconds):f0} | "
                    + $"{runs.Average(run => run.TaskSeconds):f0} |");
        }

        string tables = text.ToString();
        StageCache.Write(Path.ChangeExtension(jsonFile, ".md"), stream => stream.Write(Encoding.UTF8.GetBytes(tables)));
        return tables;

        void Table(string title, string[] figures, Func<string, string, string?> cell)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {title} | {string.Join(" | ", figures)} |")
                .AppendLine("|" + string.Concat(Enumerable.Repeat("---|", figures.Length + 1)));
            foreach (var method in Methods())
                if (figures.Any(figure => cell(method.Name, figure) is not null))
                    text.AppendLine(CultureInfo.InvariantCulture,
                        $"| {method.Title} | {string.Join(" | ", figures.Select(figure => cell(method.Name, figure) ?? "–"))} |");
            text.AppendLine();
        }
    }

    private int Count(string split) => data.Domains.Count(domain => domain.Split == split);

    private IEnumerable<Method> Methods() => Method.All.Where(method => _runs.Any(run => run.Method == method.Name));

    private IEnumerable<string> Figures() => _runs.SelectMany(run => run.Figures.Keys).Distinct();

    private Summary? Of(string method, string figure)
    {
        double[] values = [.. _runs.Where(run => run.Method == method && run.Figures.ContainsKey(figure)).Select(run => run.Figures[figure])];
        return values.Length > 0 ? Summary.Of(values) : null;
    }

    // Over the seeds that the method and both ends of the gap have.
    private double? Gap(string method, string figure)
    {
        var seeds =
            _runs.GroupBy(run => run.Seed).Select(seed => (Low: Value(seed, Method.ClipHalf), Own: Value(seed, method), High: Value(seed, Method.ClipAll)))
            .Where(seed => seed is { Low: not null, Own: not null, High: not null }).ToArray();
        if (method is Method.ClipHalf or Method.ClipAll || seeds.Length == 0)
            return null;
        double gap = seeds.Average(seed => seed.High!.Value - seed.Low!.Value);
        return gap < SmallestGap ? null : seeds.Average(seed => seed.Own!.Value - seed.Low!.Value) / gap;

        double? Value(IEnumerable<Run> runs, string name) =>
            runs.FirstOrDefault(run => run.Method == name)?.Figures.TryGetValue(figure, out double value) == true ? value : null;
    }
}
