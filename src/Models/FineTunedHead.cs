using System.Numerics.Tensors;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>The head of a fine-tuned model without torch: scores of one row's features. Thread-safe.</summary>
/// <param name="label">What is predicted.</param>
/// <param name="weight">The matrix, <c>[labels, features]</c>, row-major.</param>
/// <param name="bias">Its bias.</param>
/// <param name="mean">Subtracted from the features.</param>
/// <param name="scale">What they are multiplied by then.</param>
/// <param name="unit">Mean and standard deviation of the numbers that are predicted.</param>
internal sealed class FineTunedHead(LabelSpec label, float[] weight, float[] bias, float[] mean, float[] scale, (float Mean, float Scale) unit)
{
    /// <summary>The head of a saved model.</summary>
    /// <param name="label">What is predicted.</param>
    /// <param name="weights">All of the model.</param>
    /// <param name="features">Width of the features of both sides.</param>
    /// <exception cref="InvalidDataException">A tensor is missing, or of another size.</exception>
    public static FineTunedHead Of(LabelSpec label, RawWeights weights, int features) => new(
        label, weights.Singles("head.weight", (long)label.Count * features), weights.Singles("head.bias", label.Count),
        weights.Singles("feature_mean", features), weights.Singles("feature_scale", features),
        label.Task == FineTuningTask.Regression ? (weights.Singles("label_mean", 1)[0], weights.Singles("label_scale", 1)[0]) : (0, 1));

    /// <summary>Number of features.</summary>
    public int FeatureCount => mean.Length;

    /// <summary>Number of scores.</summary>
    public int ScoreCount => bias.Length;

    /// <summary>Computes scores, and probabilities where they are another thing; NaN in every slot where a feature is.</summary>
    /// <param name="features">The features of both sides; overwritten.</param>
    /// <param name="scores">Receives probabilities of classes, logits of labels, or a number.</param>
    /// <param name="probabilities">Receives probabilities of labels.</param>
    public void Score(Span<float> features, Span<float> scores, Span<float> probabilities)
    {
        TensorPrimitives.Subtract(features, mean, features);
        TensorPrimitives.Multiply(features, scale, features);
        for (var i = 0; i < scores.Length; i++)
            scores[i] = TensorPrimitives.Dot<float>(features, weight.AsSpan(i * features.Length, features.Length)) + bias[i];
        if (!float.IsFinite(TensorPrimitives.Sum<float>(scores)))
        {
            scores.Fill(float.NaN);
            probabilities.Fill(float.NaN);
        }
        else if (label.Task == FineTuningTask.Multiclass)
            Softmax(scores);
        else if (label.Task == FineTuningTask.Regression)
            scores[0] = scores[0] * unit.Scale + unit.Mean;
        else
            TensorPrimitives.Sigmoid(scores, probabilities);
    }

    private static void Softmax(Span<float> scores)
    {
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
        TensorPrimitives.SoftMax(scores, scores);
    }
}
