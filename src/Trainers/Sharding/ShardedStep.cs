using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.Sharding;

/// <summary>
/// Loss and gradients of a batch that is cut into shards. Each shard's rows are embedded on their own, the embeddings of all processes are gathered, and the
/// objectives see the whole batch as a leaf. What the leaf's gradient says of a shard's rows is then carried through the towers. A process with several
/// shards keeps no activations of any: it embeds each a second time, with the same noise, when its gradient is known (Gao et al. 2021, GradCache).
/// </summary>
internal sealed class ShardedStep : IDisposable
{
    private readonly TwoTowerModel _model;
    private readonly TrainingData _data;
    private readonly AveragedTowers? _averaged;
    private readonly KeywordBatch? _keywords;
    private readonly ClosedFormAlignment? _follows;
    private readonly BatchSharding _sharding;
    private readonly RandomSource _random;
    private readonly Device _device;
    private readonly ShardGradients _gradients;
    private readonly ViewedTwice _viewedTwice;
    private readonly Sides<ShardLayout> _layouts;
    private readonly Sides<ShardLayout>? _secondLayouts;
    private readonly View[] _views;
    private readonly int _width;

    /// <summary>Of a training; nothing is owned but what is made here.</summary>
    public ShardedStep(
        TwoTowerModel model, TrainingData data, MixedBatchSampler sampler, ObjectiveNeeds needs, ViewedTwice viewedTwice, AveragedTowers? averaged,
        KeywordBatch? keywords, ClosedFormAlignment? follows, BatchSharding sharding, RandomSource random, Device device)
    {
        (_model, _data, _viewedTwice, _averaged, _keywords, _follows) = (model, data, viewedTwice, averaged, keywords, follows);
        (_sharding, _random, _device) = (sharding, random, device);
        var (pairs, unpaired) = (sampler.PairsOfShards, sampler.UnpairedOfShards);
        _width = Enumerable.Range(0, sharding.Shards).Max(shard => pairs[shard] + Math.Max(unpaired.A[shard], unpaired.B[shard]));
        _layouts = unpaired.Select(own => new ShardLayout(pairs, own, _width, device));
        if (viewedTwice.Rows is not null)
            _secondLayouts = viewedTwice.UnpairedOfShards.Select(own => new ShardLayout(viewedTwice.PairsOfShards, own, _width, device));
        _views = [new(Side.A, 0), new(Side.B, 0), .. needs.SecondViews ? new View[] { new(Side.A, 1), new(Side.B, 1) } : []];
        _gradients = new ShardGradients(model, sharding);
    }

    /// <summary>Computes a batch; gradients go to the parameters, which have none before.</summary>
    /// <param name="step">Number of the step.</param>
    /// <param name="rows">Its rows; the first shard is begun.</param>
    /// <param name="compute">
    /// Computes the objectives of an input, which lacks the settings of the step, takes note of them and runs their backward pass.
    /// </param>
    public void Run(int step, StepBatch rows, Action<ObjectiveInput> compute)
    {
        _gradients.Begin();
        var keywords = _keywords is null ? null : EmbedKeywords(step);
        var keepsGraphs = _sharding.Own == 1;
        var kept = new Tensor[_views.Length];
        using var shards = Shards(step, rows, passes: keepsGraphs ? 1 : 2).GetEnumerator();
        var gathered = Gather(shards, keepsGraphs ? kept : null);
        var leaves = _views.Select((view, number) => LayoutOf(view).Batch(gathered.Views[number]).requires_grad_()).ToArray();
        var keywordLeaf = keywords?.detach().requires_grad_();
        compute(new ObjectiveInput
        {
            EmbeddingsA = leaves[0],
            EmbeddingsB = leaves[1],
            SecondViewsA = leaves.ElementAtOrDefault(2),
            SecondViewsB = leaves.ElementAtOrDefault(3),
            ViewedTwice = _viewedTwice.Rows,
            AveragedA = Batch(gathered.Averaged, Side.A),
            AveragedB = Batch(gathered.Averaged, Side.B),
            ClosedFormA = Batch(gathered.ClosedForm, Side.A),
            ClosedFormB = Batch(gathered.ClosedForm, Side.B),
            Keywords = keywordLeaf,
            PairHasKeyword = _keywords?.Indicators(rows.Pairs),
            NumberOfPairs = rows.Pairs.Length,
            LogScale = _model.LogitScale,
        });
        for (var shard = _sharding.First; shard < _sharding.First + _sharding.Own; shard++)
        {
            using var scope = NewDisposeScope();
            var open = keepsGraphs ? null : Next(shards);
            for (var number = 0; number < _views.Length; number++)
            {
                using var viewScope = NewDisposeScope();
                var embeddings = open is null ? kept[number] : Embed(open, number);
                if (embeddings.requires_grad && leaves[number].grad is { } gradient)
                    autograd.backward([embeddings], [LayoutOf(_views[number]).Of(gradient, shard)]);
            }
            // Every process embeds the few keywords; the first shard has their gradient.
            if (shard == 0 && keywordLeaf?.grad is { } ofKeywords && keywords!.requires_grad)
                autograd.backward([keywords], [ofKeywords]);
            _gradients.EndShard();
        }
        _gradients.End();

        Tensor? Batch(Sides<Tensor>? shards, Side side) => shards is { } both ? _layouts[side].Batch(both[side]) : null;
    }

