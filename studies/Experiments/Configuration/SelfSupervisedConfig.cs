namespace Experiments.Configuration;

/// <summary>Both views of a data set are pictures, in whose place come the features of two networks that the runner trains on them.</summary>
/// <param name="Width">Pixels in a row of a picture.</param>
/// <param name="Height">Rows of a picture.</param>
/// <param name="Channels">Numbers of each pixel, which stand side by side.</param>
internal sealed record SelfSupervisedConfig(int Width, int Height, int Channels)
{
    /// <summary>Training steps of each network.</summary>
    public int Steps { get; init; }

    /// <summary>Pictures of a step, each in two versions.</summary>
    public int BatchSize { get; init; }

    public int Seed { get; init; }

    public int Pixels => Width * Height * Channels;

    public static SelfSupervisedConfig Read(ConfigSection section)
    {
        var config = new SelfSupervisedConfig(
            section.OptionalWhole("width", 8) ?? throw section.Error("width", "the key is missing"),
            section.OptionalWhole("height", 8) ?? throw section.Error("height", "the key is missing"),
            section.OptionalWhole("channels", 1) ?? 1)
        {
            Steps = section.OptionalWhole("steps", 1) ?? 300,
            BatchSize = section.OptionalWhole("batchSize", 2) ?? 128,
            Seed = section.OptionalWhole("seed", 0) ?? 1,
        };
        section.Done();
        return config;
    }
}
