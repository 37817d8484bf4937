using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
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
    private readonly MixedBatchSampler _sampler;
    private readonly AveragedTowers? _averaged;
    private readonly KeywordBatch? _keywords;
    private readonly ClosedFormAlignment? _follows;
    private readonly BatchSharding _sharding;
    private readonly RandomSource _random;
    private readonly Device _device;
    private readonly ShardGradients _gradients;
    private readonly Sides<ShardLayout> _layouts;
    private readonly View[] _views;
    private readonly int _width;

    /// <summary>Of a training; nothing is owned but what is made here.</summary>
    public ShardedStep(
        TwoTowerModel model, TrainingData data, MixedBatchSampler sampler, ObjectiveNeeds needs, AveragedTowers? averaged, KeywordBatch? keywords,
        ClosedFormAlignment? follows, BatchSharding sharding, RandomSource random, Device device)
    {
        (_model, _data, _sampler, _averaged, _keywords, _follows) = (model, data, sampler, averaged, keywords, follows);
        (_sharding, _random, _device) = (sharding, random, device);
        var (pairs, unpaired) = (sampler.PairsOfShards, sampler.UnpairedOfShards);
        _width = Enumerable.Range(0, sharding.Shards).Max(shard => pairs[shard] + Math.Max(unpaired.A[shard], unpaired.B[shard]));
        _layouts = unpaired.Select(own => new ShardLayout(pairs, own, _width, device));
        _views = [new(Side.A, 0), new(Side.B, 0), .. needs.SecondViews ? new View[] { new(Side.A, 1), new(Side.B, 1) } : []];
        _gradients = new ShardGradients(model, sharding);
    }

    /// <summary>Computes the batch that the sampler holds; gradients go to the parameters, which have none before.</summary>
    /// <param name="step">Number of the step.</param>
    /// <param name="compute">
    /// Computes the objectives of an input, which lacks the settings of the step, takes note of them and runs their backward pass.
    /// </param>
    public void Run(int step, Action<ObjectiveInput> compute)
    {
        _gradients.Begin();
        var keywords = _keywords is null ? null : EmbedKeywords(step);
        var keepsGraphs = _sharding.Own == 1;
        var kept = new Tensor[_views.Length];
        var gathered = Gather(step, keepsGraphs ? kept : null);
        var leaves = _views.Select((view, number) => _layouts[view.Side].Batch(gathered.Views[number]).requires_grad_()).ToArray();
        var keywordLeaf = keywords?.detach().requires_grad_();
        compute(new ObjectiveInput
        {
            EmbeddingsA = leaves[0],
            EmbeddingsB = leaves[1],
            SecondViewsA = leaves.ElementAtOrDefault(2),
            SecondViewsB = leaves.ElementAtOrDefault(3),
            AveragedA = Batch(gathered.Averaged, Side.A),
            AveragedB = Batch(gathered.Averaged, Side.B),
            ClosedFormA = Batch(gathered.ClosedForm, Side.A),
            ClosedFormB = Batch(gathered.ClosedForm, Side.B),
            Keywords = keywordLeaf,
            PairHasKeyword = _keywords?.Indicators(_sampler.Pairs),
            NumberOfPairs = _sampler.Pairs.Length,
            LogScale = _model.LogitScale,
        });
        for (var shard = _sharding.First; shard < _sharding.First + _sharding.Own; shard++)
        {
            using var scope = NewDisposeScope();
            var open = keepsGraphs ? null : Open(step, shard);
            for (var number = 0; number < _views.Length; number++)
            {
                using var viewScope = NewDisposeScope();
                var embeddings = open is null ? kept[number] : open[number].Embed();
                if (embeddings.requires_grad && leaves[number].grad is { } gradient)
                    autograd.backward([embeddings], [_layouts[_views[number].Side].Of(gradient, shard)]);
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
        foreach (var (_, layout) in _layouts.Each)
            layout.Dispose();
    }

    private (Tensor[] Views, Sides<Tensor>? Averaged, Sides<Tensor>? ClosedForm) Gather(int step, Tensor[]? kept)
    {
        var own = new Dictionary<(string Kind, int Number), Tensor>();
        for (var i = 0; i < _sharding.Own; i++)
        {
            using var scope = NewDisposeScope();
            var shard = _sharding.First + i;
            var open = Open(step, shard);
            for (var number = 0; number < _views.Length; number++)
            {
                var embeddings = open[number].Embed();
                Put("view", number, i, embeddings.detach());
                if (kept is not null)
                    kept[number] = embeddings.MoveToOuterDisposeScope();
            }
            var (a, b) = (open[0].Batch, open[1].Batch);
            if (_averaged?.Embed(a, b) is { } averaged)
            {
                Put("averaged", 0, i, averaged.A);
                Put("averaged", 1, i, averaged.B);
            }
            if (_follows is not null)
            {
                Put("closed form", 0, i, _follows.Embed(a.AlignedRows, Side.A));
                Put("closed form", 1, i, _follows.Embed(b.AlignedRows, Side.B));
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

    // What takes long without torch, such as the search for neighbouring residues, runs on other threads while a tower computes.
    private OpenView[] Open(int step, int shard)
    {
        _gradients.BeginShard();
        var (a, b) = (Of(Side.A, _data.A.Store, _sampler.Positions(Side.A)), Of(Side.B, _data.B.Store, _sampler.Positions(Side.B)));
        return [.. _views.Select(view =>
        {
            var (tower, batch) = view.Side == Side.A ? (_model.TowerA, a) : (_model.TowerB, b);
            var generator = Generator(step, shard, view);
            var noise = new NoiseSource(generator);
            return new OpenView(tower, batch, tower.Prepare(batch, noise), noise, generator);
        })];

        ModalityBatch Of(Side side, ExampleStore store, ReadOnlySpan<int> positions) => store.Gather(_layouts[side].Of(positions, shard), _device);
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

    // What is random about a view is drawn when it is prepared and when it is embedded, once.
    private sealed record OpenView(Tower Tower, ModalityBatch Batch, ModalityBatch Prepared, NoiseSource Noise, Generator Source)
    {
        public Tensor Embed()
        {
            using (Source)
                return Tower.Embed(Prepared, Noise);
        }
    }
}
