using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// One side of the recipe R: prepared rows x become [sqrt(linear weight) unit(x L - l) ; sqrt(kernel weight) unit(k(x, anchors) K - c)], unit.
/// Kernel principal components, centring and canonical correlation of the kernel part are folded into K and c.
/// </summary>
/// <param name="Linear">L `[components, directions]`.</param>
/// <param name="LinearBias">l `[directions]`.</param>
/// <param name="Anchors">Prepared rows `[anchors, components]`.</param>
/// <param name="Kernel">K `[anchors, directions]`.</param>
/// <param name="KernelBias">c `[directions]`.</param>
/// <param name="Bandwidth">Of the kernel.</param>
/// <param name="LinearWeight">Share of the linear part in inner products.</param>
/// <param name="KernelWeight">Share of the kernel part.</param>
internal sealed record RecipeMap(
    Tensor Linear, Tensor LinearBias, Tensor Anchors, Tensor Kernel, Tensor KernelBias, double Bandwidth, double LinearWeight, double KernelWeight)
{
    /// <summary>Width of the result.</summary>
    public long Width => Linear.size(1) + Kernel.size(1);

    /// <summary>The maps.</summary>
    public IEnumerable<Tensor> Tensors => [Linear, LinearBias, Anchors, Kernel, KernelBias];

    /// <summary>Unit rows `[n, width]`; zero where a row has no direction.</summary>
    public Tensor Apply(Tensor prepared)
    {
        using var scope = NewDisposeScope();
        return Rows.Unit(Parts(prepared)).MoveToOuterDisposeScope();
    }

    /// <summary>Both unit parts, each times the root of its weight; not unit together.</summary>
    public Tensor Parts(Tensor prepared)
    {
        using var scope = NewDisposeScope();
        var (linear, kernel) = UnitParts(prepared);
        return cat([linear.Times(Math.Sqrt(LinearWeight)), kernel.Times(Math.Sqrt(KernelWeight))], 1).MoveToOuterDisposeScope();
    }

    /// <summary>The unit linear part and the unit kernel part, without weights.</summary>
    public (Tensor Linear, Tensor Kernel) UnitParts(Tensor prepared)
    {
        using var scope = NewDisposeScope();
        var linear = Rows.Unit(prepared.matmul(Linear) - LinearBias);
        var kernel = Rows.Unit(Rows.Gaussian(prepared, Anchors, Bandwidth).matmul(Kernel) - KernelBias);
        return (linear.MoveToOuterDisposeScope(), kernel.MoveToOuterDisposeScope());
    }

    /// <summary>The same maps with other weights.</summary>
    public RecipeMap Weighted(double linear, double kernel) => this with { LinearWeight = linear, KernelWeight = kernel };
}
