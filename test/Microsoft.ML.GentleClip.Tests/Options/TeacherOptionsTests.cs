using System.Reflection;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Trainers;

namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class TeacherOptionsTests
{
    // Each option, a value other than its default, and what it becomes in the alignment's settings.
    private static readonly (string Property, object Value, Func<AlignmentSettings, object>? Setting)[] Table =
    [
        ("Role", TeacherRole.Alone, null),
        ("Share", 0.25, null),
        ("Optional", true, null),
        ("Dimension", 7, null),
        ("PrincipalComponents", 33, settings => settings.PrincipalComponents),
        ("Ridge", 0.5, settings => settings.Ridge),
        ("Power", 1.5, settings => settings.Power),
        ("LinearWeight", 3.0, settings => settings.LinearWeight),
        ("KernelWeight", 4.0, settings => settings.KernelWeight),
        ("MaximumAnchors", 50, settings => settings.MaximumAnchors),
        ("Method", TeacherMethod.Transport, settings => settings.Method),
        ("Strict", true, settings => settings.Transport.Strict),
        ("TransportRounds", 5, settings => settings.Transport.Rounds),
        ("MaximumTransportRows", 321, settings => settings.Transport.MaximumRows),
        ("SelfTraining", TeacherPart.On, settings => settings.SelfTraining.Use == PartUse.On ? TeacherPart.On : TeacherPart.Off),
        ("SelfTrainingRounds", 9, settings => settings.SelfTraining.Rounds),
        ("PseudoPairs", 77, settings => settings.SelfTraining.PseudoPairs),
        ("PseudoPairWeight", 0.3, settings => settings.SelfTraining.PseudoPairWeight),
        ("Spectral", TeacherPart.Gated, settings => settings.Spectral.Use == PartUse.Gated ? TeacherPart.Gated : TeacherPart.Off),
        ("Smoothing", true, settings => settings.Smoothing.Use),
        ("MaximumUnpairedRows", 123, settings => settings.SelfTraining.MaximumRows == settings.Smoothing.MaximumRows ? settings.Smoothing.MaximumRows : -1),
    ];

    [TestMethod]
    public void EveryOptionReachesTheAlignment()
    {
        var properties = typeof(TeacherOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance);
        CollectionAssert.AreEquivalent(properties.Select(property => property.Name).ToArray(), Table.Select(row => row.Property).ToArray());
        foreach (var (name, value, setting) in Table)
        {
            var options = new TeacherOptions();
            var property = properties.Single(p => p.Name == name);
            Assert.AreNotEqual(value, property.GetValue(options), name);
            property.SetValue(options, value);
            Assert.AreEqual(value, property.GetValue(options), name);
            if (setting is not null)
                Assert.AreEqual(value, setting(TeacherFactory.Settings(options, null)), name);
        }
    }

    [TestMethod]
    public void DefaultsAreThoseOfTheAlignment() => Assert.AreEqual(new AlignmentSettings { EmbeddingDimension = 5 }, TeacherFactory.Settings(new TeacherOptions(), 5));

    [TestMethod]
    [DataRow("Role", (TeacherRole)9)]
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
    [DataRow("Method", (TeacherMethod)9)]
    [DataRow("TransportRounds", 0)]
    [DataRow("MaximumTransportRows", 1)]
    [DataRow("SelfTraining", (TeacherPart)9)]
    [DataRow("SelfTrainingRounds", 0)]
    [DataRow("PseudoPairs", 0)]
    [DataRow("PseudoPairWeight", 1.0)]
    [DataRow("Spectral", (TeacherPart)(-1))]
    [DataRow("MaximumUnpairedRows", 0)]
    public void OutOfRangeIsNamed(string property, object value)
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            typeof(TeacherOptions).GetProperty(property)!.SetValue(new TeacherOptions(), value, BindingFlags.DoNotWrapExceptions, null, null, null));
        StringAssert.StartsWith(error.Message, property);
    }
}
