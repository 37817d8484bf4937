using System.Globalization;

namespace EmojiSearch;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        Learns to find emoji by words and words by emoji from a tenth of the pairs, and draws what is found.

        Usage: EmojiSearch [options]
          --data DIR      folder of emoji.tsv and STYLE_32x32_rgb.bin.gz (default: the part of them that comes with the sample)
          --out DIR       where the picture of the search goes (default: the current folder)
          --json FILE     every figure, rewritten after every training
          --seeds N       seeds 1 to N (default 3)
          --steps N       steps of every training (default 400)
          --methods LIST  comma list of clip, gentle, clip-all, features (default: all)
          --help          this text
        """;

    public static string OwnData => Path.Combine(AppContext.BaseDirectory, "emoji");

    public string DataFolder { get; private init; } = OwnData;

    public string OutFolder { get; private init; } = ".";

    public string? JsonFile { get; private init; }

    public int Seeds { get; private init; } = 3;

    public int Steps { get; private init; } = 400;

    public IReadOnlyList<Method> Methods { get; private init; } = Method.All;

    public bool Help { get; private init; }

    /// <exception cref="ArgumentException">An option is unknown, or its value is missing or wrong.</exception>
    public static CommandLine Parse(string[] arguments)
    {
        var result = new CommandLine();
        for (int i = 0; i < arguments.Length; i++)
        {
            string option = arguments[i];
            result = option switch
            {
                "--data" => result with { DataFolder = Value() },
                "--out" => result with { OutFolder = Value() },
                "--json" => result with { JsonFile = Value() },
                "--seeds" => result with { Seeds = Positive() },
                "--steps" => result with { Steps = Positive() },
                "--methods" => result with { Methods = [.. Value().Split(',').Select(Method.Named)] },
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
