namespace Experiments.Configuration;

/// <summary>A data set: which reader makes two views of which file. Keys that a reader does not use are refused by it.</summary>
internal sealed record DataConfig(string Name, string Reader, string? File, string? ColumnA, string? ColumnB, string? LabelColumn, RowCount? TestRows)
{
    /// <summary>Side of the images that the emoji reader makes, in pixels.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Rows in which a word has to occur for the emoji reader to count it.</summary>
    public int? MinimumWordRows { get; init; }

    /// <summary>Rows that the synthetic reader makes, or at most so many of a file (the first).</summary>
    public int? Rows { get; init; }

    /// <summary>Name of the data set whose rows the foreign control takes.</summary>
    public string? Foreign { get; init; }

    /// <summary>
    /// Networks whose features take the place of pictures, or null. Internal, so that it is not in <c>ToString</c>, of which the hash of the pictures is made:
    /// the features have a hash of their own.
    /// </summary>
    internal SelfSupervisedConfig? SelfSupervised { get; init; }

    public static DataConfig Read(ConfigSection section)
    {
        var config = new DataConfig(
            section.Text("name"), section.OptionalText("reader") ?? "table", section.OptionalText("file"), section.OptionalText("columnA"),
            section.OptionalText("columnB"), section.OptionalText("labelColumn"), section.OptionalCount("testRows", 2))
        {
            ImageSize = section.OptionalWhole("imageSize", 1),
            MinimumWordRows = section.OptionalWhole("minimumWordRows", 1),
            Rows = section.OptionalWhole("rows", 10),
            Foreign = section.OptionalText("foreign"),
            SelfSupervised = section.OptionalSection("selfSupervised") is { } network ? SelfSupervisedConfig.Read(network) : null,
        };
        section.Done();
        return config;
    }
}
