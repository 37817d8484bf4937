using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>Some rows of a fine-tuning: samples of each side and labels, in one order.</summary>
/// <param name="Stores">The samples of each side, or what a frozen encoder made of them.</param>
/// <param name="Labels">The labels of the stores' rows.</param>
/// <param name="Rows">Numbers of the rows that are meant.</param>
internal sealed record FineTuningSet(IReadOnlyList<ExampleStore> Stores, IReadOnlyList<float[]> Labels, int[] Rows)
{
    /// <summary>Number of rows.</summary>
    public int Count => Rows.Length;

    /// <summary>The labels of the rows that are meant.</summary>
    public IEnumerable<float[]> Own => Rows.Select(row => Labels[row]);
}
