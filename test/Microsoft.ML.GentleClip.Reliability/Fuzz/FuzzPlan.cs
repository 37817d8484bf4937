namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Which broken files to read. A file is decided by format, seed and number, so that each can be repeated.</summary>
internal sealed record FuzzPlan(int Count, string? Format, int Seed, int First)
{
    private const string CountName = "--count", FormatName = "--format", SeedName = "--seed", FirstName = "--first";

    /// <exception cref="ArgumentException">An option or a format is unknown.</exception>
    public static FuzzPlan Parse(IReadOnlyList<string> options)
    {
        var line = new CommandLine("fuzz", options, CountName, FormatName, SeedName, FirstName);
        var plan = new FuzzPlan(line.Number(CountName, 100_000), line.Text(FormatName), line.Number(SeedName, 1, smallest: 0), line.Number(FirstName, 0, smallest: 0));
        return plan.Format is null || FuzzFormats.Names.Contains(plan.Format) ? plan : throw new ArgumentException($"Unknown format '{plan.Format}'; there are {string.Join(", ", FuzzFormats.Names)}.");
    }

    public IEnumerable<string> ToArguments() =>
        [CountName, $"{Count}", SeedName, $"{Seed}", FirstName, $"{First}", .. Format is null ? Array.Empty<string>() : [FormatName, Format]];
}
