using Microsoft.ML.GentleClip.Encoders;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>Two towers into one embedding space, and the learnable logit scale of the contrastive losses.</summary>
internal sealed class TwoTowerModel : nn.Module
{
    /// <summary>Name of the logit scale in the state dictionary.</summary>
    public const string LogitScaleName = nameof(logit_scale);

    private readonly Tower tower_a;
    private readonly Tower tower_b;
    private readonly Parameter logit_scale;

    /// <summary>Creates a model with fresh weights.</summary>
    public TwoTowerModel(TwoTowerSpec spec, Generator generator) : base(nameof(TwoTowerModel))
    {
        Spec = spec;
        tower_a = new Tower(spec.A, spec.EmbeddingDimension, generator);
        tower_b = new Tower(spec.B, spec.EmbeddingDimension, generator);
        logit_scale = Owned.Parameter(tensor((float)Math.Log(1 / spec.Temperature)));
        RegisterComponents();
    }

    /// <summary>What the model is.</summary>
    public TwoTowerSpec Spec { get; }

    /// <summary>Tower of modality A.</summary>
    public Tower TowerA => tower_a;

    /// <summary>Tower of modality B.</summary>
    public Tower TowerB => tower_b;

    /// <summary>ln(1 / temperature).</summary>
    public Parameter LogitScale => logit_scale;

    /// <summary>Number of weights of such a model, buffers and the logit scale included; nothing is allocated.</summary>
    public static long CountWeights(TwoTowerSpec spec) => Tower.CountWeights(spec.A, spec.EmbeddingDimension) + Tower.CountWeights(spec.B, spec.EmbeddingDimension) + 1;

    /// <summary>Takes over the weights of a model of the same shape.</summary>
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
}
