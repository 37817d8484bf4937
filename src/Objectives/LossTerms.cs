using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>One term of the total.</summary>
/// <param name="Name">Stable, for logs and histories.</param>
/// <param name="Weight">Its factor in the total at this step.</param>
/// <param name="Value">Scalar, unweighted, with a graph.</param>
internal sealed record LossTerm(string Name, double Weight, Tensor Value)
{
    /// <summary>The weighted sum's name, which no term can have.</summary>
    public const string Total = "total";
}

/// <summary>The terms that were computed, in the order of the objectives, and their weighted sum.</summary>
internal sealed class LossTerms(IReadOnlyList<LossTerm> terms, Tensor total) : IDisposable
{
    /// <summary>The terms; those of weight zero are not among them.</summary>
    public IReadOnlyList<LossTerm> Terms => terms;

    /// <summary>Scalar: what training minimises.</summary>
    public Tensor Total => total;

    /// <summary>Frees the tensors, where no scope does.</summary>
    public void Dispose()
    {
        total.Dispose();
        foreach (var term in terms)
            term.Value.Dispose();
    }
}
