using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>How good the predictions for validation rows are, in the figure that a user of the task knows.</summary>
internal static class ValidationScore
{
    /// <summary>Accuracy; F1 over all known labels at a probability of 0.5; R squared.</summary>
    /// <param name="model">For the task and the unit of numbers.</param>
    /// <param name="outputs">Of the head, <c>[rows, labels]</c>.</param>
    /// <param name="labels">As they are read, <c>[rows, width]</c>.</param>
    public static double Of(FineTunedModel model, Tensor outputs, Tensor labels)
    {
        using var scope = NewDisposeScope();
        switch (model.Spec.Label.Task)
        {
            case FineTuningTask.Multiclass:
                return Mean(outputs.argmax(1).eq(labels.to(ScalarType.Int64).squeeze(1)));
            case FineTuningTask.Binary:
                return Mean(outputs.gt(Scalars.Zero).eq(labels.gt(Scalars.Zero)));
            case FineTuningTask.Regression:
                var target = model.Scaled(labels).to(ScalarType.Float64);
                var spread = (target - target.mean()).Squared().sum().item<double>();
                var error = (target - outputs.to(ScalarType.Float64)).Squared().sum().item<double>();
                return spread > 0 ? 1 - error / spread : double.NaN;
            default:
                var isKnown = labels.isnan().logical_not();
                var predicted = outputs.gt(Scalars.Zero).logical_and(isKnown);
                var has = labels.nan_to_num(0).gt(Scalars.Zero);
                var hits = Count(predicted.logical_and(has));
                var all = Count(predicted) + Count(has);
                return all > 0 ? 2.0 * hits / all : 1;
        }
    }

    private static double Mean(Tensor isRight) => isRight.to(ScalarType.Float64).mean().item<double>();

    private static long Count(Tensor isTrue) => isTrue.to(ScalarType.Int64).sum().item<long>();
}
