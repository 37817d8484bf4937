using Microsoft.ML.GentleClip.Objectives;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Turns the options of a training into the objective's settings.</summary>
internal static class ObjectiveFactory
{
    /// <summary>The objective of a training.</summary>
    public static GentleClipObjective Create(GentleClipOptions options) => new(Settings(options));

    /// <summary>The objective's settings.</summary>
    public static ObjectiveSettings Settings(GentleClipOptions options)
    {
        var forms = options.Objective;
        return new ObjectiveSettings
        {
            ContrastiveWeight = options.ContrastiveWeight,
            SelfSupervisedWeight = options.SelfSupervisedWeight,
            MmdWeight = options.MmdWeight,
            SddWeight = options.SddWeight,
            CentroidWeight = forms.CentroidWeight,
            SinkhornWeight = forms.SinkhornWeight,
            PseudoLabelWeight = forms.PseudoLabelWeight,
            TransportPairWeight = forms.TransportPairWeight,
            KlotWeight = forms.KlotWeight,
            Klot = new KlotSettings(forms.KlotRegularization, forms.KlotTeacherRegularization),
            KeywordWeight = options.Keywords?.Weight ?? 0,
            Custom = [.. options.CustomObjectives.Where(own => own.Weight > 0).Select(Term)],
            SelfSupervisedDenominator = forms.SelfSupervisedForm switch
            {
                SelfSupervisedForm.Printed => SelfSupervisedDenominator.Printed,
                SelfSupervisedForm.Both => SelfSupervisedDenominator.Both,
                SelfSupervisedForm.NtXent => SelfSupervisedDenominator.NtXent,
                _ => SelfSupervisedDenominator.SimCse,
            },
            Mmd = new MkMmdSettings
            {
                SquaredBandwidth = forms.GaussianKernelBandwidth * forms.GaussianKernelBandwidth,
                GaussianWeight = forms.GaussianKernelWeight,
                Weighting = forms.MmdKernelWeights switch
                {
                    MmdKernelWeights.Learnable => KernelWeighting.Learnable,
                    MmdKernelWeights.Power => KernelWeighting.Power,
                    _ => KernelWeighting.Fixed,
                },
            },
            Sdd = new SddSettings
            {
                Bandwidth = options.SddBandwidth,
                VarianceFloor = forms.SddVarianceFloor,
                LeaveOneOut = forms.SddLeaveOneOut,
                DistanceTemperature = forms.SddDistanceTemperature,
                Divergence = forms.SddDivergence switch
                {
                    SddDivergence.MeanSquaredError => DensityDivergence.MeanSquaredError,
                    SddDivergence.RawMeanSquaredError => DensityDivergence.RawMeanSquaredError,
                    SddDivergence.RawSymmetric => DensityDivergence.RawSymmetric,
                    _ => DensityDivergence.KullbackLeibler,
                },
                Variance = forms.SddVariance switch
                {
                    SddVariance.Pooled => DensityVariance.Pooled,
                    SddVariance.None => DensityVariance.None,
                    _ => DensityVariance.Own,
                },
            },
            PseudoLabel = new PseudoLabelSettings
            {
                Kind = forms.PseudoLabelKind switch
                {
                    PseudoLabelKind.Hard => PseudoLabelSource.Hard,
                    PseudoLabelKind.Soft => PseudoLabelSource.Soft,
                    _ => PseudoLabelSource.OptimalTransport,
                },
                Sides = forms.PseudoLabelSides switch
                {
                    PseudoLabelSides.A => Sides.A,
                    PseudoLabelSides.B => Sides.B,
                    _ => Sides.Both,
                },
                // Those that the keywords do not belong to are matched with them.
                KeywordSide = options.Keywords?.Modality == PseudoLabelSides.A ? Sides.B : Sides.A,
                KeywordSoftmax = options.Keywords?.Softmax ?? true,
            },
        };
    }

    /// <summary>Checks the names of the user's own objectives.</summary>
    /// <exception cref="ArgumentException">One is taken.</exception>
    public static void CheckNames(GentleClipOptions options)
    {
        foreach (var own in options.CustomObjectives)
            if (LossTerm.Names.Contains(own.Name))
                throw new ArgumentException($"The objective '{own.Name}' of {own.GetType().Name} has the name of a term of the library ({string.Join(", ", LossTerm.Names)}); expected another.");
    }

    private static CustomTerm Term(CustomObjective own) => new(own.Name, own.Weight, input => own.Compute(own.UsesUnpairedSamples
        ? new(input.EmbeddingsA, input.EmbeddingsB, View(own, input.PositivesA), View(own, input.PositivesB), input.NumberOfPairs, input.LogScale.exp(), input.Step, input.NumberOfSteps)
        : new(Pairs(input.EmbeddingsA, input), Pairs(input.EmbeddingsB, input), View(own, input.PositivesA) is { } a ? Pairs(a, input) : null, View(own, input.PositivesB) is { } b ? Pairs(b, input) : null,
            input.NumberOfPairs, input.LogScale.exp(), input.Step, input.NumberOfSteps)));

    private static TorchSharp.torch.Tensor? View(CustomObjective own, TorchSharp.torch.Tensor? positives) => own.UsesSecondViews ? positives : null;

    private static TorchSharp.torch.Tensor Pairs(TorchSharp.torch.Tensor rows, ObjectiveInput input) => rows.narrow(0, 0, input.NumberOfPairs);

    /// <summary>How far the terms that rest on the model's own guesses count at a step, 0 to 1.</summary>
    public static double Ramp(ObjectiveOptions forms, int step, int totalSteps)
    {
        var progress = (double)step / totalSteps;
        if (progress < forms.RampStart)
            return 0;
        return forms.RampEnd <= forms.RampStart ? 1 : Math.Min(1, (progress - forms.RampStart) / (forms.RampEnd - forms.RampStart));
    }
}
