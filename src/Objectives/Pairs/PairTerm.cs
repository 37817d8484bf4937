using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>A statistic while it is computed, block by block: forward into its part of the output, backward from the gradient of that part.</summary>
/// <param name="blocks">The matrix.</param>
/// <param name="output">Its part of the output, zero at first; in backward complete.</param>
internal abstract class PairTerm(PairBlocks blocks, Tensor output)
{
    /// <summary>The matrix.</summary>
    protected PairBlocks Blocks => blocks;

    /// <summary>Its part of the output.</summary>
    protected Tensor Output => output;

    /// <summary>Takes the affinities of a block: distances or inner products, whichever it is made of; not to be changed.</summary>
    public abstract void Forward(Tensor affinities, RowBlock block);

    /// <summary>After the last block.</summary>
    public virtual void End()
    {
    }

    /// <summary>Before the first block of backward.</summary>
    public abstract void Begin(Tensor gradient);

    /// <summary>
    /// The gradient of a block's affinities, twice of distances; null where the block has no part of it. For a set against itself it holds each pair's
    /// gradient from both sides. It is in <paramref name="target"/> where that has its size, else in a scratch buffer.
    /// </summary>
    public abstract Tensor? Backward(Tensor affinities, RowBlock block, Tensor target);

    /// <summary>Gradients of its scalars after the last block, null for those that want none.</summary>
    public virtual IReadOnlyList<Tensor?> ScalarGradients => [];
}

/// <summary>See <see cref="GaussianRequest"/>.</summary>
internal sealed class GaussianTerm(GaussianRequest request, PairBlocks blocks, Tensor output, Tensor squaredBandwidth) : PairTerm(blocks, output)
{
    private readonly Tensor _inverse = squaredBandwidth.Times(2).reciprocal();
    private Tensor? _factor;

    public override void Forward(Tensor affinities, RowBlock block) =>
        Output.AddInPlace(Kernel(affinities, block, Blocks.Scratch(0, block.Length, Blocks.Columns)).sum());

    public override void Begin(Tensor gradient) => _factor = gradient * _inverse.Times(Blocks.Symmetric ? 4 : 2);

    public override Tensor? Backward(Tensor affinities, RowBlock block, Tensor target) => Kernel(affinities, block, target).mul_(_factor!);

    public override IReadOnlyList<Tensor?> ScalarGradients => [null];

    private Tensor Kernel(Tensor affinities, RowBlock block, Tensor target)
    {
        target.copy_(affinities).mul_(_inverse).exp_();
        if (request.ExcludeSelf)
            target.diagonal(block.Start).fill_(Scalars.Zero);
        return target;
    }
}

/// <summary>See <see cref="PolynomialRequest"/>.</summary>
internal sealed class PolynomialTerm(PolynomialRequest request, PairBlocks blocks, Tensor output) : PairTerm(blocks, output)
{
    private readonly PolynomialKernel _kernel = request.Kernel;
    private Tensor? _factor;

    public override void Forward(Tensor affinities, RowBlock block) =>
        Output.AddInPlace(Power(affinities, block, Blocks.Scratch(0, block.Length, Blocks.Columns), _kernel.Degree).sum().Over(_kernel.Scale));

    public override void Begin(Tensor gradient) =>
        _factor = gradient.Times((Blocks.Symmetric ? 2 : 1) * _kernel.Degree * _kernel.Gamma / _kernel.Scale);

    public override Tensor? Backward(Tensor affinities, RowBlock block, Tensor target) =>
        Power(affinities, block, target, _kernel.Degree - 1).mul_(_factor!);

    private Tensor Power(Tensor affinities, RowBlock block, Tensor target, int degree)
    {
        target.copy_(affinities).mul_(Scalars.Of(_kernel.Gamma)).AddInPlace(_kernel.Offset).pow_(Scalars.Of(degree));
        if (request.ExcludeSelf)
            target.diagonal(block.Start).fill_(Scalars.Zero);
        return target;
    }
}
