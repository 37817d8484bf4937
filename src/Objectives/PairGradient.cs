using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Turns gradients with respect to affinities, block by block, into gradients with respect to the rows of both sets.</summary>
internal sealed class PairGradient(AffinityBlocks affinities, bool symmetric)
{
    private readonly Tensor _gx = empty_like(affinities.X);
    private readonly Tensor? _gy = symmetric ? null : zeros_like(affinities.Y);
    private readonly Tensor? _columnSums = symmetric || affinities.Affinity == Affinity.Dot ? null : zeros(affinities.Columns, 1, affinities.Y.dtype, affinities.Y.device);

    /// <summary>Takes the gradient `[length, m]` of the rows from <paramref name="start"/>. In the symmetric case it must hold each pair's gradient from both sides.</summary>
    public void Add(Tensor weights, long start)
    {
        var rows = affinities.X.narrow(0, start, weights.size(0));
        var gx = _gx.narrow(0, start, weights.size(0));
        gx.copy_(weights.matmul(affinities.Y));
        if (affinities.Affinity == Affinity.NegativeSquaredDistance)
        {
            gx.sub_(weights.sum(dim: 1, keepdim: true) * rows).mul_(2);
            _columnSums?.add_(weights.sum(dim: 0).unsqueeze(1));
        }

        _gy?.addmm_(weights.t(), rows);
    }

    public (Tensor X, Tensor? Y) Result()
    {
        if (_columnSums is not null)
            _gy!.sub_(_columnSums * affinities.Y).mul_(2);
        return (_gx, _gy);
    }
}
