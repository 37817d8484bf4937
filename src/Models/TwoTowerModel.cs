using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>
/// Two towers into one embedding space with the learnable logit scale of the contrastive losses, a closed-form alignment, or both beside each other.
/// </summary>
internal sealed class TwoTowerModel : SidedModel
{
    /// <summary>Name of the logit scale in the state dictionary.</summary>
    public const string LogitScaleName = nameof(logit_scale);

    private readonly Tower? tower_a;
    private readonly Tower? tower_b;
    private readonly Parameter logit_scale;

    /// <summary>Creates a model with fresh weights.</summary>
    public TwoTowerModel(TwoTowerSpec spec, Generator generator) : base(nameof(TwoTowerModel))
    {
        Spec = spec;
        tower_a = spec.HasEncoder(spec.A) ? new Tower(spec.A, spec.TowerDimension, generator) : null;
        tower_b = spec.HasEncoder(spec.B) ? new Tower(spec.B, spec.TowerDimension, generator) : null;
        logit_scale = Owned.Parameter(tensor((float)Math.Log(1 / spec.Temperature)));
        RegisterComponents();
    }

    /// <summary>What the model is.</summary>
    public TwoTowerSpec Spec { get; private set; }

    /// <inheritdoc/>
    public override int EmbeddingDimension => Spec.EmbeddingDimension;

    /// <inheritdoc/>
    public override TowerSpec SpecOf(Side side) => Spec.Of(side);

    /// <summary>Whether there are towers; without them there is a closed form.</summary>
    public bool HasTowers => Spec.TowerDimension > 0;

    /// <summary>Tower of modality A; only its encoder where a closed form without towers reads the features.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public Tower TowerA => tower_a ?? throw NoTowers();

    /// <summary>Tower of modality B; only its encoder where a closed form without towers reads the features.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public Tower TowerB => tower_b ?? throw NoTowers();

    /// <summary>A side's tower, or only its encoder; null where the closed form reads feature vectors and there are no towers.</summary>
    public override Tower? TowerOf(Side side) => side == Side.A ? tower_a : tower_b;

    /// <inheritdoc/>
    public override SideParts PartsOf(Side side)
    {
        var tower = TowerOf(side);
        return SideParts.Of(Spec, side, tower is null ? null : GraphWeight.Of(tower.state_dict()),
            ClosedForm is null ? null : GraphWeight.Of(ClosedForm.GetState()), FeatureDimensionOf(side)) with
        {
            Obstacle = tower?.OnnxObstacle,
        };
    }

    /// <summary>The closed-form part, owned; null until <see cref="SetClosedForm"/>, and where the spec has none.</summary>
    public ClosedFormAlignment? ClosedForm { get; private set; }

    /// <summary>ln(1 / temperature).</summary>
    public Parameter LogitScale => logit_scale;

    /// <summary>Number of weights of such a model, buffers and the logit scale included; nothing is allocated.</summary>
    public static long CountWeights(TwoTowerSpec spec) =>
        1 + new[] { spec.A, spec.B }.Where(spec.HasEncoder).Sum(tower => Tower.CountWeights(tower, spec.TowerDimension));

    /// <summary>Whether <see cref="CountWeights"/> is a lower bound, because an encoder is a user's own.</summary>
    public static bool HasCustomEncoder(TwoTowerSpec spec) =>
        new[] { spec.A, spec.B }.Any(tower => spec.HasEncoder(tower) && EncoderKinds.Of(tower.Modality).IsCustom);

    /// <summary>Takes a closed-form part over.</summary>
    /// <exception cref="ArgumentException">It does not fit the spec.</exception>
    public void SetClosedForm(ClosedFormAlignment closedForm)
    {
        foreach (var (side, tower) in new[] { (Side.A, Spec.A), (Side.B, Spec.B) })
        {
            var expected = Spec.ReadsFeatures(tower) ? TowerOf(side)!.FeatureDimension : tower.InputDimension;
            if (closedForm.Dimension(side) != expected)
                throw new ArgumentException(
                    $"The closed form's side {side} takes rows of dimension {closedForm.Dimension(side)}; expected {expected}.", nameof(closedForm));
        }
        if (closedForm.Width != Spec.ClosedForm?.Dimension)
            throw new ArgumentException(
                $"The closed form's embeddings have {closedForm.Width} dimensions; expected {Spec.ClosedForm?.Dimension ?? 0}.", nameof(closedForm));
        ClosedForm?.Dispose();
        ClosedForm = closedForm;
    }

    /// <summary>Sets the closed form's share in the embedding's inner products, 0 to 1.</summary>
    public void SetShare(double share) => Spec = Spec with { ClosedForm = Spec.ClosedForm! with { Share = share } };

    /// <summary>Unit-length embeddings <c>[batch, EmbeddingDimension]</c> as users get them, without noise: the closed form's part, then the towers'.</summary>
    public Tensor Embed(Side side, ModalityBatch batch) => Run(side, batch).Embedding;

    /// <summary>
    /// The encoder's features, or the vectors that a closed form reads without one, and the embeddings as users get them, without noise.
    /// </summary>
    public override TowerOutput<Tensor> Run(Side side, ModalityBatch batch)
    {
        var tower = TowerOf(side);
        if (Spec.ClosedForm is not { } spec)
            return tower!.Run(batch, noise: null);
        var features = Spec.ReadsFeatures(Spec.Of(side)) ? tower!.Features(batch) : null;
        var fitted = ClosedForm ?? throw new InvalidOperationException("The model's closed-form part is not fitted yet.");
        var closedForm = fitted.Embed(features ?? batch.Vectors, side);
        if (!HasTowers)
            return new TowerOutput<Tensor>(features ?? batch.Vectors, closedForm);
        // Encoded once for both.
        var student = features is null ? tower!.Run(batch, noise: null) : new TowerOutput<Tensor>(features, tower!.Project(features, noise: null));
        return student with { Embedding = cat([closedForm.Times(Math.Sqrt(spec.Share)), student.Embedding.Times(Math.Sqrt(1 - spec.Share))], 1) };
    }

    /// <summary>Takes over the towers' weights of a model of the same shape.</summary>
    /// <exception cref="ArgumentException">Weights are missing, unexpected or of other shapes.</exception>
    public void CopyWeights(TwoTowerModel other)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var source = other.state_dict();
        var target = state_dict();
        var problems = target.Keys.Union(source.Keys).Select(Problem).OfType<string>().ToList();
        if (problems.Count > 0)
            throw new ArgumentException($"The initial model has another shape: {string.Join("; ", problems)}.", nameof(other));
        foreach (var (name, value) in target)
            value.copy_(source[name]);

        string? Problem(string name)
        {
            var (expected, found) = (Shape(target, name), Shape(source, name));
            return expected == found ? null : $"{name}: expected {expected}, found {found}";
        }

        static string Shape(Dictionary<string, Tensor> weights, string name) =>
            weights.TryGetValue(name, out var weight) ? $"[{string.Join(", ", weight.shape)}]" : "nothing";
    }

    /// <summary>Frees the weights and the closed-form part.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            ClosedForm?.Dispose();
        base.Dispose(disposing);
    }

    private static InvalidOperationException NoTowers() => new("The model is a closed form without towers.");
}
