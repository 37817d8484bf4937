namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>How the rows of a view, or of a mapper of rows, are computed: taken from the options once, so that the first and the last row agree.</summary>
/// <param name="Window">Rows to read ahead.</param>
/// <param name="BatchSize">Most rows of a forward pass; null bounds them by what they cost to encode.</param>
/// <param name="Overlap">Whether the next window is read while one is computed.</param>
/// <param name="UsesGraph">Whether ONNX Runtime computes, in place of libtorch.</param>
/// <param name="Precision">The numbers that the encoders multiply.</param>
internal sealed record ScoringPlan(
    int Window, int? BatchSize, bool Overlap, bool UsesGraph = false, EncoderPrecision Precision = EncoderPrecision.Float32)
{
    /// <summary>Rows to read ahead where nothing else is said: enough to sort by length, and for vectors one pass of the best size on a CPU.</summary>
    public const int DefaultWindow = 256;

    /// <summary>Nothing is read ahead.</summary>
    public static ScoringPlan OneRow { get; } = new(1, null, false);

    /// <summary>Computes as this plan does, and reads nothing ahead.</summary>
    public ScoringPlan RowByRow => OneRow with { UsesGraph = UsesGraph, Precision = Precision };

    /// <summary>The plan that the options ask for.</summary>
    public static ScoringPlan Of(ScoringOptions options, bool usesGraph = false) =>
        new(Math.Max(DefaultWindow, options.BatchSize ?? 0), options.BatchSize, options.Overlap, usesGraph, options.Precision);
}
