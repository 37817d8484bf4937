using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>Two towers into one embedding space with the learnable logit scale of the contrastive losses, a closed-form alignment, or both side by side.</summary>
internal sealed class TwoTowerModel : nn.Module
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
        if (spec.TowerDimension > 0)
        {
            tower_a = new Tower(spec.A, spec.TowerDimension, generator);
            tower_b = new Tower(spec.B, spec.TowerDimension, generator);
        }
        logit_scale = Owned.Parameter(tensor((float)Math.Log(1 / spec.Temperature)));
        RegisterComponents();
    }

    /// <summary>What the model is.</summary>
    public TwoTowerSpec Spec { get; private set; }

    /// <summary>Whether there are towers; without them there is a teacher.</summary>
    public bool HasTowers => tower_a is not null;

    /// <summary>Tower of modality A.</summary>
    /// <exception cref="InvalidOperationException">There are no towers.</exception>
    public Tower TowerA => tower_a ?? throw NoTowers();

    /// <summary>Tower of modality B.</summary>
    /// <exception cref="InvalidOperationException">There are no towers.</exception>
    public Tower TowerB => tower_b ?? throw NoTowers();

    /// <summary>The closed-form part, owned; null until <see cref="SetTeacher"/>, and where the spec has none.</summary>
    public ClosedFormAlignment? Teacher { get; private set; }

    /// <summary>ln(1 / temperature).</summary>
    public Parameter LogitScale => logit_scale;

    /// <summary>Number of weights of such a model, buffers and the logit scale included; nothing is allocated.</summary>
    public static long CountWeights(TwoTowerSpec spec) =>
        spec.TowerDimension == 0 ? 1 : Tower.CountWeights(spec.A, spec.TowerDimension) + Tower.CountWeights(spec.B, spec.TowerDimension) + 1;

    /// <summary>Whether <see cref="CountWeights"/> is a lower bound, because an encoder is a user's own.</summary>
    public static bool HasCustomEncoder(TwoTowerSpec spec) =>
        spec.TowerDimension > 0 && (EncoderKinds.Of(spec.A.Modality).IsCustom || EncoderKinds.Of(spec.B.Modality).IsCustom);

    /// <summary>Takes a closed-form part over.</summary>
    /// <exception cref="ArgumentException">It does not fit the spec.</exception>
    public void SetTeacher(ClosedFormAlignment teacher)
    {
        foreach (var (side, tower) in new[] { (AlignmentSide.A, Spec.A), (AlignmentSide.B, Spec.B) })
        {
            if (teacher.Dimension(side) != tower.InputDimension)
                throw new ArgumentException($"The teacher's side {side} takes rows of dimension {teacher.Dimension(side)}; expected {tower.InputDimension}.", nameof(teacher));
        }
        if (teacher.Width != Spec.Teacher?.Dimension)
            throw new ArgumentException($"The teacher's embeddings have {teacher.Width} dimensions; expected {Spec.Teacher?.Dimension ?? 0}.", nameof(teacher));
        Teacher?.Dispose();
        Teacher = teacher;
    }

    /// <summary>Sets the teacher's share in the embedding's inner products, 0 to 1.</summary>
    public void SetShare(double share) => Spec = Spec with { Teacher = Spec.Teacher! with { Share = share } };

    /// <summary>Unit-length embeddings <c>[batch, EmbeddingDimension]</c> as users get them, without noise: the teacher's part, then the towers'.</summary>
    public Tensor Embed(AlignmentSide side, ModalityBatch batch) => Run(side, batch).Embedding;

    /// <summary>The tower's features, and the embeddings as users get them, without noise.</summary>
    public TowerOutput Run(AlignmentSide side, ModalityBatch batch)
    {
        if (Spec.Teacher is not { } spec)
            return Student();
        var teacher = (Teacher ?? throw new InvalidOperationException("The model's closed-form part is not fitted yet.")).Embed(batch.Vectors, side);
        if (!HasTowers)
            return new TowerOutput(Features: null, teacher);
        var student = Student();
        return student with { Embedding = cat([teacher.Times(Math.Sqrt(spec.Share)), student.Embedding.Times(Math.Sqrt(1 - spec.Share))], 1) };

        TowerOutput Student() => (side == AlignmentSide.A ? TowerA : TowerB).Run(batch, noise: null);
    }

    /// <summary>The weights that a training changes: all but those of frozen layers, buffers included.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> ChangingWeights()
    {
        var frozen = named_parameters().Where(entry => !entry.parameter.requires_grad).Select(entry => entry.name).ToHashSet();
        return state_dict().Where(entry => !frozen.Contains(entry.Key));
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
            Teacher?.Dispose();
        base.Dispose(disposing);
    }

    private static InvalidOperationException NoTowers() => new("The model is a closed form without towers.");
}
