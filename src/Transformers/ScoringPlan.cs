namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>How a cursor goes through its rows.</summary>
/// <param name="Window">Rows to read ahead.</param>
/// <param name="BatchSize">Most rows of a forward pass; null bounds them by what they cost to encode.</param>
/// <param name="Overlap">Whether the next window is read while one is computed.</param>
/// <param name="UsesGraph">Whether ONNX Runtime computes, in place of libtorch.</param>
internal sealed record ScoringPlan(int Window, int? BatchSize, bool Overlap, bool UsesGraph = false)
{
    /// <summary>Rows to read ahead where nothing else is said: enough to sort by length, and for vectors one pass of the best size on a CPU.</summary>
    public const int DefaultWindow = 256;

    /// <summary>Nothing is read ahead.</summary>
    public static ScoringPlan OneRow { get; } = new(1, null, false);

    /// <summary>The plan that the options ask for.</summary>
    public static ScoringPlan Of(ScoringOptions options, bool usesGraph = false) =>
        new(Math.Max(DefaultWindow, options.BatchSize ?? 0), options.BatchSize, options.Overlap, usesGraph);
}
