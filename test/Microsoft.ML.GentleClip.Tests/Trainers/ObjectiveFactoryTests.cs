using Microsoft.ML.GentleClip.Trainers;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

[TestClass]
public sealed class ObjectiveFactoryTests
{
    [TestMethod]
    public void EveryPublicChoiceReachesTheObjective()
    {
        foreach (var form in Enum.GetValues<SelfSupervisedForm>())
            Assert.AreEqual(form.ToString(), Settings(new() { SelfSupervisedForm = form }).SelfSupervisedDenominator.ToString());
        foreach (var weights in Enum.GetValues<MmdKernelWeights>())
            Assert.AreEqual(weights.ToString(), Settings(new() { MmdKernelWeights = weights }).Mmd.Weighting.ToString());
        foreach (var divergence in Enum.GetValues<SddDivergence>())
            Assert.AreEqual(divergence.ToString(), Settings(new() { SddDivergence = divergence }).Sdd.Divergence.ToString());
        foreach (var variance in Enum.GetValues<SddVariance>())
            Assert.AreEqual(variance.ToString(), Settings(new() { SddVariance = variance }).Sdd.Variance.ToString());
        foreach (var kind in Enum.GetValues<PseudoLabelKind>())
            Assert.AreEqual(kind.ToString(), Settings(new() { PseudoLabelKind = kind }).PseudoLabel.Kind.ToString());
        foreach (var sides in Enum.GetValues<PseudoLabelSides>())
            Assert.AreEqual(sides.ToString(), Settings(new() { PseudoLabelSides = sides }).PseudoLabel.Sides.ToString());
    }

    [TestMethod]
    public void EveryNumberReachesTheObjective()
    {
        var settings = ObjectiveFactory.Settings(new GentleClipOptions
        {
            ContrastiveWeight = 2,
            SelfSupervisedWeight = 3,
            MmdWeight = 4,
            SddWeight = 5,
            SddBandwidth = 0.6,
            Objective = new ObjectiveOptions
            {
                CentroidWeight = 6,
                SinkhornWeight = 7,
                PseudoLabelWeight = 8,
                TransportPairWeight = 9,
                GaussianKernelWeight = 0.3,
                GaussianKernelBandwidth = 3,
                SddVarianceFloor = 0.2,
                SddLeaveOneOut = false,
                SddDistanceTemperature = 1.5,
            },
        });
        Assert.AreEqual((2.0, 3.0, 4.0, 5.0), (settings.ContrastiveWeight, settings.SelfSupervisedWeight, settings.MmdWeight, settings.SddWeight));
        Assert.AreEqual((6.0, 7.0, 8.0, 9.0), (settings.CentroidWeight, settings.SinkhornWeight, settings.PseudoLabelWeight, settings.TransportPairWeight));
        Assert.AreEqual((0.3, 9.0), (settings.Mmd.GaussianWeight, settings.Mmd.SquaredBandwidth!.Value));
        Assert.AreEqual((0.6, 0.2, false, 1.5), (settings.Sdd.Bandwidth, settings.Sdd.VarianceFloor, settings.Sdd.LeaveOneOut, settings.Sdd.DistanceTemperature!.Value));
    }

    [TestMethod]
    public void RampRisesBetweenItsEnds()
    {
        var forms = new ObjectiveOptions { RampStart = 0.1, RampEnd = 0.4 };
        Assert.AreEqual(0, ObjectiveFactory.Ramp(forms, 9, 100));
        Assert.AreEqual(0, ObjectiveFactory.Ramp(forms, 10, 100), 1e-12);
        Assert.AreEqual(0.5, ObjectiveFactory.Ramp(forms, 25, 100), 1e-12);
        Assert.AreEqual(1, ObjectiveFactory.Ramp(forms, 40, 100), 1e-12);
        Assert.AreEqual(1, ObjectiveFactory.Ramp(forms, 99, 100));
        Assert.AreEqual(1, ObjectiveFactory.Ramp(forms with { RampStart = 0, RampEnd = 0 }, 0, 100), "no ramp");
    }

    private static GentleClip.Objectives.ObjectiveSettings Settings(ObjectiveOptions forms) => ObjectiveFactory.Settings(new GentleClipOptions { Objective = forms });
}
