namespace Microsoft.ML.GentleClip.Tests.Options;

/// <summary>The list of a training's objectives: written as a collection, changed in part, compared by value.</summary>
[TestClass]
public sealed class ObjectiveListTests
{
    private static readonly ObjectiveList Recommended = new GentleClipOptions().Objectives;

    [TestMethod]
    public void OneIsChangedInItsPlace()
    {
        var changed = Recommended.With<MmdObjective>(mmd => mmd with { Weight = 3 });
        Assert.AreEqual("contrastive 1, selfSupervised 0.1, mmd 3, sdd 1", changed.ToString());
        Assert.AreEqual("contrastive 1, selfSupervised 0.1, mmd 1, sdd 1", Recommended.ToString(), "the old list is as it was");
        var missing = Assert.ThrowsExactly<InvalidOperationException>(() => Recommended.With<KlotObjective>(klot => klot with { Weight = 2 })).Message;
        StringAssert.Contains(
            missing,
            "There is no KlotObjective to change among the objectives (ContrastiveObjective, SelfSupervisedObjective, MmdObjective, SddObjective); "
            + "add one instead.");
    }

    [TestMethod]
    public void OneIsAddedReplacedOrLeftOut()
    {
        Assert.AreEqual("contrastive 1, selfSupervised 0.1, mmd 1, sdd 1, klot 1", Recommended.With(new KlotObjective()).ToString());
        Assert.AreEqual("contrastive 1, selfSupervised 0.1, mmd 0.5, sdd 1", Recommended.With(new MmdObjective { Weight = 0.5 }).ToString());
        Assert.AreEqual("contrastive 1, mmd 1, sdd 1", Recommended.Without<SelfSupervisedObjective>().ToString());
        Assert.AreEqual(Recommended, Recommended.Without<KlotObjective>());
        Assert.IsEmpty(Recommended.Without<Objective>());
    }

    [TestMethod]
    public void EqualObjectivesMakeEqualLists()
    {
        ObjectiveList same = [new ContrastiveObjective(), new SelfSupervisedObjective(), new MmdObjective(), new SddObjective()];
        Assert.AreEqual(Recommended, same);
        Assert.AreEqual(Recommended.GetHashCode(), same.GetHashCode());
        Assert.AreNotEqual(Recommended, [.. same.Reverse()], "the order is part of it");
        Assert.AreNotEqual(Recommended, same.With<SddObjective>(sdd => sdd with { Ramp = new WeightRamp() }));
        Assert.AreEqual(same[1], Recommended[1]);
    }

