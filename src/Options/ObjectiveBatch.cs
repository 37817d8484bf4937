using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>A training batch as a <see cref="CustomObjective"/> sees it. All embeddings have unit length, and gradients flow through them into the towers.</summary>
public sealed class ObjectiveBatch
{
    internal ObjectiveBatch(Tensor embeddingsA, Tensor embeddingsB, Tensor? secondViewsA, Tensor? secondViewsB, int numberOfPairs, Tensor logitScale, int step, int numberOfSteps) =>
        (EmbeddingsA, EmbeddingsB, SecondViewsA, SecondViewsB, NumberOfPairs, LogitScale, Step, NumberOfSteps) =
        (embeddingsA, embeddingsB, secondViewsA, secondViewsB, numberOfPairs, logitScale, step, numberOfSteps);

    /// <summary>Embeddings of modality A, <c>[a, dim]</c>: those of the matched pairs first, then those of the unpaired samples.</summary>
    public Tensor EmbeddingsA { get; }

    /// <summary>Embeddings of modality B, <c>[b, dim]</c>: row i belongs to row i of A for the first <see cref="NumberOfPairs"/> rows, then the unpaired samples.</summary>
    public Tensor EmbeddingsB { get; }

    /// <summary>Embeddings of A's rows with other noise, <c>[a, dim]</c>; null unless <see cref="CustomObjective.UsesSecondViews"/>.</summary>
    public Tensor? SecondViewsA { get; }

    /// <summary>Embeddings of B's rows with other noise, <c>[b, dim]</c>; null unless <see cref="CustomObjective.UsesSecondViews"/>.</summary>
    public Tensor? SecondViewsB { get; }

    /// <summary>Matched pairs in the batch; may be 0.</summary>
    public int NumberOfPairs { get; }

    /// <summary>Scalar: 1 / temperature, learnt, with a gradient. What the inner products are multiplied by in the contrastive loss.</summary>
    public Tensor LogitScale { get; }

    /// <summary>Zero-based number of the optimiser step.</summary>
    public int Step { get; }

    /// <summary>Steps of the whole training, if it is not stopped early.</summary>
    public int NumberOfSteps { get; }

    /// <summary>A's side of the pairs, <c>[pairs, dim]</c>.</summary>
    public Tensor PairedA => EmbeddingsA.narrow(0, 0, NumberOfPairs);

    /// <summary>B's side of the pairs, <c>[pairs, dim]</c>.</summary>
    public Tensor PairedB => EmbeddingsB.narrow(0, 0, NumberOfPairs);

    /// <summary>Unpaired samples of A, <c>[unpaired a, dim]</c>; may have no rows.</summary>
    public Tensor UnpairedA => EmbeddingsA.narrow(0, NumberOfPairs, EmbeddingsA.size(0) - NumberOfPairs);

    /// <summary>Unpaired samples of B, <c>[unpaired b, dim]</c>; may have no rows.</summary>
    public Tensor UnpairedB => EmbeddingsB.narrow(0, NumberOfPairs, EmbeddingsB.size(0) - NumberOfPairs);
}
