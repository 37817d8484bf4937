using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Turns gradients with respect to affinities, block by block, into gradients with respect to the rows of both sets.</summary>
internal sealed class PairGradient(AffinityBlocks affinities, bool symmetric)
{
    private readonly bool _distances = affinities.Affinity == Affinity.NegativeSquaredDistance;
    private readonly Tensor _gx = Like(affinities.RowVectors);
    private readonly Tensor? _gy = symmetric ? null : Like(affinities.ColumnVectors).zero_();
    private readonly Tensor _columnSums = zeros(affinities.Columns, 1, affinities.RowVectors.dtype, affinities.RowVectors.device);

    /// <summary>Takes the gradient `[length, m]` of a block's affinities. In the symmetric case it must hold each pair's gradient from both sides.</summary>
    public void Add(Tensor weights, RowBlock block)
    {
        var rows = affinities.RowVectors.narrow(0, block.Start, block.Length);
        var gx = _gx.narrow(0, block.Start, block.Length).addmm_(weights, affinities.ColumnVectors, 0, _distances ? 2 : 1);
        _gy?.addmm_(weights.t(), rows);
        if (!_distances)
            return;
        gx.addcmul_(weights.sum(dim: 1, keepdim: true), rows, Scalars.Of(-1)); // rows hold the factor 2
        if (!symmetric)
            _columnSums.AddInPlace(weights.sum(dim: 0).unsqueeze(1));
    }

    public (Tensor X, Tensor? Y) Result()
    {
        if (_distances)
            _gy?.addcmul_(_columnSums, affinities.ColumnVectors, Scalars.Of(-2));
        return (_gx, _gy);
    }

    private static Tensor Like(Tensor rows) => empty(rows.size(0), rows.size(1), rows.dtype, rows.device);
}
