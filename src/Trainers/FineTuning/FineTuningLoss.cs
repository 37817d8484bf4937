using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>The loss of a fine-tuning: cross entropy of classes, of each label, or squared error; a weighted mean over the batch.</summary>
internal sealed class FineTuningLoss : IDisposable
{
    private readonly FineTunedModel _model;
    private readonly Tensor? _weights;

    /// <summary>Weighs rows by how often their labels occur.</summary>
    public FineTuningLoss(FineTunedModel model, LabelShares shares, ClassWeighting weighting, Device device)
    {
        _model = model;
        if (model.Spec.Label.Task == FineTuningTask.Regression)
            return;
        using var scope = NewDisposeScope();
        var weights = tensor(shares.Weights(weighting));
        _weights = (model.Spec.Label.Task == FineTuningTask.Multiclass ? weights : weights.view(2, -1)).to(device).DetachFromDisposeScope();
    }

    /// <summary>Sums over a batch: the weighted losses, and the weights; scalars.</summary>
    /// <param name="outputs">Of the head, <c>[batch, labels]</c>.</param>
    /// <param name="labels">As they are read, <c>[batch, width]</c>.</param>
    public (Tensor Loss, Tensor Weight) Sums(Tensor outputs, Tensor labels)
    {
        switch (_model.Spec.Label.Task)
        {
            case FineTuningTask.Multiclass:
                var classes = labels.to(ScalarType.Int64);
                var weight = _weights!.index_select(0, classes.squeeze(1));
                var entropy = nn.functional.log_softmax(outputs, 1).gather(1, classes).squeeze(1).neg();
                return ((entropy * weight).sum(), weight.sum());
            case FineTuningTask.Regression:
                var squares = (outputs - _model.Scaled(labels)).Squared();
                return (squares.sum(), tensor((float)labels.size(0), device: labels.device));
            default:
                var isKnown = labels.isnan().logical_not();
                var target = labels.nan_to_num(0);
                var weights = (target * _weights![0]).Plus(target.neg().Plus(1L) * _weights[1]);
                weights = weights * isKnown.to(weights.dtype);
                // log(1 + exp(x)) - x t without overflow.
                var losses = (outputs.relu() - outputs * target).Plus(outputs.abs().neg().exp().log1p());
                return ((losses * weights).sum(), weights.sum());
        }
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => _weights?.Dispose();
}
