using System.Globalization;
using ProteinTasks.Pretraining;

namespace ProteinTasks;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        Pretrains sequence and structure encoders on CATH chains, half of them unpaired, and measures fold, enzyme and retrieval tasks.

        Usage: ProteinTasks --data DIR --json FILE [options]
          --data DIR      folder of chains.tsv.gz, cath42.tsv.gz, scope_split.tsv.gz, scope_domains.tsv.gz and ec_deepfri.tsv.gz
          --json FILE     every figure, rewritten after every stage; the picture goes beside it
          --cache DIR     models, embeddings and figures that are done (default: cache beside FILE); a second start goes on from there
          --seeds N       seeds 1 to N (default 3), or A-B, seeds A to B
          --steps N       optimiser steps of every preset (default 300)
          --pairs N       pairs in a batch (default 32)
          --crop N        longest crop in training, in residues (default 128)
          --domains N     training domains of a fold that the fold tasks take at most (default 10); fewer are embedded faster
          --large         larger encoders, batches and crops and more steps, for a GPU
          --device NAME   cpu, cuda or cuda:1, where encoders train and embed (default cpu)
          --methods LIST  comma list (default: all but the ablation's); see the README
          --labels FILE   a further label file in the shape of ec_deepfri.tsv.gz, such as GO terms; may be given several times
          --tiny          small encoders, few steps and a small part of the rows: shows that all works, not how well
          --help          this text
        """;

    public string DataFolder { get; private init; } = "";

    public string JsonFile { get; private init; } = "";

    public string? CacheFolder { get; private init; }

    public int FirstSeed { get; private init; } = 1;

    /// <summary>How many.</summary>
    public int Seeds { get; private init; } = 3;

    public int? Steps { get; private init; }

    public int? Pairs { get; private init; }

    public int? Crop { get; private init; }

    public int? DomainsOfFold { get; private init; }

    public bool Large { get; private init; }

    public string Device { get; private init; } = "cpu";

    public IReadOnlyList<Method> Methods { get; private init; } = [.. Method.All.Where(method => !method.IsAblation)];

    public IReadOnlyList<string> LabelFiles { get; private init; } = [];

    public bool Tiny { get; private init; }

    public bool Help { get; private init; }

    /// <exception cref="ArgumentException">An option is unknown or missing, or its value is missing or wrong.</exception>
    public static CommandLine Parse(string[] arguments)
    {
        var result = new CommandLine();
        for (int i = 0; i < arguments.Length; i++)
        {
            string option = arguments[i];
            result = option switch
            {
                "--data" => result with { DataFolder = Value() },
                "--json" => result with { JsonFile = Value() },
                "--cache" => result with { CacheFolder = Value() },
                "--seeds" => Value() is var seeds && Range(seeds) is var (from, to) ? result with { FirstSeed = from, Seeds = to - from + 1 } : throw new ArgumentException($"--seeds is '{seeds}', expected N or A-B, whole numbers above 0."),
                "--steps" => result with { Steps = Positive() },
                "--pairs" => result with { Pairs = Positive() },
                "--crop" => result with { Crop = Positive() },
                "--domains" => result with { DomainsOfFold = Positive() },
                "--large" => result with { Large = true },
                "--device" => result with { Device = DeviceOf(Value()) },
                "--methods" => result with { Methods = [.. Value().Split(',').Select(Method.Named)] },
                "--labels" => result with { LabelFiles = [.. result.LabelFiles, Value()] },
                "--tiny" => result with { Tiny = true },
                "--help" or "-h" => result with { Help = true },
                _ => throw new ArgumentException($"Unknown option '{option}'."),
            };

            string Value() => ++i < arguments.Length && !arguments[i].StartsWith("--", StringComparison.Ordinal)
                ? arguments[i]
                : throw new ArgumentException($"{option} needs a value.");

            static string DeviceOf(string text) => text is "cpu" or "cuda" || (text.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(text[5..], NumberStyles.None, CultureInfo.InvariantCulture, out _))
                ? text
                : throw new ArgumentException($"--device is '{text}', expected cpu, cuda or cuda:N.");

            static (int From, int To)? Range(string text)
            {
                string[] ends = text.Split('-');
                return ends.Length <= 2 && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int to)
                    && int.TryParse(ends.Length == 2 ? ends[0] : "1", NumberStyles.None, CultureInfo.InvariantCulture, out int from) && from > 0 && from <= to ? (from, to) : null;
            }

            int Positive() => Value() is var text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
                ? number
                : throw new ArgumentException($"{option} needs a whole number above 0, found '{text}'.");
        }

        return result.Help || (result.DataFolder.Length > 0 && result.JsonFile.Length > 0)
            ? result
            : throw new ArgumentException(result.DataFolder.Length == 0 ? "--data DIR is missing." : "--json FILE is missing.");
    }
}
