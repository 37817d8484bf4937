using Experiments.Running;

namespace Experiments.Data;

/// <summary>Rows of two views. A null row lacks that side.</summary>
/// <param name="Name">Name in tables.</param>
/// <param name="A">First view, all of one length.</param>
/// <param name="B">Second view, row for row.</param>
/// <param name="Labels">A label per row, empty where unknown; or null.</param>
/// <param name="Hash">Of the files and settings that it was read from.</param>
internal sealed record TwoViewData(string Name, float[]?[] A, float[]?[] B, string[]? Labels, string Hash)
{
    /// <summary>What the networks took whose features these are; null where there are none, or a version computed them that did not time them.</summary>
    public ComputingTime? NetworkTime { get; init; }

    public int Rows => A.Length;

    public int DimensionA { get; } = A.First(row => row is not null)!.Length;

    public int DimensionB { get; } = B.First(row => row is not null)!.Length;
}
