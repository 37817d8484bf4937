using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Milliseconds of processor time of a training step, by what they went into.</summary>
internal sealed record TrainingPhases(double Gather, double Encode, double Loss, double Backward, double Optimizer)
{
    public double Step => Gather + Encode + Loss + Backward + Optimizer;
}

/// <summary>
/// The steps of a preset's towers at a batch, made of the training's own parts, without its validation, reports and checkpoints; and the matrix products
/// of the same shapes. Vectors of 256 numbers a side. A preset that looks at unpaired samples has half of its rows in pairs, others all.
/// </summary>
internal sealed class TrainingSteps : IDisposable
{
    public const int Features = 256;

    private const int FewestRows = 4096, StepsBetweenTrims = 100, TeacherDimension = 64;

    private readonly GentleClipOptions _options;
    private readonly TrainingData _data;
    private readonly BatchPlan _plan;
    private readonly RandomSource _random = new(1);
    private readonly MixedBatchSampler _sampler;
    private readonly TwoTowerModel _model;
    private readonly TotalLoss _loss;
    private readonly AdamW _optimizer;
    private readonly NoiseSource _noise;
    private readonly ViewedTwice _viewedTwice;
    private readonly Tensor _teacherA, _teacherB;
    private readonly (Tensor Left, Tensor Right, Tensor Target)[] _products;
    private int _steps;

    private sealed class Row
    {
        [VectorType(Features)]
        public float[]? A { get; set; }

        [VectorType(Features)]
        public float[]? B { get; set; }
    }

    public TrainingSteps(GentleClipPreset preset, int batch)
    {
        (Preset, Batch) = (preset, batch);
        _options = GentleClipOptions.FromPreset(preset);
        (_options.ModalityA, _options.ModalityB, _options.Batches.Size) = (Modality.Vector("EA", "A"), Modality.Vector("EB", "B"), batch);
        var objectives = _options.Objectives;
        var rows = Math.Max(2 * batch, FewestRows);
        _data = TrainingData.Read(
            new MLContext(1).Data.LoadFromEnumerable(Rows(objectives.Needs.UnpairedSamples ? rows / 2 : rows, rows).ToList()), _options, () => { });
        _plan = BatchPlan.Create(_options, objectives, _data.PairCount, _data.A.Unpaired.Count, _data.B.Unpaired.Count);
        _sampler = new(_data, _plan, _random);
        _viewedTwice = new(_sampler, objectives.Needs, CPU);
        using var generator = new Generator(1);
        _model = new(new(new(_options.ModalityA, Features), new(_options.ModalityB, Features), _options.EmbeddingDimension, _options.Temperature), generator);
        (_loss, _noise) = (new(objectives), new(_random.Torch("noise")));
        _optimizer = new(_model.named_parameters().Select(entry => entry.parameter).Concat(_loss.parameters()), _options.Optimizer.WeightDecay);
        (_teacherA, _teacherB) = (Teacher(RowsA, 1), Teacher(RowsB, 2));
        using var scope = NewDisposeScope();
        _products = [.. TowerProducts().Concat(LossProducts()).Select(product => (
            rand(product.Rows, product.Inner).DetachFromDisposeScope(), rand(product.Inner, product.Columns).DetachFromDisposeScope(),
            empty(product.Rows, product.Columns).DetachFromDisposeScope()))];
    }

    public GentleClipPreset Preset { get; }

    public int Batch { get; }

    /// <summary>Rows of A in a batch.</summary>
    public int RowsA => _plan.Pairs + _plan.UnpairedA;

    /// <summary>Rows of B in a batch.</summary>
    public int RowsB => _plan.Pairs + _plan.UnpairedB;

    /// <summary>Rows that go through a tower in a step: second views count again.</summary>
    public int EncodedRows => RowsA + RowsB + Second(Side.A) + Second(Side.B);

    // Rows of a side that are embedded twice.
    private int Second(Side side) => HasSecondViews ? _viewedTwice.Count(side) : 0;

    private bool HasSecondViews => _options.Objectives.Needs.SecondViews;

    /// <summary>Takes steps, and gives the mean of each phase.</summary>
    public TrainingPhases Run(int steps)
    {
        var times = new double[5];
        for (var i = 0; i < steps; i++)
            Step(times);
        return new(times[0] / steps, times[1] / steps, times[2] / steps, times[3] / steps, times[4] / steps);
    }

    /// <summary>Processor time of the matrix products alone, into buffers that are there already.</summary>
    public double RunProducts(int steps)
    {
        var start = Now;
        for (var i = 0; i < steps; i++)
            foreach (var (left, right, target) in _products)
                target.addmm_(left, right, 0, 1);
        return (Now - start) / steps;
    }

    public void Dispose()
    {
        foreach (var (left, right, target) in _products)
        {
            left.Dispose();
            right.Dispose();
            target.Dispose();
        }
        _teacherA.Dispose();
        _teacherB.Dispose();
        _optimizer.Dispose();
        _loss.Dispose();
        _model.Dispose();
        _random.Dispose();
        _viewedTwice.Dispose();
        _data.Dispose();
    }

