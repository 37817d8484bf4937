using System.Text.Json;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>One line of the result; a rival's figures are null where it was not run.</summary>
internal sealed record Figures(
    string Objective,
    int Batch,
    double Milliseconds,
    double PeakMegabytes,
    double? PlainMilliseconds,
    double? PlainPeakMegabytes,
    double? LoopMilliseconds,
    double? MatrixProductMilliseconds)
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static string ToJson(IEnumerable<Figures> figures) => JsonSerializer.Serialize(figures, Format) + "\n";
}
