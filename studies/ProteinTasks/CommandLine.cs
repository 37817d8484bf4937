using System.CommandLine;
using System.Globalization;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Programs;
using ProteinTasks.FineTuning;
using ProteinTasks.Pretraining;

namespace ProteinTasks;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine
{
    public required string DataFolder { get; init; }

    public required string JsonFile { get; init; }

    public required string? CacheFolder { get; init; }

    public required int FirstSeed { get; init; }

    /// <summary>How many.</summary>
    public required int Seeds { get; init; }

    public required int? Steps { get; init; }

    public required int? Pairs { get; init; }

    public required int? Crop { get; init; }

    public required int? DomainsOfFold { get; init; }

    public required bool Large { get; init; }

    public required string Device { get; init; }

    public required IReadOnlyList<Method> Methods { get; init; }

    public required IReadOnlyList<string> LabelFiles { get; init; }

    public required bool Tiny { get; init; }

    /// <summary>Whether folds are fine-tuned, in the place of what the study does else.</summary>
    public required bool FineTune { get; init; }

    /// <summary>Whether settings of fine-tuning are compared instead.</summary>
    public required bool Grid { get; init; }

    /// <summary>What they are compared on: the structure, or null for both sides.</summary>
    public required Side? GridSide { get; init; }

    /// <summary>Whether only the beginnings of the head are compared.</summary>
    public required bool Heads { get; init; }

    /// <summary>Whether forms of the sequence's encoder are compared instead.</summary>
    public required bool Windows { get; init; }

    /// <summary>Whether that is on rows that no table reads.</summary>
    public required bool Choose { get; init; }

    /// <exception cref="ArgumentException">An option is unknown or missing, or its value is missing or wrong.</exception>
    public static CommandLine Parse(params string[] arguments) => ConsoleProgram.Parse<CommandLine>(arguments, Create);

