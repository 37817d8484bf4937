using System.Globalization;

namespace VectorSearch;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        Fills a collection of Microsoft.Extensions.VectorData with pictures of emoji, and searches it by words and by pictures.

        Usage: VectorSearch [options]
          --model FILE    the model that samples/Serving keeps, or another of pictures and text with 128 dimensions (default: train one)
          --steps N       training steps (default 200)
          --help          this text
        """;

    public string? Model { get; private init; }

    public int Steps { get; private init; } = EmojiSearch.SmallModel.DefaultSteps;

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
                "--model" => result with { Model = Value() },
                "--steps" => result with
                {
                    Steps = Value() is var text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
                        ? number
                        : throw new ArgumentException($"{option} needs a whole number above 0, found '{text}'."),
                },
                "--help" or "-h" => result with { Help = true },
                _ => throw new ArgumentException($"Unknown option '{option}'."),
            };

            string Value() => ++i < arguments.Length && !arguments[i].StartsWith("--", StringComparison.Ordinal)
                ? arguments[i]
                : throw new ArgumentException($"{option} needs a value.");
        }
        return result;
    }
}