    [TestMethod]
    public void RampRisesBetweenItsEnds()
    {
        var ramp = new WeightRamp();
        Assert.AreEqual((0.1, 0.4), (ramp.Start, ramp.End));
        Assert.AreEqual(0, ramp.At(9, 100));
        Assert.AreEqual(0, ramp.At(10, 100), 1e-12);
        Assert.AreEqual(0.5, ramp.At(25, 100), 1e-12);
        Assert.AreEqual(1, ramp.At(40, 100), 1e-12);
        Assert.AreEqual(1, ramp.At(99, 100));
        Assert.AreEqual(1, (ramp with { Start = 0, End = 0 }).At(0, 100), "no ramp");
        foreach (var share in new[] { -0.1, 1.1, double.NaN })
        {
            Assert.AreEqual("Start", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new WeightRamp { Start = share }).ParamName);
            Assert.AreEqual("End", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new WeightRamp { End = share }).ParamName);
        }
    }

    // The weights and forms that the presets had when each term was an option of its own.
    [TestMethod]
    [DataRow(GentleClipPreset.Recommended, "contrastive 1, selfSupervised 0.1, mmd 1, sdd 1")]
    [DataRow(GentleClipPreset.ClosedForm, "contrastive 1, selfSupervised 0.1, mmd 1, sdd 1")]
    [DataRow(GentleClipPreset.Clip, "contrastive 1")]
    [DataRow(GentleClipPreset.Paper, "contrastive 1, selfSupervised 0.1, mmd 1, sdd 10")]
    [DataRow(GentleClipPreset.PublishedCode, "contrastive 1, selfSupervised 0.15, mmd 0.2, sdd 0.7")]
    [DataRow(GentleClipPreset.GentleSClip, "contrastive 1, selfSupervised 0.1, mmd 1, sdd 1, pseudoLabel 0.3")]
    [DataRow(GentleClipPreset.HardPseudoLabels, "contrastive 1, pseudoLabel 0.3")]
    [DataRow(GentleClipPreset.SoftPseudoLabels, "contrastive 1, pseudoLabel 0.3")]
    [DataRow(GentleClipPreset.SClip, "contrastive 1, pseudoLabel 0.3")]
    [DataRow(GentleClipPreset.SotAlign, "contrastive 1, klot 1")]
    public void PresetsAreLists(GentleClipPreset preset, string expected)
    {
        var options = GentleClipOptions.FromPreset(preset);
        var list = options.Objectives;
        Assert.AreEqual(expected, list.ToString());
        Assert.AreEqual(preset == GentleClipPreset.PublishedCode ? (0.05, false) : (0.07, true), (options.Temperature, options.LearnTemperature));
        Assert.AreEqual(
            preset switch
            {
                GentleClipPreset.Paper => (64, null, PairsPerBatchRule.Proportional, 1e-2),
                GentleClipPreset.PublishedCode => (64, 22, PairsPerBatchRule.Fixed, 1e-3),
                _ => (256, default(int?), PairsPerBatchRule.Fixed, 1e-2),
            },
            (options.Batches.Size, options.Batches.PairsPerBatch, options.Batches.PairsPerBatchRule, options.Optimizer.WeightDecay));
        foreach (var objective in list)
            Assert.AreEqual(
                (objective, preset) switch
                {
                    (ContrastiveObjective own, GentleClipPreset.GentleSClip or GentleClipPreset.HardPseudoLabels or GentleClipPreset.SoftPseudoLabels
                        or GentleClipPreset.SClip) =>
                        new ContrastiveObjective { UnpairedNegatives = UnpairedSides.Both },
                    (SelfSupervisedObjective own, GentleClipPreset.Paper) => new SelfSupervisedObjective { Form = SelfSupervisedForm.FirstViews, Share = 1 },
                    (MmdObjective own, GentleClipPreset.Paper) => new MmdObjective { KernelWeights = MmdKernelWeights.Learnable },
                    (SddObjective own, GentleClipPreset.Paper) => new SddObjective { Weight = 10, Bandwidth = 1, LeaveOneOut = false },
                    (MmdObjective own, GentleClipPreset.PublishedCode) =>
                        new MmdObjective { Weight = 0.2, GaussianWeight = 1, GaussianBandwidth = Math.Sqrt(0.5) },
                    (SddObjective own, GentleClipPreset.PublishedCode) =>
                        new SddObjective { Weight = 0.7, Bandwidth = 1, Divergence = SddDivergence.RawSymmetric, LeaveOneOut = false },
                    (SelfSupervisedObjective own, GentleClipPreset.PublishedCode) => new SelfSupervisedObjective { Weight = 0.15, Share = 1 },
                    (PseudoLabelObjective own, GentleClipPreset.HardPseudoLabels) => new PseudoLabelObjective { Kind = PseudoLabelKind.Hard },
                    (PseudoLabelObjective own, GentleClipPreset.SoftPseudoLabels) => new PseudoLabelObjective { Kind = PseudoLabelKind.Soft },
                    (KlotObjective own, GentleClipPreset.SotAlign) => new KlotObjective { TeacherRegularization = 0.005 },
                    (var own, _) => (Objective)Activator.CreateInstance(own.GetType())!,
                },
                objective, $"{preset}: {objective.Name}");
    }

    [TestMethod]
    public void EveryPresetIsInTheTable() => CollectionAssert.AreEquivalent(
        Enum.GetValues<GentleClipPreset>(),
        typeof(ObjectiveListTests).GetMethod(nameof(PresetsAreLists))!.GetCustomAttributes(typeof(DataRowAttribute), false)
            .Select(row => (GentleClipPreset)((DataRowAttribute)row).Data[0]!).ToArray());
}
