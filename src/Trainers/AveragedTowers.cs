using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>A moving average of the towers' weights: a steadier judge of which unpaired samples may belong together.</summary>
internal sealed class AveragedTowers : IDisposable
{
    private readonly TwoTowerModel _average;
    private readonly double _decay;

    /// <summary>Starts from the model as it is.</summary>
    public AveragedTowers(TwoTowerModel model, double decay, Device device)
    {
        _decay = decay;
        using var generator = new Generator(0);
        _average = new TwoTowerModel(model.Spec, generator).to(device);
        _average.CopyWeights(model);
    }

    /// <summary>The average's weights that move, by name, for a checkpoint; the caller's scope owns the handles.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Weights => _average.ChangingWeights();

    /// <summary>Moves the average towards the model.</summary>
    public void Update(TwoTowerModel model)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var average = _average.state_dict();
        foreach (var (name, value) in model.ChangingWeights())
        {
            if (value.is_floating_point())
                average[name].mul_(Scalars.Of(_decay)).add_(value, Scalars.Of(1 - _decay));
            else
                average[name].copy_(value); // batch normalisation counts its batches
        }
    }

    /// <summary>Embeddings of a batch without noise and without gradients.</summary>
    public (Tensor A, Tensor B) Embed(ModalityBatch a, ModalityBatch b)
    {
        using var frozen = no_grad();
        return (_average.TowerA.Embed(a, noise: null), _average.TowerB.Embed(b, noise: null));
    }

    /// <summary>Frees the average.</summary>
    public void Dispose() => _average.Dispose();
}
