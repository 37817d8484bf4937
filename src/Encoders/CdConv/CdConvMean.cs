using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Mean of the rows of each group; a group without rows gives zeros.</summary>
internal sealed class CdConvMean
{
    private readonly Tensor _groupOfRow;
    private readonly Tensor _shares;

    /// <summary>Counts the groups; the tensors belong to the caller's dispose scope.</summary>
    /// <param name="groupOfRow">From 0.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="type">Of the rows.</param>
    /// <param name="device">Of the rows.</param>
    public CdConvMean(long[] groupOfRow, int groups, ScalarType type, Device device)
    {
        var shares = new double[groups];
        foreach (var group in groupOfRow)
            shares[group]++;
        for (var i = 0; i < groups; i++)
            shares[i] = 1 / Math.Max(shares[i], 1);
        _groupOfRow = tensor(groupOfRow).to(device);
        _shares = tensor(shares, [groups, 1]).to(type, device);
    }

    /// <summary>Means, <c>[groups, channels]</c>, of <c>[rows, channels]</c>.</summary>
    public Tensor Of(Tensor rows) =>
        zeros([_shares.size(0), rows.size(1)], rows.dtype, rows.device).index_add(0, _groupOfRow, rows, Scalars.One) * _shares;
}
