using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>A batch as the objectives see it: embeddings and what is known about them.</summary>
internal sealed record ObjectiveInput
{
    /// <summary>Unit-norm embeddings `[a, dim]` of modality A: matched rows first, then the unpaired ones.</summary>
    public required Tensor EmbeddingsA { get; init; }

    /// <summary>Unit-norm embeddings `[b, dim]` of modality B: row i belongs to row i of A for the first <see cref="NumberOfPairs"/> rows.</summary>
    public required Tensor EmbeddingsB { get; init; }

    /// <summary>Matched rows at the start of both sides.</summary>
    public required int NumberOfPairs { get; init; }

    /// <summary>Scalar: the logarithm of 1 / temperature.</summary>
    public required Tensor LogScale { get; init; }

    /// <summary>Embeddings `[a, dim]` of a second augmented view of A's rows; needed by the self-supervised term.</summary>
    public Tensor? PositivesA { get; init; }

    /// <summary>Embeddings `[b, dim]` of a second augmented view of B's rows; needed by the self-supervised term.</summary>
    public Tensor? PositivesB { get; init; }

    /// <summary>Checks the shapes.</summary>
    /// <exception cref="ArgumentException">Shapes do not fit together.</exception>
    public void Validate()
    {
        if (EmbeddingsA.ndim != 2 || EmbeddingsB.ndim != 2 || EmbeddingsA.size(1) != EmbeddingsB.size(1))
            throw new ArgumentException($"Embeddings must be [rows, dim] with one dim for both sides; found A {Shape(EmbeddingsA)} and B {Shape(EmbeddingsB)}.");
        if (NumberOfPairs < 0 || NumberOfPairs > Math.Min(EmbeddingsA.size(0), EmbeddingsB.size(0)))
            throw new ArgumentException($"NumberOfPairs is {NumberOfPairs}; expected at least 0 and at most the rows of each side: A {Shape(EmbeddingsA)}, B {Shape(EmbeddingsB)}.");
        if (LogScale.numel() != 1)
            throw new ArgumentException($"LogScale must be a scalar; found {Shape(LogScale)}.");
        CheckLike(PositivesA, EmbeddingsA, nameof(PositivesA), nameof(EmbeddingsA));
        CheckLike(PositivesB, EmbeddingsB, nameof(PositivesB), nameof(EmbeddingsB));
    }

    private static void CheckLike(Tensor? tensor, Tensor model, string name, string modelName)
    {
        if (tensor is not null && !tensor.shape.AsSpan().SequenceEqual(model.shape))
            throw new ArgumentException($"{name} must have the shape of {modelName}, {Shape(model)}; found {Shape(tensor)}.");
    }

    private static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
}
