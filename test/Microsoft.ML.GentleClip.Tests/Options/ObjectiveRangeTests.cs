using System.Reflection;
using Microsoft.ML.GentleClip.Tests.Objectives;

namespace Microsoft.ML.GentleClip.Tests.Options;

/// <summary>Settings of the library's objectives check their values.</summary>
[TestClass]
public sealed class ObjectiveRangeTests
{
    public static IEnumerable<object[]> Objectives => BuiltInObjectives.Rows;

    [TestMethod]
    public void DefaultsAreTheMeasuredOnes()
    {
        Assert.AreEqual((0.5, 1.0, default(double?)), (new MmdObjective().GaussianWeight, new MmdObjective().Weight, new MmdObjective().GaussianBandwidth));
        var sdd = new SddObjective();
        Assert.AreEqual((0.5, 0.01, true, default(double?)), (sdd.Bandwidth, sdd.VarianceFloor, sdd.LeaveOneOut, sdd.DistanceTemperature));
        Assert.AreEqual((SddDivergence.KullbackLeibler, SddVariance.PerSet), (sdd.Divergence, sdd.Variance));
        var labels = new PseudoLabelObjective();
        Assert.AreEqual(
            (0.3, PseudoLabelKind.OptimalTransport, UnpairedSides.Both, new WeightRamp()),
            (labels.Weight, labels.Kind, labels.Sides, labels.Ramp));
        Assert.AreEqual(
            (0.3, 0.99, new WeightRamp()),
            (new TransportPairObjective().Weight, new TransportPairObjective().AverageDecay, new TransportPairObjective().Ramp));
        Assert.AreEqual((1.0, 0.05, 0.02), (new KlotObjective().Weight, new KlotObjective().Regularization, new KlotObjective().TeacherRegularization));
        var keywords = new KeywordObjective(BuiltInObjectives.Keywords);
        Assert.AreEqual((0.3, PseudoLabelKind.OptimalTransport, true, new WeightRamp()), (keywords.Weight, keywords.Kind, keywords.Softmax, keywords.Ramp));
        Assert.IsNull(new SddObjective().Ramp);
    }

    [TestMethod]
    [DataRow("MmdObjective", nameof(MmdObjective.GaussianWeight), -0.1)]
    [DataRow("MmdObjective", nameof(MmdObjective.GaussianWeight), 1.1)]
    [DataRow("MmdObjective", nameof(MmdObjective.GaussianBandwidth), 0.0)]
    [DataRow("SddObjective", nameof(SddObjective.Bandwidth), 0.0)]
    [DataRow("SddObjective", nameof(SddObjective.Bandwidth), double.PositiveInfinity)]
    [DataRow("SddObjective", nameof(SddObjective.VarianceFloor), 0.0)]
    [DataRow("SddObjective", nameof(SddObjective.DistanceTemperature), double.NaN)]
    [DataRow("KlotObjective", nameof(KlotObjective.Regularization), 0.0)]
    [DataRow("KlotObjective", nameof(KlotObjective.TeacherRegularization), 11.0)]
    [DataRow("TransportPairObjective", nameof(TransportPairObjective.AverageDecay), 1.0)]
    public void OutOfRangeIsRefused(string objective, string property, double value) => AssertRefused(BuiltInObjectives.Named(objective), property, value);

    [TestMethod]
    [DynamicData(nameof(Objectives))]
    public void WeightsAndEnumerationsAreChecked(string name)
    {
        var objective = BuiltInObjectives.Named(name);
        foreach (var weight in new[] { -0.1, double.NaN, double.PositiveInfinity })
            AssertRefused(objective, nameof(Objective.Weight), weight);
        foreach (var property in objective.GetType().GetProperties().Where(property => property.CanWrite))
            if ((Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is { IsEnum: true } type)
                AssertRefused(objective, property.Name, Enum.ToObject(type, 99));
    }

    private static void AssertRefused(Objective objective, string property, object value)
    {
        var exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => objective.GetType().GetProperty(property)!.SetValue(objective, value, BindingFlags.DoNotWrapExceptions, null, null, null));
        Assert.AreEqual(property, exception.ParamName);
    }
}
