using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>See <see cref="LogSumExpRequest"/>.</summary>
internal sealed class LogSumExpTerm : PairTerm
{
    // exp(e - c) of exponents that are at most so far above c stays far from the largest float32; what is as far below counts for nothing.
    private const double LargestSpread = 60;

    private readonly LogSumExpRequest _request;
    private readonly Tensor _rowScale;
    private readonly Tensor? _columnScale;
    private readonly long _rows, _columns;
    private readonly bool _shared;
    private readonly Tensor? _columnMax, _columnSum;

    private Tensor? _rowSums, _columnSums, _rowFactors, _columnFactors, _level, _rowProducts, _columnProducts;

    public LogSumExpTerm(LogSumExpRequest request, PairBlocks blocks, Tensor output, IReadOnlyList<Tensor> scalars)
        : base(blocks, output)
    {
        (_request, _rowScale, _columnScale) = (request, scalars[0], request.ColumnScale is null ? null : scalars[1]);
        (_rows, _columns) = (request.Rows(blocks.Rows), request.Rows(blocks.Columns));
        // The exponents of rows and columns are the same: one exponential serves both.
        _shared = blocks.Symmetric || (request.ColumnScale is not null && ReferenceEquals(request.ColumnScale, request.RowScale));
        if (_columnScale is not null)
        {
            _columnMax = full(_columns, Scalars.Of(double.NegativeInfinity), output.dtype, output.device);
            _columnSum = zeros(_columns, output.dtype, output.device);
        }
    }

    public override IReadOnlyList<Tensor?> ScalarGradients
    {
        get
        {
            // The gradient of an affinity has its scale as a factor, twice for distances, and both sides of a pair where those are one set.
            var factor = (_request.OfDistances ? 2 : 1) * (Blocks.Symmetric ? 2 : 1);
            var rows = _rowProducts! / _rowScale.Times(factor);
            return _columnScale is null ? [rows] : [rows, _columnProducts! / _columnScale.Times(factor)];
        }
    }

    public override void Forward(Tensor affinities, RowBlock block)
    {
        if (Part(affinities, block) is not { } part)
            return;
        var exponents = Exponents(part, block, _rowScale, Blocks.Scratch(0, part.size(0), _columns));
        var rowMax = exponents.amax([1], keepdim: true);
        Output.narrow(0, block.Start, part.size(0)).copy_(exponents.sub_(rowMax).exp_().sum(dim: 1).log_().AddInPlace(rowMax.squeeze(1)));
        if (_columnScale is null)
            return;

        // Online: rescale the sums so far to the new maximum.
        exponents = Exponents(part, block, _columnScale, exponents);
        var max = maximum(_columnMax!, exponents.amax([0]));
        _columnSum!.mul_((_columnMax! - max).exp_()).AddInPlace(exponents.sub_(max).exp_().sum(dim: 0));
        _columnMax!.copy_(max);
    }

    public override void End()
    {
        if (_columnScale is not null)
            Output.narrow(0, _rows, _columns).copy_(_columnSum!.log().AddInPlace(_columnMax!));
    }

    public override void Begin(Tensor gradient)
    {
        (_rowProducts, _columnProducts) = (zeros_like(_rowScale), _columnScale is null ? null : zeros_like(_columnScale));
        _rowSums = Output.narrow(0, 0, _rows).unsqueeze(1);
        _columnSums = _columnScale is null ? Blocks.Symmetric ? Output : null : Output.narrow(0, _rows, _columns);
        var side = _request.OfDistances ? 2 : 1;
        _rowFactors = (gradient.narrow(0, 0, _rows) * _rowScale.Times(side)).unsqueeze(1);
        _columnFactors = _columnSums is null ? null
            : Blocks.Symmetric ? _rowFactors.squeeze(1) : gradient.narrow(0, _rows, _columns) * _columnScale!.Times(side);
        if (!_shared)
            return;
        var (least, most) = (Output.min(), Output.max());
        if ((most - least).to(ScalarType.Float64).item<double>() is not <= LargestSpread)
            return;
        _level = least.Plus(most).Over(2);
        _rowFactors.mul_((_level - _rowSums).exp_());
        _columnFactors = Blocks.Symmetric ? _rowFactors.squeeze(1) : _columnFactors!.mul_((_level - _columnSums!).exp_());
    }

    public override Tensor? Backward(Tensor affinities, RowBlock block, Tensor target)
    {
        if (Part(affinities, block) is not { } part)
            return null;
        var length = part.size(0);
        var weights = Exponents(part, block, _rowScale, length == target.size(0) && _columns == target.size(1) ? target : Blocks.Scratch(0, length, _columns));
        var rowFactors = _rowFactors!.narrow(0, block.Start, length);
        if (_level is not null)
        {
            var both = Blocks.Scratch(1, length, _columns).copy_(_columnFactors!).AddInPlace(rowFactors);
            weights.sub_(_level).exp_().mul_(both);
            _rowProducts!.AddInPlace(Product(weights, part));
            return weights;
        }

        weights.sub_(_rowSums!.narrow(0, block.Start, length)).exp_().mul_(rowFactors);
        var products = Product(weights, part);
        _rowProducts!.AddInPlace(products);
        if (_columnSums is null)
            return weights;
        var columns = Exponents(part, block, _columnScale ?? _rowScale, Blocks.Scratch(1, length, _columns)).sub_(_columnSums).exp_().mul_(_columnFactors!);
        (_columnProducts ?? _rowProducts!).AddInPlace(Product(columns, part));
        return weights.AddInPlace(columns);
    }

    // A guest has the first rows and columns only.
    private Tensor? Part(Tensor affinities, RowBlock block)
    {
        var length = Math.Min(block.Length, _rows - block.Start);
        if (length <= 0)
            return null;
        var rows = length == block.Length ? affinities : affinities.narrow(0, 0, length);
        return _columns == Blocks.Columns ? rows : rows.narrow(1, 0, _columns);
    }

    private Tensor Exponents(Tensor affinities, RowBlock block, Tensor scale, Tensor target)
    {
        target.copy_(affinities).mul_(scale);
        var count = Math.Clamp(_request.Excluded - block.Start, 0, target.size(0));
        if (count > 0)
            target.diagonal(block.Start).narrow(0, 0, count).fill_(Scalars.Of(Pairwise.Excluded));
        return target;
    }

    private Tensor Product(Tensor weights, Tensor affinities) =>
        Pairwise.Inner(weights, affinities.is_contiguous() ? affinities : Blocks.Scratch(2, affinities.size(0), affinities.size(1)).copy_(affinities));
}
