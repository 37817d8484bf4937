namespace Microsoft.ML.GentleClip.Options;

/// <summary>The settings behind <see cref="GentleClipPreset"/>.</summary>
internal static class Presets
{
    private static readonly ContrastiveObjective WithUnpairedNegatives = new() { UnpairedNegatives = UnpairedSides.Both };

    /// <summary>Equation 9 of the paper with the weights and forms that measured best.</summary>
    public static ObjectiveList RecommendedObjectives { get; } =
        [new ContrastiveObjective(), new SelfSupervisedObjective(), new MmdObjective(), new SddObjective()];

    /// <summary>Options of a preset.</summary>
    public static GentleClipOptions Create(GentleClipPreset preset) => preset switch
    {
        GentleClipPreset.Recommended => new(),
        GentleClipPreset.Clip => Towers([new ContrastiveObjective()]),
        GentleClipPreset.Paper => Paper(),
        GentleClipPreset.PublishedCode => PublishedCode(),
        GentleClipPreset.GentleSClip => Towers([WithUnpairedNegatives, .. RecommendedObjectives.Without<ContrastiveObjective>(), new PseudoLabelObjective()]),
        GentleClipPreset.HardPseudoLabels => PseudoLabels(PseudoLabelKind.Hard),
        GentleClipPreset.SoftPseudoLabels => PseudoLabels(PseudoLabelKind.Soft),
        GentleClipPreset.SClip => PseudoLabels(PseudoLabelKind.OptimalTransport),
        GentleClipPreset.SotAlign => SotAlign(),
        GentleClipPreset.ClosedForm => new() { ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Alone } },
        _ => throw new ArgumentOutOfRangeException(
            nameof(preset), preset, $"There is no preset {preset}; expected one of {string.Join(", ", Enum.GetNames<GentleClipPreset>())}."),
    };

    private static GentleClipOptions Towers(ObjectiveList objectives) => new() { ClosedForm = null, Objectives = objectives };

    private static GentleClipOptions Paper()
    {
        var options = Towers(
        [
            new ContrastiveObjective(),
            new SelfSupervisedObjective { Form = SelfSupervisedForm.FirstViews, Share = 1 },
            new MmdObjective { KernelWeights = MmdKernelWeights.Learnable },
            new SddObjective { Weight = 10, Bandwidth = 1, LeaveOneOut = false },
        ]);
        // Appendix F: batches of 64, learning rate 0.001. Bandwidth and weights are not printed.
        options.Batches.Size = 64;
        options.Batches.PairsPerBatchRule = PairsPerBatchRule.Proportional;
        return options;
    }

    private static GentleClipOptions PublishedCode()
    {
        var options = Towers(
        [
            new ContrastiveObjective(),
            new SelfSupervisedObjective { Weight = 0.15, Share = 1 },
            new MmdObjective { Weight = 0.2, GaussianWeight = 1, GaussianBandwidth = Math.Sqrt(0.5) }, // exp(-d²)
            new SddObjective { Weight = 0.7, Bandwidth = 1, Divergence = SddDivergence.RawSymmetric, LeaveOneOut = false }, // their b = 0.5 with a factor 4
        ]);
        (options.Batches.Size, options.Batches.PairsPerBatch, options.Optimizer.WeightDecay) = (64, 22, 1e-3);
        (options.Temperature, options.LearnTemperature) = (0.05, false);
        return options;
    }

    private static GentleClipOptions PseudoLabels(PseudoLabelKind kind) => Towers([WithUnpairedNegatives, new PseudoLabelObjective { Kind = kind }]);

    private static GentleClipOptions SotAlign() => new()
    {
        ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Teacher, Method = ClosedFormMethod.Linear },
        Objectives = [new ContrastiveObjective(), new KlotObjective { TeacherRegularization = 0.005 }],
    };
}
