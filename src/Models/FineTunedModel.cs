using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>
/// One or two encoders, their features side by side, standardised by fixed numbers, and a linear head: logits of classes or labels, or a number.
/// </summary>
internal sealed class FineTunedModel : SidedModel
{
    private readonly Tower? tower_a;
    private readonly Tower? tower_b;
    private readonly Tensor feature_mean;
    private readonly Tensor feature_scale;
    private readonly Tensor? label_mean;
    private readonly Tensor? label_scale;
    private readonly Linear head;

    /// <summary>Creates a model whose encoders have fresh weights and whose head is 0.</summary>
    public FineTunedModel(FineTunedSpec spec, Generator generator) : base(nameof(FineTunedModel))
    {
        Spec = spec;
        tower_a = spec.A is null ? null : new Tower(spec.A, 0, generator);
        tower_b = spec.B is null ? null : new Tower(spec.B, 0, generator);
        feature_mean = Owned.Buffer(zeros(FeatureDimension, dtype: ScalarType.Float32));
        feature_scale = Owned.Buffer(ones(FeatureDimension, dtype: ScalarType.Float32));
        if (spec.Label.Task == FineTuningTask.Regression)
            (label_mean, label_scale) = (Owned.Buffer(zeros(1, dtype: ScalarType.Float32)), Owned.Buffer(ones(1, dtype: ScalarType.Float32)));
        head = new Linear(FeatureDimension, spec.Label.Count, generator, weightBound: 0, biasBound: 0);
        RegisterComponents();
    }

    /// <summary>What the model is.</summary>
    public FineTunedSpec Spec { get; }

    /// <summary>None: the columns take features.</summary>
    public override int EmbeddingDimension => 0;

    /// <summary>Width of the features of both sides.</summary>
    public int FeatureDimension => Towers.Sum(side => side.Tower.FeatureDimension);

    /// <summary>The encoders, that of A first.</summary>
    public IReadOnlyList<(Side Side, Tower Tower)> Towers => [.. Spec.Sides.Select(side => (side.Side, TowerOf(side.Side)!))];

    /// <summary>The side whose encoder a parameter belongs to, by its name; null for the head's.</summary>
    public static Side? SideOf(string parameter) => parameter.StartsWith(nameof(tower_a), StringComparison.Ordinal) ? Side.A
        : parameter.StartsWith(nameof(tower_b), StringComparison.Ordinal) ? Side.B : null;

    /// <summary>Number of weights of such a model, buffers included; nothing is allocated. A lower bound where an encoder is a user's own.</summary>
    public static long CountWeights(FineTunedSpec spec)
    {
        var features = spec.Sides.Sum(side =>
            (long)EncoderKinds.Of(side.Tower.Modality).Measure(side.Tower.Modality, side.Tower.InputDimension).FeatureDimension);
        return spec.Sides.Sum(side => Tower.CountWeights(side.Tower, 0)) + 2 * features + Linear.CountWeights(features, spec.Label.Count)
            + (spec.Label.Task == FineTuningTask.Regression ? 2 : 0);
    }

    /// <inheritdoc/>
    public override TowerSpec SpecOf(Side side) =>
        (side == Side.A ? Spec.A : Spec.B) ?? throw new InvalidOperationException($"The model has no side {side}.");

    /// <inheritdoc/>
    public override Tower? TowerOf(Side side) => side == Side.A ? tower_a : tower_b;

    /// <inheritdoc/>
    public override SideParts PartsOf(Side side)
    {
        var tower = TowerOf(side)!;
        return new SideParts(side, SpecOf(side), GraphWeight.Of(tower.state_dict()), tower.FeatureDimension, EmbeddingDimension: 0)
        {
            Obstacle = tower.OnnxObstacle,
        };
    }

    /// <summary>The encoder's features; there are no embeddings.</summary>
    public override TowerOutput<Tensor> Run(Side side, ModalityBatch batch)
    {
        var features = TowerOf(side)!.Features(batch);
        return new TowerOutput<Tensor>(features, features.narrow(1, 0, 0));
    }

    /// <summary>Fixes what the head sees of the features: mean 0 and standard deviation 1 of rows with these moments.</summary>
    /// <param name="mean">Of each feature, float64.</param>
    /// <param name="scale">1 / standard deviation of each, float64.</param>
    public void SetStandardization(Tensor mean, Tensor scale)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        feature_mean.copy_(mean.to(ScalarType.Float32));
        feature_scale.copy_(scale.to(ScalarType.Float32));
    }

    /// <summary>Lets the head, whose weights are 0, give the same outputs for every row: what is known before any row is seen.</summary>
    public void SetPrior(float[] outputs)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        head.state_dict()["bias"].copy_(tensor(outputs));
    }

    /// <summary>Sets the head to what is right for features that were standardised by other moments than those that it sees.</summary>
    /// <param name="weight">Of the features standardised by those moments, `[labels, features]`, float64.</param>
    /// <param name="bias">`[labels]`, float64.</param>
    /// <param name="mean">Of each feature, float64.</param>
    /// <param name="scale">1 / standard deviation of each, float64.</param>
    public void SetHead(Tensor weight, Tensor bias, Tensor mean, Tensor scale)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var byFeature = weight * scale;
        var state = head.state_dict();
        state["weight"].copy_(byFeature / feature_scale.to(ScalarType.Float64));
        state["bias"].copy_(bias.Plus(byFeature.matmul(feature_mean.to(ScalarType.Float64) - mean)));
    }

    /// <summary>Sets the unit in which a number is learnt.</summary>
    public void SetLabelMoments(double mean, double standardDeviation)
    {
        using var frozen = no_grad();
        label_mean!.fill_(Scalars.Of(mean));
        label_scale!.fill_(Scalars.Of(standardDeviation));
    }

    /// <summary>What the head makes of the sides' features, <c>[batch, labels]</c>: logits, or a number in the labels' standard deviations.</summary>
    /// <param name="features">Of each side, A's first.</param>
    /// <param name="noise">Training; null in inference.</param>
    /// <param name="dropout">Share of the features that is left out in training.</param>
    public Tensor Outputs(IReadOnlyList<Tensor> features, NoiseSource? noise, double dropout = 0)
    {
        using var stay = WeightCasts.Enter(null); // the head is float32, as when it scores
        var x = ((features.Count == 1 ? features[0] : cat([.. features], 1)) - feature_mean) * feature_scale;
        return head.forward(noise is null ? x : noise.Dropout(x, dropout));
    }

    /// <summary>Labels in the unit of <see cref="Outputs"/>.</summary>
    public Tensor Scaled(Tensor labels) => label_mean is null ? labels : (labels - label_mean) / label_scale!;

    /// <summary>A copy of the head for columns.</summary>
    public FineTunedHead CopyHead()
    {
        using var scope = NewDisposeScope();
        var state = head.state_dict();
        return new FineTunedHead(Spec.Label, Values(state["weight"]), Values(state["bias"]), Values(feature_mean), Values(feature_scale),
            label_mean is null ? (0, 1) : (Values(label_mean)[0], Values(label_scale!)[0]));

        static float[] Values(Tensor tensor) => tensor.detach().cpu().contiguous().data<float>().ToArray();
    }
}
