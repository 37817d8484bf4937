using System.Globalization;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

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

    /// <summary>What is wrong where the loss on these rows, which are validated on, is not finite.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="outputs">Of the head, `[rows, labels]`.</param>
    /// <param name="when">When it was found.</param>
    public ArithmeticException NotFinite(double loss, Tensor outputs, string when)
    {
        using var scope = NewDisposeScope();
        long[] bad = [.. outputs.isfinite().all(1).logical_not().nonzero().cpu().data<long>()];
        var rows = bad.Length == 0
            ? "Look for extreme labels among them"
            : string.Create(CultureInfo.InvariantCulture,
                $"The outputs of {bad.Length} of {Count} rows are not finite, first {Stores[0].RowName} {Stores[0].RowOf(Rows[bad[0]])}. Look for extreme "
                + $"values in the input columns, or lower the learning rates");
        return new ArithmeticException($"The loss on the validation rows is {loss.ToString(CultureInfo.InvariantCulture)} {when}. {rows}.");
    }
}
