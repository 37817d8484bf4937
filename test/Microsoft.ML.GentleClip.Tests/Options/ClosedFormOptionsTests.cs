using System.Reflection;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Trainers;

namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class ClosedFormOptionsTests
{
    // Each option, a value other than its default, and what it becomes in the alignment's settings.
    private static readonly (string Property, object Value, Func<AlignmentSettings, object>? Setting)[] Table =
    [
        ("Role", ClosedFormRole.Alone, null),
        ("Share", 0.25, null),
        ("Optional", true, null),
        ("Dimension", 7, null),
        ("PrincipalComponents", 33, settings => settings.PrincipalComponents),
        ("Ridge", 0.5, settings => settings.Ridge),
        ("Power", 1.5, settings => settings.Power),
        ("LinearWeight", 3.0, settings => settings.LinearWeight),
        ("KernelWeight", 4.0, settings => settings.KernelWeight),
        ("MaximumAnchors", 50, settings => settings.MaximumAnchors),
        ("Method", ClosedFormMethod.Transport, settings => settings.Method),
        ("Strict", true, settings => settings.Transport.Strict),
        ("TransportRounds", 5, settings => settings.Transport.Rounds),
        ("MaximumTransportRows", 321, settings => settings.Transport.MaximumRows),
        ("SelfTraining", ClosedFormPart.On, settings => settings.SelfTraining.Use),
        ("SelfTrainingRounds", 9, settings => settings.SelfTraining.Rounds),
        ("PseudoPairs", 77, settings => settings.SelfTraining.PseudoPairs),
        ("PseudoPairWeight", 0.3, settings => settings.SelfTraining.PseudoPairWeight),
        ("Spectral", ClosedFormPart.Gated, settings => settings.Spectral.Use),
        ("Smoothing", true, settings => settings.Smoothing.Use),
        ("MaximumUnpairedRows", 123, settings => settings.SelfTraining.MaximumRows == settings.Smoothing.MaximumRows ? settings.Smoothing.MaximumRows : -1),
    ];

    [TestMethod]
    public void EveryOptionReachesTheAlignment()
    {
        var properties = typeof(ClosedFormOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance);
        CollectionAssert.AreEquivalent(properties.Select(property => property.Name).ToArray(), Table.Select(row => row.Property).ToArray());
        foreach (var (name, value, setting) in Table)
        {
            var options = new ClosedFormOptions();
            var property = properties.Single(p => p.Name == name);
            Assert.AreNotEqual(value, property.GetValue(options), name);
            property.SetValue(options, value);
            Assert.AreEqual(value, property.GetValue(options), name);
            if (setting is not null)
                Assert.AreEqual(value, setting(ClosedFormFactory.Settings(options, null)), name);
        }
    }

    [TestMethod]
    public void DefaultsAreThoseOfTheAlignment() =>
        Assert.AreEqual(new AlignmentSettings { EmbeddingDimension = 5 }, ClosedFormFactory.Settings(new ClosedFormOptions(), 5));

    [TestMethod]
    [DataRow("Role", (ClosedFormRole)9)]
    [DataRow("Share", -0.1)]
    [DataRow("Share", 1.1)]
    [DataRow("Share", double.NaN)]
    [DataRow("Dimension", 0)]
    [DataRow("PrincipalComponents", 0)]
    [DataRow("Ridge", 0.0)]
    [DataRow("Power", -1.0)]
    [DataRow("LinearWeight", -1.0)]
    [DataRow("KernelWeight", double.PositiveInfinity)]
    [DataRow("MaximumAnchors", 1)]
    [DataRow("Method", (ClosedFormMethod)9)]
    [DataRow("TransportRounds", 0)]
    [DataRow("MaximumTransportRows", 1)]
    [DataRow("SelfTraining", (ClosedFormPart)9)]
    [DataRow("SelfTrainingRounds", 0)]
    [DataRow("PseudoPairs", 0)]
    [DataRow("PseudoPairWeight", 1.0)]
    [DataRow("Spectral", (ClosedFormPart)(-1))]
    [DataRow("MaximumUnpairedRows", 0)]
    public void OutOfRangeIsNamed(string property, object value)
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            typeof(ClosedFormOptions).GetProperty(property)!.SetValue(new ClosedFormOptions(), value, BindingFlags.DoNotWrapExceptions, null, null, null));
        StringAssert.StartsWith(error.Message, property);
    }
}
