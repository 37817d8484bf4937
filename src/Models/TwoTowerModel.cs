using Microsoft.ML.GentleClip.Encoders;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>Two towers into one embedding space, and the learnable logit scale of the contrastive losses.</summary>
internal sealed class TwoTowerModel : nn.Module
{
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
}
