using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>One term of an objective.</summary>
/// <param name="Name">One of the constants; stable, for logs and histories.</param>
/// <param name="Weight">Its factor in the total.</param>
/// <param name="Value">Scalar, unweighted, with a graph.</param>
internal sealed record LossTerm(string Name, double Weight, Tensor Value)
{
    public const string Contrastive = "contrastive";
    public const string SelfSupervisedA = "selfSupervisedA";
    public const string SelfSupervisedB = "selfSupervisedB";
    public const string Mmd = "mmd";
    public const string Sdd = "sdd";
    public const string Centroid = "centroid";
    public const string Sinkhorn = "sinkhorn";
    public const string PseudoLabel = "pseudoLabel";
    public const string Keyword = "keyword";
    public const string TransportPairs = "transportPairs";
    public const string Klot = "klot";
    public const string Total = "total";

    /// <summary>Names that a user's term cannot have.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [Contrastive, SelfSupervisedA, SelfSupervisedB, Mmd, Sdd, Centroid, Sinkhorn, PseudoLabel, Keyword, TransportPairs, Klot, Total];
}

/// <summary>The terms that were computed, in a fixed order, and their weighted sum.</summary>
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
