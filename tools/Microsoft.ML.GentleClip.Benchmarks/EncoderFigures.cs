using System.Text.Json;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>One line of the result. Times are processor time of one pass over the batch; 1 MB is 10^6 bytes.</summary>
internal sealed record EncoderFigures(
    string Encoder,
    string Element,
    long Weights,
    long ElementsPerBatch,
    double InferenceMilliseconds,
    double TrainingMilliseconds,
    double InferencePeakMegabytes,
    double TrainingPeakMegabytes,
    double? SmallestInferenceMilliseconds,
    double? SmallestTrainingMilliseconds,
    double? PreparationMilliseconds)
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public double InferencePerSecond => 1000 * ElementsPerBatch / InferenceMilliseconds;

    public double TrainingPerSecond => 1000 * ElementsPerBatch / TrainingMilliseconds;

    public static string ToJson(IEnumerable<EncoderFigures> figures) => JsonSerializer.Serialize(figures, Format) + "\n";
}