    /// <summary>Frees what was made here.</summary>
    public void Dispose()
    {
        _gradients.Dispose();
        foreach (var (_, layout) in _layouts.Each.Concat(_secondLayouts?.Each ?? []))
            layout.Dispose();
    }

    private (Tensor[] Views, Sides<Tensor>? Averaged, Sides<Tensor>? ClosedForm) Gather(IEnumerator<Shard> shards, Tensor[]? kept)
    {
        var own = new Dictionary<(string Kind, int Number), Tensor>();
        for (var i = 0; i < _sharding.Own; i++)
        {
            using var scope = NewDisposeScope();
            var open = Next(shards);
            for (var number = 0; number < _views.Length; number++)
            {
                var embeddings = Embed(open, number);
                Put("view", number, i, embeddings.detach());
                if (kept is not null)
                    kept[number] = embeddings.MoveToOuterDisposeScope();
            }
            var (a, b) = open.Batches;
            if (_averaged?.Embed(a.Whole, b.Whole) is { } averaged)
            {
                Put("averaged", 0, i, averaged.A);
                Put("averaged", 1, i, averaged.B);
            }
            if (_follows is not null)
            {
                Put("closed form", 0, i, _follows.Embed(a.Examples.AlignedRows, Side.A));
                Put("closed form", 1, i, _follows.Embed(b.Examples.AlignedRows, Side.B));
            }
        }
        return ([.. _views.Select((_, number) => All("view", number))], Both(_averaged is not null, "averaged"), Both(_follows is not null, "closed form"));

        void Put(string kind, int number, int shard, Tensor rows)
        {
            if (!own.TryGetValue((kind, number), out var all))
                own.Add((kind, number), all = zeros([_sharding.Own, _width, rows.size(1)], rows.dtype, _device).MoveToOuterDisposeScope());
            using var target = all.select(0, shard).narrow(0, 0, rows.size(0));
            target.copy_(rows);
        }

        Tensor All(string kind, int number)
        {
            var mine = own[(kind, number)];
            return _sharding.Group.Gather(mine, "gathering embeddings").reshape(_sharding.Shards, _width, mine.size(2));
        }

        Sides<Tensor>? Both(bool isThere, string kind) => isThere ? new Sides<Tensor>(All(kind, 0), All(kind, 1)) : null;
    }

    /// <summary>Begins the first shard of this process.</summary>
    public OpenShard OpenFirst(int step, Sides<int[]> positions) => Open(step, _sharding.First, positions);

    // A shard at a time: while one computes, the next one is prepared on other threads.
    private IEnumerable<Shard> Shards(int step, StepBatch rows, int passes)
    {
        OpenShard? next = null;
        try
        {
            for (var turn = 0; turn < passes * _sharding.Own; turn++)
            {
                using var open = next ?? rows.FirstShard!;
                next = turn + 1 < passes * _sharding.Own ? Open(step, _sharding.First + (turn + 1) % _sharding.Own, rows.Positions) : null;
                using var a = open.Work.A.Take().To(_device);
                using var b = open.Work.B.Take().To(_device);
                yield return new Shard(new(a, b), open.Noise);
            }
        }
        finally
        {
            next?.Dispose();
        }
    }

    private Shard Next(IEnumerator<Shard> shards)
    {
        _gradients.BeginShard();
        return shards.MoveNext() ? shards.Current : throw new InvalidOperationException("The step asks for more shards than were begun.");
    }

    private OpenShard Open(int step, int shard, Sides<int[]> positions)
    {
        var work = Sides<TowerWork>.Of(side => (side == Side.A ? _model.TowerA : _model.TowerB).Work(
            _data.Sides[side].Store, _layouts[side].Of(positions[side], shard)));
        var noise = new List<(Generator Source, NoiseSource Noise)>();
        foreach (var view in _views)
        {
            var generator = Generator(step, shard, view);
            noise.Add((generator, new NoiseSource(generator)));
            var some = view.Number == 0 ? null : _viewedTwice.Some(view.Side, positions[view.Side]);
            work[view.Side].AddView(noise[^1].Noise, some is null ? null : LayoutOf(view).Of(some, shard));
        }
        return new OpenShard(work.Select(side => side.Begin()), noise);
    }

    private ShardLayout LayoutOf(View view) => view.Number == 1 && _secondLayouts is { } layouts ? layouts[view.Side] : _layouts[view.Side];

    private Tensor Embed(Shard shard, int number)
    {
        var view = _views[number];
        return (view.Side == Side.A ? _model.TowerA : _model.TowerB).Embed(shard.Batches[view.Side].Views[view.Number], shard.Noise[number].Noise);
    }

    private Tensor EmbedKeywords(int step)
    {
        _gradients.BeginShard();
        using var generator = Generator(step, _sharding.Shards, new View(_keywords!.Side, 0));
        return (_keywords.Side == Side.A ? _model.TowerA : _model.TowerB).Embed(_keywords.Samples, new NoiseSource(generator));
    }

    // By what a row is in the batch, never by the process that embeds it.
    private Generator Generator(int step, int shard, View view) =>
        _random.TorchAt("noise", [step, shard, view.Side == Side.A ? 0 : 1, view.Number]);

    /// <summary>What a shard is embedded as: a side, and which of its noisy views.</summary>
    private readonly record struct View(Side Side, int Number);

    private sealed record Shard(Sides<TowerBatch> Batches, IReadOnlyList<(Generator Source, NoiseSource Noise)> Noise);
}
