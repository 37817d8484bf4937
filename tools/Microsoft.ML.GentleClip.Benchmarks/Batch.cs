using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Random unit rows as two modalities' embeddings, and as those of a teacher; half of them are pairs.</summary>
internal sealed class Batch
{
    public Batch(long rows, long dim, ScalarType type, int seed = 1)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        (U, V, TeacherU, TeacherV) = (Rows().requires_grad_(), Rows().requires_grad_(), Rows(), Rows());
        LogScale = tensor(Math.Log(1 / 0.07), type, requires_grad: true).MoveToOuterDisposeScope();

        Tensor Rows() => nn.functional.normalize(randn(rows, dim, type, generator: generator)).MoveToOuterDisposeScope();
    }

    public Tensor U { get; }

    public Tensor V { get; }

    public Tensor TeacherU { get; }

    public Tensor TeacherV { get; }

    public Tensor LogScale { get; }

    public long Pairs => U.size(0) / 2;

    /// <summary>
    /// Value and gradients of <see cref="U"/>, <see cref="V"/> and <see cref="LogScale"/>, null for what the loss does not use, in the caller's scope.
    /// </summary>
    public (Tensor Value, IReadOnlyList<Tensor?> Gradients) Differentiate(Func<Batch, Tensor> loss)
    {
        var value = loss(this);
        return (value, [.. autograd.grad([value], [U, V, LogScale], allow_unused: true).Select(g => g.IsInvalid ? null : g)]);
    }
}
