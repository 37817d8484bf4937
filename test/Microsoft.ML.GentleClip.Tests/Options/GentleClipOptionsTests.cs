using System.Reflection;

namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class GentleClipOptionsTests
{
    // Per property: values that are refused, what the message must say, values at the limits that are taken.
    private static readonly (string Property, object[] Refused, string Expected, object?[] Taken)[] Table =
    [
        ("EmbeddingDimension", [1, 0, -5, 16385], "from 2 to 16384", [2, 16384]),
        ("BatchSize", [3, 0, -1, 1048577], "from 4 to 1048576", [4, 1048576]),
        ("PairsPerBatch", [1, 0, -1, 1048577], "from 2 to 1048576", [null, 2, 1048576]),
        ("PairsPerBatchRule", [(PairsPerBatchRule)2, (PairsPerBatchRule)(-1)], "one of Fixed, Proportional",
            [PairsPerBatchRule.Proportional, PairsPerBatchRule.Fixed]),
        ("MaximumNumberOfSteps", [0, -1], "from 1 to 2147483647", [1, int.MaxValue]),
        ("LearningRate", [0.0, -1e-3, double.NaN, double.PositiveInfinity], "above 0", [1e-9, 10.0]),
        ("WeightDecay", [-0.1, double.NaN, double.PositiveInfinity], "0 or more", [0.0, 1.5]),
        ("WarmupFraction", [-0.1, 1.1, double.NaN], "from 0 to 1", [0.0, 1.0]),
        ("GradientClipNorm", [0.0, -1.0, double.NaN, double.PositiveInfinity], "above 0", [1e-3, 1e6]),
        ("Temperature", [0.0, 0.009, 1.01, double.NaN], "from 0.01 to 1", [0.01, 1.0]),
        ("TrainingRows", [(TrainingRows)4, (TrainingRows)(-1)], "one of All, WithA, WithB, WithBoth", [TrainingRows.WithBoth, TrainingRows.All]),
        ("ValidationFraction", [-0.1, 1.0, double.NaN], "from 0 to below 1", [0.0, 0.999]),
        ("EarlyStoppingPatience", [0, -1], "from 1 to 2147483647", [1, int.MaxValue]),
        ("NumberOfThreads", [0, -1, 1025], "from 1 to 1024", [null, 1, 1024]),
        ("CheckpointSteps", [0, -1], "from 1 to 2147483647", [null, 1, int.MaxValue]),
        ("CheckpointInterval", [TimeSpan.Zero, TimeSpan.FromSeconds(-1)], "above zero", [TimeSpan.FromTicks(1), TimeSpan.MaxValue]),
        ("CheckpointsToKeep", [0, -1], "from 1 to 2147483647", [1, int.MaxValue]),
    ];

    // Refused or taken by a text of their own, or with every value allowed.
    private static readonly string[] Untabled =
    [
        "ModalityA", "ModalityB", "PairedColumnName", "LearnTemperature", "Objectives", "ClosedForm", "GuardUnpairedObjectives", "CheckpointDirectory",
        "AllowCheckpointMismatch",
        "AllowNoPairs", "Seed", "Device", "Progress", "CancellationToken",
    ];

    // Of the untabled, those whose default is not null.
    private static readonly string[] NotNull =
        ["CancellationToken", "LearnTemperature", "Objectives", "ClosedForm", "GuardUnpairedObjectives", "AllowCheckpointMismatch", "AllowNoPairs"];

    private static readonly PropertyInfo[] Properties = typeof(GentleClipOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance);

    public static IEnumerable<object?[]> RefusedValues => Table.SelectMany(row => row.Refused.Select(value => new[] { row.Property, value, row.Expected }));

    public static IEnumerable<object?[]> TakenValues => Table.SelectMany(row => row.Taken.Select(value => new[] { row.Property, value }));

    [TestMethod]
    public void TheTableHoldsEveryProperty() => CollectionAssert.AreEquivalent(
        Properties.Select(property => property.Name).ToArray(), Table.Select(row => row.Property).Concat(Untabled).ToArray());

    [TestMethod]
    public void DefaultsAreTheRecommendedOnes()
    {
        var options = new GentleClipOptions();
        foreach (var constant in typeof(GentleClipOptions.Defaults).GetFields())
            Assert.AreEqual(constant.GetRawConstantValue(), Property(constant.Name).GetValue(options), constant.Name);
        foreach (var name in Untabled.Except(NotNull).Concat(["PairsPerBatch", "NumberOfThreads", "CheckpointSteps"]))
            Assert.IsNull(Property(name).GetValue(options), name);
        Assert.AreEqual(PairsPerBatchRule.Fixed, options.PairsPerBatchRule);
        Assert.AreEqual(TrainingRows.All, options.TrainingRows);
        Assert.AreEqual(CancellationToken.None, options.CancellationToken);
        Assert.IsTrue(options.LearnTemperature);
        Assert.AreEqual<ObjectiveList>([new ContrastiveObjective(), new SelfSupervisedObjective(), new MmdObjective(), new SddObjective()], options.Objectives);
        Assert.AreEqual(new ClosedFormOptions { Role = ClosedFormRole.Chosen, Optional = true }, options.ClosedForm);

        // The figures of the recommendation, so that a slip in a constant is seen.
        Assert.AreEqual((128, 256, 1000, 1e-3, 1e-2),
            (options.EmbeddingDimension, options.BatchSize, options.MaximumNumberOfSteps, options.LearningRate, options.WeightDecay));
        Assert.AreEqual("contrastive 1, selfSupervised 0.1, mmd 1, sdd 1", options.Objectives.ToString());
        Assert.AreEqual((0.5, 0.07), (options.Objectives.OfType<SddObjective>().Single().Bandwidth, options.Temperature));
    }

    [TestMethod]
    [DynamicData(nameof(RefusedValues))]
    public void OutOfRangeIsRefused(string name, object value, string expected)
    {
        var options = new GentleClipOptions();
        var before = Property(name).GetValue(options);
        var exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Set(options, name, value));
        Assert.AreEqual(name, exception.ParamName);
        Assert.Contains($"{name} must be {expected}, found {FormattableString.Invariant($"{value}")}.", exception.Message);
        Assert.AreEqual(before, Property(name).GetValue(options));
    }

    [TestMethod]
    [DynamicData(nameof(TakenValues))]
    public void TheLimitsAreTaken(string name, object? value)
    {
        var options = new GentleClipOptions();
        Set(options, name, value);
        Assert.AreEqual(value, Property(name).GetValue(options));
    }

    [TestMethod]
    public void EmptyTextsAndNullModalitiesAreRefused()
    {
        var options = new GentleClipOptions();
        foreach (var name in new[] { "PairedColumnName", "Device", "CheckpointDirectory" })
        {
            foreach (var text in new[] { "", "  " })
                Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentException>(() => Set(options, name, text)).ParamName);
            Set(options, name, null);
        }
        foreach (var name in new[] { "ModalityA", "ModalityB", "Objectives" })
            Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentNullException>(() => Set(options, name, null)).ParamName);
    }

    [TestMethod]
    public void EveryPropertyKeepsWhatItIsGiven()
    {
        var options = Changed();
        var defaults = new GentleClipOptions();
        foreach (var property in Properties)
        {
            Assert.AreEqual(ChangedValues[property.Name], property.GetValue(options), property.Name);
            Assert.AreNotEqual(property.GetValue(defaults), property.GetValue(options), $"{property.Name} is not changed by this test");
        }
    }

    [TestMethod]
    public void TheCopyHoldsEveryPropertyAndIsIndependent()
    {
        var options = Changed();
        var copy = options with { };
        foreach (var property in Properties)
            Assert.AreEqual(property.GetValue(options), property.GetValue(copy), property.Name);
        copy.BatchSize = 77;
        Assert.AreEqual(ChangedValues["BatchSize"], options.BatchSize);
        Assert.AreNotEqual(options, copy);
        Assert.AreEqual(options, Changed());
    }

    [TestMethod]
    public void PresetsDifferInTheLossesAlone()
    {
        var recommended = GentleClipOptions.FromPreset(GentleClipPreset.Recommended);
        var clip = GentleClipOptions.FromPreset(GentleClipPreset.Clip);
        foreach (var property in Properties)
        {
            Assert.AreEqual(property.GetValue(new GentleClipOptions()), property.GetValue(recommended), property.Name);
            if (property.Name is not ("ClosedForm" or "Objectives"))
                Assert.AreEqual(property.GetValue(recommended), property.GetValue(clip), property.Name);
        }
        Assert.IsNull(clip.ClosedForm);
        var exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => GentleClipOptions.FromPreset((GentleClipPreset)77));
        Assert.Contains("There is no preset 77", exception.Message);
    }

    private static readonly Dictionary<string, object> ChangedValues = new()
    {
        ["ModalityA"] = Modality.Vector("Y", "X"),
        ["ModalityB"] = Modality.Vector("W", "Z"),
        ["PairedColumnName"] = "Paired",
        ["EmbeddingDimension"] = 17,
        ["BatchSize"] = 33,
        ["PairsPerBatch"] = 9,
        ["PairsPerBatchRule"] = PairsPerBatchRule.Proportional,
        ["MaximumNumberOfSteps"] = 123,
        ["LearningRate"] = 0.25,
        ["WeightDecay"] = 0.125,
        ["WarmupFraction"] = 0.5,
        ["GradientClipNorm"] = 2.5,
        ["Temperature"] = 0.2,
        ["LearnTemperature"] = false,
        ["Objectives"] = ObjectiveList.Create([new ContrastiveObjective(), new Custom.PairDistance { Weight = 0.5 }]),
        ["ClosedForm"] = new ClosedFormOptions { Share = 0.25 },
        ["GuardUnpairedObjectives"] = true,
        ["TrainingRows"] = TrainingRows.WithB,
        ["ValidationFraction"] = 0.3,
        ["EarlyStoppingPatience"] = 8,
        ["Seed"] = -42,
        ["NumberOfThreads"] = 3,
        ["CheckpointDirectory"] = "folder",
        ["CheckpointSteps"] = 11,
        ["CheckpointInterval"] = TimeSpan.FromSeconds(12),
        ["CheckpointsToKeep"] = 13,
        ["AllowCheckpointMismatch"] = true,
        ["AllowNoPairs"] = true,
        ["Device"] = "cuda:1",
        ["Progress"] = new Progress<TrainingProgress>(),
        ["CancellationToken"] = new CancellationTokenSource().Token,
    };

    private static GentleClipOptions Changed()
    {
        var options = new GentleClipOptions();
        foreach (var (name, value) in ChangedValues)
            Set(options, name, value);
        return options;
    }

    private static PropertyInfo Property(string name) => typeof(GentleClipOptions).GetProperty(name) ?? throw new ArgumentException($"There is no {name}.");

    private static void Set(GentleClipOptions options, string name, object? value) =>
        Property(name).SetValue(options, value, BindingFlags.DoNotWrapExceptions, null, null, null);
}
