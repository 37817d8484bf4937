using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>The pairs and the unpaired samples of a batch; made once, and shared by all objectives.</summary>
internal sealed class SplitBatch(ObjectiveInput input)
{
    public Tensor PairedA { get; } = input.EmbeddingsA.narrow(0, 0, input.NumberOfPairs);

    public Tensor PairedB { get; } = input.EmbeddingsB.narrow(0, 0, input.NumberOfPairs);

    public Tensor UnpairedA { get; } = Unpaired(input.EmbeddingsA, input.NumberOfPairs);

    public Tensor UnpairedB { get; } = Unpaired(input.EmbeddingsB, input.NumberOfPairs);

    /// <summary>The rows behind those of the pairs.</summary>
    public static Tensor Unpaired(Tensor rows, int pairs) => rows.narrow(0, pairs, rows.size(0) - pairs);
}
