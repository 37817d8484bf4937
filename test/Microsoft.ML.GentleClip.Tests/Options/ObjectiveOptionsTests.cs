namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class ObjectiveOptionsTests
{
    [TestMethod]
    public void DefaultsAreTheRecommendedForms()
    {
        var options = new ObjectiveOptions();
        Assert.AreEqual((SelfSupervisedForm.SimCse, MmdKernelWeights.Fixed, 0.5), (options.SelfSupervisedForm, options.MmdKernelWeights, options.GaussianKernelWeight));
        Assert.AreEqual((SddDivergence.KullbackLeibler, SddVariance.Own, true, 0.01), (options.SddDivergence, options.SddVariance, options.SddLeaveOneOut, options.SddVarianceFloor));
        Assert.AreEqual((0.0, 0.0, 0.0, 0.0), (options.CentroidWeight, options.SinkhornWeight, options.PseudoLabelWeight, options.TransportPairWeight));
        Assert.AreEqual((0.99, 0.1, 0.4, true), (options.AverageDecay, options.RampStart, options.RampEnd, options.LearnTemperature));
        Assert.IsNull(options.GaussianKernelBandwidth);
        Assert.IsNull(options.SddDistanceTemperature);
    }

    [TestMethod]
    [DataRow(nameof(ObjectiveOptions.GaussianKernelWeight), -0.1)]
    [DataRow(nameof(ObjectiveOptions.GaussianKernelWeight), 1.1)]
    [DataRow(nameof(ObjectiveOptions.GaussianKernelBandwidth), 0.0)]
    [DataRow(nameof(ObjectiveOptions.SddVarianceFloor), 0.0)]
    [DataRow(nameof(ObjectiveOptions.SddDistanceTemperature), double.NaN)]
    [DataRow(nameof(ObjectiveOptions.CentroidWeight), -1.0)]
    [DataRow(nameof(ObjectiveOptions.SinkhornWeight), double.PositiveInfinity)]
    [DataRow(nameof(ObjectiveOptions.PseudoLabelWeight), -1.0)]
    [DataRow(nameof(ObjectiveOptions.TransportPairWeight), double.NaN)]
    [DataRow(nameof(ObjectiveOptions.KlotWeight), -1.0)]
    [DataRow(nameof(ObjectiveOptions.KlotRegularization), 0.0)]
    [DataRow(nameof(ObjectiveOptions.KlotTeacherRegularization), 11.0)]
    [DataRow(nameof(ObjectiveOptions.AverageDecay), 1.0)]
    [DataRow(nameof(ObjectiveOptions.RampStart), -0.1)]
    [DataRow(nameof(ObjectiveOptions.RampEnd), 1.1)]
    public void NumbersOutOfRangeAreNamed(string property, double value) => AssertRefused(property, value);

    [TestMethod]
    [DataRow(nameof(ObjectiveOptions.SelfSupervisedForm))]
    [DataRow(nameof(ObjectiveOptions.MmdKernelWeights))]
    [DataRow(nameof(ObjectiveOptions.SddDivergence))]
    [DataRow(nameof(ObjectiveOptions.SddVariance))]
    [DataRow(nameof(ObjectiveOptions.PseudoLabelKind))]
    [DataRow(nameof(ObjectiveOptions.PseudoLabelSides))]
    public void UndefinedValuesAreNamed(string property) =>
        AssertRefused(property, Enum.ToObject(typeof(ObjectiveOptions).GetProperty(property)!.PropertyType, 99));

    private static void AssertRefused(string property, object value)
    {
        var options = new ObjectiveOptions();
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            typeof(ObjectiveOptions).GetProperty(property)!.SetValue(options, value, System.Reflection.BindingFlags.DoNotWrapExceptions, null, null, null));
        StringAssert.Contains(error.Message, property);
    }
}
