using System.Globalization;

namespace ProteinAlignment;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        Aligns protein sequences and structures from few pairs and many unpaired chains.

        Usage: ProteinAlignment [options]
          --seeds N     runs with seeds 1 to N (default 3)
          --steps N     training steps of each run (default 1000; raw 200)
          --out DIR     folder for model.zip, training.png and embeddings.png (default: the current folder)
          --json FILE   writes every figure to a file
          --raw         encoders of sequences and alpha carbons in place of features: an ESM-2 and a CDConv, small and from random weights
          --quick       one seed, 60 steps, a quarter of the chains: shows that all works, not how well
          --sampling-size
                        instead of all this, how different two random batches of the features look: tables and sampling-size.png
          --help        this text
        """;

    public int Seeds { get; private init; } = 3;

    public int Steps { get; private init; } = 1000;

    public string OutputFolder { get; private init; } = ".";

    public string? JsonFile { get; private init; }

    public bool Quick { get; private init; }

    public bool Raw { get; private init; }

    public bool SamplingSize { get; private init; }

    public bool Help { get; private init; }

    /// <exception cref="ArgumentException">An option is unknown, or its value is missing or wrong.</exception>
    public static CommandLine Parse(string[] arguments)
    {
        // These set defaults, so they have to come first, wherever they stand.
        var result = arguments.Contains("--quick") ? new CommandLine { Quick = true, Seeds = 1, Steps = arguments.Contains("--raw") ? 20 : 60 }
            : arguments.Contains("--raw") ? new CommandLine { Steps = 200 } : new CommandLine();
        for (int i = 0; i < arguments.Length; i++)
        {
            string option = arguments[i];
            result = option switch
            {
                "--seeds" => result with { Seeds = Positive() },
                "--steps" => result with { Steps = Positive() },
                "--out" => result with { OutputFolder = Value() },
                "--json" => result with { JsonFile = Value() },
                "--quick" => result,
                "--raw" => result with { Raw = true },
                "--sampling-size" => result with { SamplingSize = true },
                "--help" or "-h" => result with { Help = true },
                _ => throw new ArgumentException($"Unknown option '{option}'."),
            };

            string Value() => ++i < arguments.Length && !arguments[i].StartsWith("--", StringComparison.Ordinal)
                ? arguments[i]
                : throw new ArgumentException($"{option} needs a value.");

            int Positive() => Value() is var text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
                ? number
                : throw new ArgumentException($"{option} needs a whole number above 0, found '{text}'.");
        }

        return result;
    }
}