    /// <summary>The options around what is done with them.</summary>
    public static RootCommand Create(Func<CommandLine, int> run)
    {
        var data = CommandOption.Text(
            "--data", "DIR", "Folder of chains.tsv.gz, cath42.tsv.gz, scope_split.tsv.gz, scope_domains.tsv.gz and ec_deepfri.tsv.gz.");
        var json = CommandOption.Text("--json", "FILE", "Every figure, rewritten after every stage; the picture goes beside it.");
        data.Required = json.Required = true;
        var cache = CommandOption.Text(
            "--cache", "DIR", "Models, embeddings and figures that are done; a second start goes on from there. Without it, the folder cache beside FILE.");
        var seeds = CommandOption.Of<(int From, int To)?>("--seeds", "N", "Seeds 1 to N, or A-B, seeds A to B. Without it, 3.", Range);
        var steps = CommandOption.OptionalNumber("--steps", "N", "Optimizer steps of every preset. Without it, 200.");
        var pairs = CommandOption.OptionalNumber("--pairs", "N", "Pairs in a batch. Without it, 32.");
        var crop = CommandOption.OptionalNumber("--crop", "N", "Longest crop in training, in residues. Without it, 128.");
        var domains = CommandOption.OptionalNumber(
            "--domains", "N", "Training domains of a fold that the fold tasks take at most; fewer are embedded faster. Without it, 10.");
        var large = CommandOption.Flag("--large", "Larger encoders, batches and crops and more steps, for a GPU.");
        var device = CommandOption.Of("--device", "NAME", "cpu, cuda or cuda:1, where encoders train and embed. Without it, cpu.", DeviceOf);
        var methods = CommandOption.List("--methods", "LIST", "Names separated by commas, see the README. Without it, all but the ablation's.", Method.Named);
        var labels = new Option<string[]>("--labels")
        {
            HelpName = "FILE",
            Description = "A further label file in the shape of ec_deepfri.tsv.gz, such as GO terms; may be given several times.",
        };
        var tiny = CommandOption.Flag("--tiny", "Small encoders, few steps and a small part of the rows: shows that all works, not how well.");
        var fineTune = CommandOption.Flag(
            "--fine-tune", "The paper's protocol instead: from scratch and three presets, frozen and fine-tuned, the structure and both sides.");
        var grid = CommandOption.Of<(bool, Side?)?>(
            "--grid", "SIDE", "Compares settings of fine-tuning on the validation domains instead, for structure or both sides.", GridOf);
        var heads = CommandOption.Flag(
            "--heads", "Of fine-tuning only what compares the beginnings of the head, prior and solved; with --grid settings of the solved one.");
        var windows = CommandOption.Flag(
            "--windows", "Compares forms of the windows encoder instead: layers with the statistics beside them, only layers, only the statistics.");
        var choose = CommandOption.Flag("--choose", "With --windows or --grid: on more domains and chains that no table reads.");
        var command = new RootCommand(
            "Pretrains sequence and structure encoders on CATH chains, half of them unpaired, and measures fold, enzyme and retrieval tasks.")
        {
            data, json, cache, seeds, steps, pairs, crop, domains, large, device, methods, labels, tiny, fineTune, grid, heads, windows, choose,
        };
        command.Excludes(tiny, large);
        command.Validators.Add(result =>
        {
            bool isGrid = result.GetResult(grid) is { Implicit: false }, isTuning = isGrid || result.GetValue(fineTune);
            if (isTuning && result.GetResult(domains) is { Implicit: false })
                result.AddError("--domains is not for --fine-tune or --grid, which take 25 training domains of a fold.");
            string[] taken = isGrid ? TuningGrid.Presets : FineTuneStage.Presets;
            // As written: values are read later, and names that no method has are complained of there.
            string[] named = isTuning && result.GetResult(methods) is { Implicit: false, Tokens: [.., var list] }
                ? list.Value.Split(',', StringSplitOptions.TrimEntries) : [];
            if (Array.Find(named, name => Method.All.Any(method => method.Name == name) && !taken.Contains(name)) is { } other)
                result.AddError($"{(isGrid ? "--grid" : "--fine-tune")} has no method '{other}'; expected some of {string.Join(", ", taken)}.");
        });
        command.SetAction(result =>
        {
            var (first, last) = result.GetValue(seeds) ?? (1, 3);
            if (result.GetValue(choose) && !result.GetValue(windows) && result.GetValue(grid) is null)
                throw new ArgumentException("--choose says on which rows --windows and --grid compare; give one of them as well.");
            return run(new CommandLine
            {
                DataFolder = result.GetRequiredValue(data)!,
                JsonFile = result.GetRequiredValue(json)!,
                CacheFolder = result.GetValue(cache),
                FirstSeed = first,
                Seeds = last - first + 1,
                Steps = result.GetValue(steps),
                Pairs = result.GetValue(pairs),
                Crop = result.GetValue(crop),
                DomainsOfFold = result.GetValue(domains),
                Large = result.GetValue(large),
                Device = result.GetValue(device) ?? "cpu",
                Methods = result.GetValue(methods) ?? [.. Method.All.Where(method => !method.IsAblation)],
                LabelFiles = result.GetValue(labels) ?? [],
                Tiny = result.GetValue(tiny),
                FineTune = result.GetValue(fineTune) || result.GetValue(heads) || result.GetValue(grid) is not null || result.GetValue(windows),
                Grid = result.GetValue(grid) is not null,
                Heads = result.GetValue(heads),
                GridSide = result.GetValue(grid)?.Item2,
                Windows = result.GetValue(windows),
                Choose = result.GetValue(choose),
            });
        });
        return command;
    }

    private static string DeviceOf(string text) =>
        text is "cpu" or "cuda" || (text.StartsWith("cuda:", StringComparison.Ordinal) && Number(text[5..]) is not null)
            ? text
            : throw new ArgumentException($"--device is '{text}', expected cpu, cuda or cuda:N.");

    private static (bool, Side?)? GridOf(string text) => text switch
    {
        "structure" => (true, Side.B),
        "both" => (true, null),
        _ => throw new ArgumentException($"--grid is '{text}', expected structure or both."),
    };

    private static (int From, int To)? Range(string text)
    {
        string[] ends = text.Split('-');
        return ends.Length <= 2 && Number(ends[^1]) is { } to and < int.MaxValue && Number(ends.Length == 2 ? ends[0] : "1") is { } from and > 0 && from <= to
            ? (from, to)
            : throw new ArgumentException($"--seeds is '{text}', expected N or A-B, whole numbers above 0.");
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
