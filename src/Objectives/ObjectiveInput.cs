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

    /// <summary>A's rows through a slowly moving average of the towers `[a, dim']`, unit-norm; needed by the transport pairs.</summary>
    public Tensor? AveragedA { get; init; }

    /// <summary>B's rows through a slowly moving average of the towers `[b, dim']`, unit-norm; needed by the transport pairs.</summary>
    public Tensor? AveragedB { get; init; }

    /// <summary>A's rows in the space of a teacher fitted on the pairs `[a, dim']`, unit-norm; needed by KLOT.</summary>
    public Tensor? TeacherA { get; init; }

    /// <summary>B's rows in the space of a teacher fitted on the pairs `[b, dim']`, unit-norm; needed by KLOT.</summary>
    public Tensor? TeacherB { get; init; }

    /// <summary>Unit-norm embeddings of the keywords `[k, dim]`; needed by the keyword term.</summary>
    public Tensor? Keywords { get; init; }

    /// <summary>Whether the text of a pair holds a keyword `[n, k]`; needed by the keyword term.</summary>
    public Tensor? PairHasKeyword { get; init; }

    /// <summary>Factor, 0 to 1, of the terms that rest on the model's own guesses; rises during training.</summary>
    public double PseudoLabelRamp { get; init; } = 1;

    /// <summary>Zero-based number of the optimiser step.</summary>
    public int Step { get; init; }

    /// <summary>Steps of the whole training.</summary>
    public int NumberOfSteps { get; init; }

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
        var (a, b, dim) = (EmbeddingsA.size(0), EmbeddingsB.size(0), EmbeddingsA.size(1));
        Check(PositivesA, nameof(PositivesA), a, dim);
        Check(PositivesB, nameof(PositivesB), b, dim);
        Check(AveragedA, nameof(AveragedA), a);
        Check(AveragedB, nameof(AveragedB), b, AveragedA?.size(1));
        Check(TeacherA, nameof(TeacherA), a);
        Check(TeacherB, nameof(TeacherB), b, TeacherA?.size(1));
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
