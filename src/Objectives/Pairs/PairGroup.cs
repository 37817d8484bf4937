using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>One matrix of affinities with all statistics of it, block by block in forward and in backward. Holds no graph.</summary>
internal sealed class PairGroup(
    PairMatrix matrix, IReadOnlyList<PairGroup.Part> parts, IReadOnlyList<Tensor> inputs, Tensor output, PairPlan plan, PairWorkspace workspace,
    bool keep)
{
    private const int DotScratch = 3, GradientScratch = 4, TermScratch = 5;

    private readonly bool _distances = parts.Any(part => part.Request.OfDistances), _dots = parts.Any(part => !part.Request.OfDistances);
    private PairBlocks? _blocks;
    private PairTerm[] _terms = [];
    private Tensor? _rowGradient, _columnGradient, _columnSums, _dotColumnSums;

    /// <summary>A request, its numbers in the output, and its scalars.</summary>
    internal readonly record struct Part(PairRequest Request, long Start, long Length, IReadOnlyList<Tensor> Scalars);

    public PairBlocks Blocks => _blocks!;

    public IEnumerable<Tensor?> ScalarGradients => _terms.SelectMany(term => term.ScalarGradients);

    /// <summary>Makes what all blocks need, in the current scope.</summary>
    /// <param name="isNew">Whether no block has been written, whatever was opened before.</param>
    public void Open(bool isNew = false)
    {
        var (x, y) = Sides(inputs);
        _blocks = new(matrix, x!.detach(), y!.detach(), _distances, _dots, plan, workspace, keep, isNew);
        _terms = [.. parts.Select(part => Start(part.Request, _blocks, output.narrow(0, part.Start, part.Length), part.Scalars))];
    }

    public void Forward(RowBlock block)
    {
        var (affinities, dots) = Write(block);
        foreach (var (term, part) in _terms.Zip(parts))
            term.Forward(part.Request.OfDistances ? affinities : dots!, block);
    }

    public void End()
    {
        foreach (var term in _terms)
            term.End();
    }

    /// <summary>Before the first block of backward.</summary>
    /// <param name="gradient">Of the output.</param>
    /// <param name="gradients">Of the sets of rows, to which this matrix' share is added.</param>
    public void Begin(Tensor gradient, IReadOnlyList<Tensor?> gradients)
    {
        foreach (var (term, part) in _terms.Zip(parts))
            term.Begin(gradient.narrow(0, part.Start, part.Length));
        (_rowGradient, _columnGradient) = Sides(gradients);
        if (Blocks.Symmetric)
            _columnGradient = null;
        else if (_distances)
            (_columnSums, _dotColumnSums) = (Zeros(), _dots ? Zeros() : null);

        Tensor Zeros() => zeros(Blocks.Columns, output.dtype, output.device);
    }

    public void Backward(RowBlock block)
    {
        var (affinities, dots) = Write(block);
        var weights = Blocks.Scratch(GradientScratch, block.Length, Blocks.Columns);
        var rows = Blocks.RowVectors.narrow(0, block.Start, block.Length);
        var rowGradient = _rowGradient!.narrow(0, block.Start, block.Length);
        var isFirst = true;
        for (var i = 0; i < _terms.Length; i++)
        {
            var ofDistances = parts[i].Request.OfDistances;
            if (_distances && !ofDistances && parts[i - 1].Request.OfDistances)
                AddSums(weights);
            var target = isFirst ? weights : Blocks.Scratch(TermScratch, block.Length, Blocks.Columns);
            var own = _terms[i].Backward(ofDistances ? affinities : dots!, block, target);
            if (own is null)
                continue;
            if (!isFirst)
                Corner(weights, own).AddInPlace(own);
            isFirst = false;
            if (_distances && !ofDistances)
                AddShift(own);
        }

        if (!_dots && _distances)
            AddSums(weights);
        rowGradient.addmm_(weights, Blocks.ColumnVectors);
        _columnGradient?.addmm_(weights.t(), rows, 1, _distances ? 0.5f : 1);

        // d(-|x - y|²) = 2 <y, dx> - 2 <x, dx>, and the weights of distances hold the 2.
        void AddSums(Tensor ofDistances)
        {
            rowGradient.addcmul_(ofDistances.sum(dim: 1, keepdim: true), rows, Scalars.Of(-0.5)); // rows hold the factor 2
            _columnSums?.AddInPlace(ofDistances.sum(dim: 0));
        }

        // The vectors are shifted, inner products are not.
        void AddShift(Tensor ofDots)
        {
            rowGradient.narrow(0, 0, ofDots.size(0)).addmm_(ofDots.sum(dim: 1, keepdim: true), Blocks.Center!);
            _dotColumnSums?.narrow(0, 0, ofDots.size(1)).AddInPlace(ofDots.sum(dim: 0));
        }
    }

    public void EndBackward()
    {
        if (_columnSums is not null)
            _columnGradient!.addcmul_(_columnSums.unsqueeze(1), Blocks.ColumnVectors, Scalars.Of(-1));
        if (_dotColumnSums is not null)
            _columnGradient!.addmm_(_dotColumnSums.unsqueeze(1), Blocks.Center!);
    }

    private (Tensor Affinities, Tensor? Dots) Write(RowBlock block)
    {
        var affinities = Blocks.Write(block);
        return (affinities, !_dots ? null : _distances ? Blocks.WriteDots(affinities, block, DotScratch) : affinities);
    }

    private static Tensor Corner(Tensor weights, Tensor like) => weights.narrow(0, 0, like.size(0)).narrow(1, 0, like.size(1));

    private (T X, T Y) Sides<T>(IReadOnlyList<T> sets) => matrix switch
    {
        PairMatrix.A => (sets[0], sets[0]),
        PairMatrix.B => (sets[1], sets[1]),
        PairMatrix.AB => (sets[0], sets[1]),
        PairMatrix.SecondViewsA => (sets[0], sets[2]),
        _ => (sets[1], sets[3]),
    };

    private static PairTerm Start(PairRequest request, PairBlocks blocks, Tensor output, IReadOnlyList<Tensor> scalars) => request switch
    {
        GaussianRequest gaussian => new GaussianTerm(gaussian, blocks, output, scalars[0]),
        PolynomialRequest polynomial => new PolynomialTerm(polynomial, blocks, output),
        LogSumExpRequest sums => new LogSumExpTerm(sums, blocks, output, scalars),
        _ => throw new ArgumentOutOfRangeException(nameof(request), request, null),
    };
}
