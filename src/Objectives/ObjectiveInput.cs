using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>A batch with all that any objective of a training needs; each sees its part of it as <see cref="ObjectiveBatch"/>.</summary>
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

    /// <summary>Embeddings `[a, dim]` of a second augmented view of A's rows, or of some of them.</summary>
    public Tensor? SecondViewsA { get; init; }

    /// <summary>Embeddings `[b, dim]` of a second augmented view of B's rows, or of some of them.</summary>
    public Tensor? SecondViewsB { get; init; }

    /// <summary>The rows with second views; null for all.</summary>
    public SecondViewRows? ViewedTwice { get; init; }

    /// <summary>A's rows through a slowly moving average of the towers `[a, dim']`, unit-norm.</summary>
    public Tensor? AveragedA { get; init; }

    /// <summary>B's rows through a slowly moving average of the towers `[b, dim']`, unit-norm.</summary>
    public Tensor? AveragedB { get; init; }

    /// <summary>A's rows in the space of the closed form `[a, dim']`, unit-norm.</summary>
    public Tensor? ClosedFormA { get; init; }

    /// <summary>B's rows in the space of the closed form `[b, dim']`, unit-norm.</summary>
    public Tensor? ClosedFormB { get; init; }

    /// <summary>Unit-norm embeddings of the keywords `[k, dim]`.</summary>
    public Tensor? Keywords { get; init; }

    /// <summary>Whether the text of a pair holds a keyword `[n, k]`.</summary>
    public Tensor? PairHasKeyword { get; init; }

    /// <summary>Zero-based number of the optimiser step.</summary>
    public int Step { get; init; }

    /// <summary>Steps of the whole training.</summary>
    public int NumberOfSteps { get; init; } = 1;

    /// <summary>Checks the shapes.</summary>
    /// <exception cref="ArgumentException">Shapes do not fit together.</exception>
    public void Validate()
    {
        if (EmbeddingsA.ndim != 2 || EmbeddingsB.ndim != 2 || EmbeddingsA.size(1) != EmbeddingsB.size(1))
            throw new ArgumentException(
                $"Embeddings must be [rows, dim] with one dim for both sides; found A {Shape(EmbeddingsA)} and B {Shape(EmbeddingsB)}.");
        if (NumberOfPairs < 0 || NumberOfPairs > Math.Min(EmbeddingsA.size(0), EmbeddingsB.size(0)))
            throw new ArgumentException(
                $"NumberOfPairs is {NumberOfPairs}; expected at least 0 and at most the rows of each side: A {Shape(EmbeddingsA)}, B {Shape(EmbeddingsB)}.");
        if (LogScale.numel() != 1)
            throw new ArgumentException($"LogScale must be a scalar; found {Shape(LogScale)}.");
        var (a, b, dim) = (EmbeddingsA.size(0), EmbeddingsB.size(0), EmbeddingsA.size(1));
        Check(SecondViewsA, nameof(SecondViewsA), ViewedTwice?.A.size(0) ?? a, dim);
        Check(SecondViewsB, nameof(SecondViewsB), ViewedTwice?.B.size(0) ?? b, dim);
        Check(AveragedA, nameof(AveragedA), a);
        Check(AveragedB, nameof(AveragedB), b, AveragedA?.size(1));
        Check(ClosedFormA, nameof(ClosedFormA), a);
        Check(ClosedFormB, nameof(ClosedFormB), b, ClosedFormA?.size(1));
        Check(Keywords, nameof(Keywords), null, dim);
        Check(PairHasKeyword, nameof(PairHasKeyword), NumberOfPairs, Keywords?.size(0));
    }

    private static void Check(Tensor? tensor, string name, long? rows, long? columns = null)
    {
        if (tensor is not null && (tensor.ndim != 2 || tensor.size(0) != (rows ?? tensor.size(0)) || tensor.size(1) != (columns ?? tensor.size(1))))
            throw new ArgumentException($"{name} must be [{(rows is null ? "any" : rows)}, {(columns is null ? "any" : columns)}]; found {Shape(tensor)}.");
    }

    private static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
}