    private static double Now => Environment.CpuUsage.TotalTime.TotalMilliseconds;

    private void Step(double[] times)
    {
        var start = Now;
        using var scope = NewDisposeScope();
        _sampler.Next();
        var (a, b) = (_data.A.Store.Gather(_sampler.Positions(Side.A)), _data.B.Store.Gather(_sampler.Positions(Side.B)));
        var (secondA, secondB) = HasSecondViews ? (Gathered(Side.A), Gathered(Side.B)) : (null, null);
        Lap(0);
        var input = new ObjectiveInput
        {
            EmbeddingsA = _model.TowerA.Embed(a, _noise),
            EmbeddingsB = _model.TowerB.Embed(b, _noise),
            SecondViewsA = secondA is null ? null : _model.TowerA.Embed(secondA, _noise),
            SecondViewsB = secondB is null ? null : _model.TowerB.Embed(secondB, _noise),
            ViewedTwice = _viewedTwice.Rows,
            ClosedFormA = _options.Objectives.Needs.ClosedForm ? _teacherA : null,
            ClosedFormB = _options.Objectives.Needs.ClosedForm ? _teacherB : null,
            NumberOfPairs = _plan.Pairs,
            Step = 999, // behind all ramps
            NumberOfSteps = 1000,
            LogScale = _model.LogitScale,
        };
        Lap(1);
        using var losses = _loss.Compute(input);
        Lap(2);
        _optimizer.ZeroGradients();
        losses.Total.backward();
        Lap(3);
        _optimizer.Step(1e-3, _options.Optimizer.GradientClipNorm);
        LogitScale.Clamp(_model.LogitScale);
        if (++_steps % StepsBetweenTrims == 0)
            NativeHeap.Trim();
        Lap(4);

        ModalityBatch Gathered(Side side) => _viewedTwice.Some(side, _sampler.Positions(side).ToArray()) is { } some
            ? _data.Sides[side].Store.Gather(some)
            : side == Side.A ? a : b;

        void Lap(int phase)
        {
            var now = Now;
            times[phase] += now - start;
            start = now;
        }
    }

    // Forward, the gradient of the weights, and that of the inputs but for the first layer.
    private IEnumerable<(long Rows, long Inner, long Columns)> TowerProducts()
    {
        (Tower, int Rows)[] views =
            [(_model.TowerA, RowsA), (_model.TowerB, RowsB), (_model.TowerA, Second(Side.A)), (_model.TowerB, Second(Side.B))];
        foreach (var (tower, rows) in views.Where(view => view.Rows > 0))
        {
            var isFirst = true;
            foreach (var weight in tower.parameters().Where(parameter => parameter.ndim == 2))
            {
                var (from, to) = (weight.size(1), weight.size(0));
                yield return (rows, from, to);
                yield return (to, rows, from);
                if (!isFirst)
                    yield return (rows, to, from);
                isFirst = false;
            }
        }
    }

    // Each matrix of similarities once, and its gradient: one product for a set against itself, two otherwise.
    private IEnumerable<(long Rows, long Inner, long Columns)> LossProducts()
    {
        long a = RowsA, b = RowsB, secondA = Second(Side.A), secondB = Second(Side.B), n = _plan.Pairs, dim = _options.EmbeddingDimension;
        var objectives = _options.Objectives;
        var all = objectives.Any(objective => objective is MmdObjective or SddObjective);
        if (all)
        {
            foreach (var own in new[] { a, b })
                foreach (var product in new[] { (own, dim, own), (own, own, dim) })
                    yield return product;
            foreach (var product in Both(a, b))
                yield return product;
        }
        foreach (var objective in objectives)
        {
            IEnumerable<(long, long, long)> own = objective switch
            {
                ContrastiveObjective { UnpairedNegatives: null } when !all => Both(n, n),
                ContrastiveObjective { UnpairedNegatives: not null } when !all => [.. Both(a, n), .. Both(n, b - n)],
                SelfSupervisedObjective { Form: SelfSupervisedForm.SimCse } => [.. Both(secondA, secondA), .. Both(secondB, secondB)],
                PseudoLabelObjective when !all => [(a - n, dim, n), (b - n, dim, n)],
                KlotObjective => [.. Both(a - n, b - n), (a - n, TeacherDimension, b - n)],
                _ => [],
            };
            foreach (var product in own)
                yield return product;
        }

        IEnumerable<(long, long, long)> Both(long rows, long columns) => [(rows, dim, columns), (rows, columns, dim), (columns, rows, dim)];
    }

    private static Tensor Teacher(int rows, ulong seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed);
        return nn.functional.normalize(randn(rows, TeacherDimension, generator: generator)).DetachFromDisposeScope();
    }

    // Pairs, then rows of one side: as many of each side as there are rows.
    private static IEnumerable<Row> Rows(int pairs, int rows)
    {
        var random = new Random(7);
        for (var i = 0; i < pairs + 2 * (rows - pairs); i++)
            yield return new Row { A = i < rows ? Values() : null, B = i < pairs || i >= rows ? Values() : null };

        float[] Values() => [.. Enumerable.Range(0, Features).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
