using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Keeps a copy of the weights of the epoch that validated best.</summary>
internal sealed class BestWeights : IDisposable
{
    private readonly Dictionary<string, Tensor> _weights = [];

    /// <summary>Best score so far, the lowest; null before the first.</summary>
    public double? Score { get; private set; }

    /// <summary>Epoch of the best score.</summary>
    public int Epoch { get; private set; }

    /// <summary>The copy, by name, for a checkpoint; empty before the first.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights => _weights;

    /// <summary>Goes on where a checkpoint was taken; the weights are copied.</summary>
    public void SetState(double? score, int epoch, IEnumerable<KeyValuePair<string, Tensor>> weights)
    {
        Dispose();
        foreach (var (name, value) in weights)
            _weights[name] = value.detach().clone().DetachFromDisposeScope();
        Score = score;
        Epoch = epoch;
    }

    /// <summary>
    /// Offers the current weights; they are copied unless earlier ones scored lower. Of equals the latest stay: a figure that does not
    /// tell two epochs apart is no reason to give up what the later one learnt.
    /// </summary>
    public bool Offer(SidedModel model, double score, int epoch)
    {
        if (score > Score)
            return false;
        Dispose();
        using var frozen = no_grad();
        foreach (var (name, value) in model.ChangingWeights())
            _weights[name] = value.detach().clone().DetachFromDisposeScope();
        Score = score;
        Epoch = epoch;
        return true;
    }

    /// <summary>Puts the best weights back.</summary>
    public void Restore(SidedModel model)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, value) in model.ChangingWeights())
            value.copy_(_weights[name]);
    }

    /// <summary>Frees the copy.</summary>
    public void Dispose()
    {
        foreach (var weight in _weights.Values)
            weight.Dispose();
        _weights.Clear();
    }
}
