using System.Reflection;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class GentleClipOptionsTests
{
    // Per property: values that are refused, what the message must say, values at the limits that are taken.
    private static readonly (string Property, object[] Refused, string Expected, object?[] Taken)[] Table =
    [
        ("EmbeddingDimension", [1, 0, -5, 16385], "from 2 to 16384", [2, 16384]),
        ("Batches.Size", [3, 0, -1, 1048577], "from 4 to 1048576", [4, 1048576]),
        ("Batches.PairsPerBatch", [1, 0, -1, 1048577], "from 2 to 1048576", [null, 2, 1048576]),
        ("Batches.PairsPerBatchRule", [(PairsPerBatchRule)2, (PairsPerBatchRule)(-1)], "one of Fixed, Proportional",
            [PairsPerBatchRule.Proportional, PairsPerBatchRule.Fixed]),
        ("Batches.Shards", [0, -1, 1048577], "from 1 to 1048576", [null, 1, 1048576]),
        ("Precision", [(EncoderPrecision)2, (EncoderPrecision)(-1)], "one of Float32, BFloat16", [EncoderPrecision.BFloat16, EncoderPrecision.Float32]),
        ("MaximumNumberOfSteps", [0, -1], "from 1 to 2147483647", [1, int.MaxValue]),
        ("Optimizer.LearningRate", [0.0, -1e-3, 1e-31, 1e31, double.NaN, double.PositiveInfinity], "from 1E-30 to 1E+30", [1e-30, 1e30]),
        ("Optimizer.WeightDecay", [-0.1, 1.1e6, double.NaN, double.PositiveInfinity], "from 0 to 1000000", [0.0, 1.5]),
        ("Optimizer.WarmupFraction", [-0.1, 1.1, double.NaN], "from 0 to 1", [0.0, 1.0]),
        ("Optimizer.GradientClipNorm", [0.0, -1.0, double.NaN, double.PositiveInfinity], "above 0", [1e-3, 1e6]),
        ("Temperature", [0.0, 0.009, 1.01, double.NaN], "from 0.01 to 1", [0.01, 1.0]),
        ("TrainingRows", [(TrainingRows)4, (TrainingRows)(-1)], "one of All, WithA, WithB, WithBoth", [TrainingRows.WithBoth, TrainingRows.All]),
        ("Validation.Fraction", [-0.1, 1.0, double.NaN], "from 0 to below 1", [0.0, 0.999]),
        ("Validation.EarlyStoppingPatience", [0, -1], "from 1 to 2147483647", [1, int.MaxValue]),
        ("NumberOfThreads", [0, -1, 1025], "from 1 to 1024", [null, 1, 1024]),
        ("Checkpoints.Steps", [0, -1], "from 1 to 2147483647", [null, 1, int.MaxValue]),
        ("Checkpoints.Interval", [TimeSpan.Zero, TimeSpan.FromSeconds(-1)], "above zero", [TimeSpan.FromTicks(1), TimeSpan.MaxValue]),
        ("Checkpoints.Keep", [0, -1], "from 1 to 2147483647", [1, int.MaxValue]),
    ];

    // Refused or taken by a text of their own, or with every value allowed.
    private static readonly string[] Untabled =
    [
        "ModalityA", "ModalityB", "PairedColumnName", "LearnTemperature", "Objectives", "ClosedForm", "Validation.GuardUnpairedObjectives",
        "Checkpoints.Directory", "Checkpoints.AllowMismatch", "AllowNoPairs", "Seed", "Device", "ProcessGroup", "Progress",
        "CancellationToken",
    ];

    // Of the untabled, those whose default is not null.
    private static readonly string[] NotNull =
    [
        "CancellationToken", "LearnTemperature", "Objectives", "ClosedForm", "Validation.GuardUnpairedObjectives", "Checkpoints.AllowMismatch",
        "AllowNoPairs",
    ];

    private static readonly PropertyInfo[] Groups = [.. typeof(TrainingOptions).GetProperties().Where(property => property.PropertyType.IsClass)];

    // Of a group, what is in it.
    private static readonly string[] Properties =
    [
        .. typeof(GentleClipOptions).GetProperties().SelectMany(property => IsGroup(property)
            ? property.PropertyType.GetProperties().Select(inner => $"{property.Name}.{inner.Name}")
            : [property.Name]),
    ];

    public static IEnumerable<object?[]> RefusedValues => Table.SelectMany(row => row.Refused.Select(value => new[] { row.Property, value, row.Expected }));

    public static IEnumerable<object?[]> TakenValues => Table.SelectMany(row => row.Taken.Select(value => new[] { row.Property, value }));

    [TestMethod]
    public void TheTableHoldsEveryProperty() => CollectionAssert.AreEquivalent(
        Properties, Table.Select(row => row.Property).Concat(Untabled).ToArray());

    [TestMethod]
    public void DefaultsAreTheRecommendedOnes()
    {
        var options = new GentleClipOptions();
        foreach (var constant in typeof(GentleClipOptions.Defaults).GetFields())
            Assert.AreEqual(constant.GetRawConstantValue(), Get(options, constant.Name), constant.Name);
        foreach (var group in Groups)
            foreach (var constant in group.PropertyType.GetNestedType("Defaults")!.GetFields())
                Assert.AreEqual(constant.GetRawConstantValue(), Get(options, $"{group.Name}.{constant.Name}"), $"{group.Name}.{constant.Name}");
        Assert.AreEqual(CheckpointOptions.Defaults.Interval, options.Checkpoints.Interval);
        foreach (var name in Untabled.Except(NotNull).Concat(["Batches.PairsPerBatch", "Batches.Shards", "NumberOfThreads", "Checkpoints.Steps"]))
            Assert.IsNull(Get(options, name), name);
        Assert.AreEqual(PairsPerBatchRule.Fixed, options.Batches.PairsPerBatchRule);
        Assert.AreEqual(TrainingRows.All, options.TrainingRows);
        Assert.AreEqual(CancellationToken.None, options.CancellationToken);
        Assert.IsTrue(options.LearnTemperature);
        Assert.AreEqual<ObjectiveList>([new ContrastiveObjective(), new SelfSupervisedObjective(), new MmdObjective(), new SddObjective()], options.Objectives);
        Assert.AreEqual(new ClosedFormOptions { Role = ClosedFormRole.Chosen, Optional = true }, options.ClosedForm);

        // The figures of the recommendation, so that a slip in a constant is seen.
        Assert.AreEqual((128, 256, 1000, 1e-3, 1e-2),
            (options.EmbeddingDimension, options.Batches.Size, options.MaximumNumberOfSteps, options.Optimizer.LearningRate, options.Optimizer.WeightDecay));
        Assert.AreEqual("contrastive 1, selfSupervised 0.1, mmd 1, sdd 1", options.Objectives.ToString());
        Assert.AreEqual((0.5, 0.07), (options.Objectives.OfType<SddObjective>().Single().Bandwidth, options.Temperature));
    }

    [TestMethod]
    [DynamicData(nameof(RefusedValues))]
    public void OutOfRangeIsRefused(string name, object value, string expected)
    {
        var options = new GentleClipOptions();
        var before = Get(options, name);
        var exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Set(options, name, value));
        Assert.AreEqual(name, exception.ParamName);
        Assert.Contains($"{name} must be {expected}, found {FormattableString.Invariant($"{value}")}.", exception.Message);
        Assert.AreEqual(before, Get(options, name));
    }

    [TestMethod]
    [DynamicData(nameof(TakenValues))]
    public void TheLimitsAreTaken(string name, object? value)
    {
        var options = new GentleClipOptions();
        Set(options, name, value);
        Assert.AreEqual(value, Get(options, name));
    }

    [TestMethod]
    public void EmptyTextsAndNullModalitiesAreRefused()
    {
        var options = new GentleClipOptions();
        foreach (var name in new[] { "PairedColumnName", "Device", "Checkpoints.Directory" })
        {
            foreach (var text in new[] { "", "  " })
                Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentException>(() => Set(options, name, text)).ParamName);
            Set(options, name, null);
        }
        foreach (var name in new[] { "ModalityA", "ModalityB", "Objectives", "Batches", "Optimizer", "Validation", "Checkpoints" })
            Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentNullException>(() => Set(options, name, null)).ParamName);
    }

    [TestMethod]
    public void EveryPropertyKeepsWhatItIsGiven()
    {
        var options = Changed();
        var defaults = new GentleClipOptions();
        foreach (var name in Properties)
        {
            Assert.AreEqual(ChangedValues[name], Get(options, name), name);
            Assert.AreNotEqual(Get(defaults, name), Get(options, name), $"{name} is not changed by this test");
        }
    }

    [TestMethod]
    public void TheCopyHoldsEveryPropertyAndIsIndependent()
    {
        foreach (var name in Properties)
        {
            var options = Changed();
            var copy = options with { };
            Assert.AreEqual(options, copy, name);
            Assert.AreEqual(Get(options, name), Get(copy, name), name);

            // Both ways round: neither sees what becomes of the other.
            var usual = Get(new GentleClipOptions(), name);
            var (other, otherCopy) = (Changed(), Changed() with { });
            SetUnlessModality(other, name, usual);
            Assert.AreEqual(ChangedValues[name], Get(copy, name), name);
            SetUnlessModality(copy, name, usual);
            Assert.AreEqual(ChangedValues[name], Get(options, name), name);
            Assert.AreEqual(Changed(), otherCopy);
        }
        Assert.AreEqual(Changed(), Changed());

        static void SetUnlessModality(GentleClipOptions options, string name, object? value)
        {
            if (value is not null || !name.StartsWith("Modality", StringComparison.Ordinal))
                Set(options, name, value);
        }
    }

    [TestMethod]
    public void GroupsAreNeverShared()
    {
        var first = Changed();
        var copy = first with { };
        var second = new GentleClipOptions
        {
            Batches = first.Batches,
            Optimizer = first.Optimizer,
            Validation = first.Validation,
            Checkpoints = first.Checkpoints,
        };
        foreach (var group in Groups)
            foreach (var other in new[] { copy, second })
            {
                Assert.AreEqual(group.GetValue(first), group.GetValue(other), group.Name);
                Assert.AreNotSame(group.GetValue(first), group.GetValue(other), group.Name);
            }
        first.Batches.Size = 99;
        copy.Checkpoints.Keep = 98;
        second.Optimizer = second.Optimizer with { LearningRate = 9 };
        Assert.AreEqual((99, 33, 33), (first.Batches.Size, copy.Batches.Size, second.Batches.Size));
        Assert.AreEqual((13, 98, 13), (first.Checkpoints.Keep, copy.Checkpoints.Keep, second.Checkpoints.Keep));
        Assert.AreEqual((0.25, 0.25, 9.0), (first.Optimizer.LearningRate, copy.Optimizer.LearningRate, second.Optimizer.LearningRate));
        Assert.AreNotEqual(first, copy, "groups are compared by value");
        copy.Checkpoints.Keep = first.Checkpoints.Keep;
        copy.Batches.Size = 99;
        Assert.AreEqual(first, copy);
    }

    [TestMethod]
    public void EachWayOfWritingSetsTheSame()
    {
        var written = new GentleClipOptions { Batches = new() { Size = 64, PairsPerBatch = 8 }, Optimizer = { LearningRate = 0.1 } };
        var assigned = new GentleClipOptions();
        assigned.Batches.Size = 64;
        assigned.Batches.PairsPerBatch = 8;
        assigned.Optimizer.LearningRate = 0.1;
        var copied = new GentleClipOptions() with { Batches = new() { Size = 64, PairsPerBatch = 8 }, Optimizer = new() { LearningRate = 0.1 } };
        Assert.AreEqual(written, assigned);
        Assert.AreEqual(written, copied);
        // A preset's other settings of a group stay where one is assigned, and go where the group is new.
        var preset = GentleClipOptions.FromPreset(GentleClipPreset.PublishedCode);
        preset.Batches.Size = 128;
        Assert.AreEqual((128, 22), (preset.Batches.Size, preset.Batches.PairsPerBatch));
        Assert.IsNull((preset with { Batches = new() { Size = 128 } }).Batches.PairsPerBatch);
        Assert.AreEqual(22, (preset with { Batches = preset.Batches with { Size = 96 } }).Batches.PairsPerBatch);
    }

    [TestMethod]
    public void TheEstimatorKeepsItsOwnSettings()
    {
        var mlContext = new MLContext(seed: 1);
        var data = mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 60, 50));
        var options = TwoViews.Options(steps: 50);
        var estimator = mlContext.Transforms.GentleClip(options);
        var before = estimator.Plan(data).ToString();
        options.Batches.Size = 32;
        options.Validation.Fraction = 0.5;
        options.MaximumNumberOfSteps = 60;
        Assert.AreEqual(before, estimator.Plan(data).ToString());
        var after = mlContext.Transforms.GentleClip(options).Plan(data);
        Assert.AreNotEqual(before, after.ToString());
        Assert.AreEqual((20, 60), (after.ValidationPairs, after.Steps));
    }

    [TestMethod]
    public void PresetsDifferInTheLossesAlone()
    {
        var recommended = GentleClipOptions.FromPreset(GentleClipPreset.Recommended);
        var clip = GentleClipOptions.FromPreset(GentleClipPreset.Clip);
        foreach (var name in Properties)
        {
            Assert.AreEqual(Get(new GentleClipOptions(), name), Get(recommended, name), name);
            if (name is not ("ClosedForm" or "Objectives"))
                Assert.AreEqual(Get(recommended, name), Get(clip, name), name);
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
        ["Batches.Size"] = 33,
        ["Batches.PairsPerBatch"] = 9,
        ["Batches.Shards"] = 4,
        ["ProcessGroup"] = new SingleProcess(),
        ["Batches.PairsPerBatchRule"] = PairsPerBatchRule.Proportional,
        ["Precision"] = EncoderPrecision.BFloat16,
        ["MaximumNumberOfSteps"] = 123,
        ["Optimizer.LearningRate"] = 0.25,
        ["Optimizer.WeightDecay"] = 0.125,
        ["Optimizer.WarmupFraction"] = 0.5,
        ["Optimizer.GradientClipNorm"] = 2.5,
        ["Temperature"] = 0.2,
        ["LearnTemperature"] = false,
        ["Objectives"] = ObjectiveList.Create([new ContrastiveObjective(), new Custom.PairDistance { Weight = 0.5 }]),
        ["ClosedForm"] = new ClosedFormOptions { Share = 0.25 },
        ["Validation.GuardUnpairedObjectives"] = true,
        ["TrainingRows"] = TrainingRows.WithB,
        ["Validation.Fraction"] = 0.3,
        ["Validation.EarlyStoppingPatience"] = 8,
        ["Seed"] = -42,
        ["NumberOfThreads"] = 3,
        ["Checkpoints.Directory"] = "folder",
        ["Checkpoints.Steps"] = 11,
        ["Checkpoints.Interval"] = TimeSpan.FromSeconds(12),
        ["Checkpoints.Keep"] = 13,
        ["Checkpoints.AllowMismatch"] = true,
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

    private static bool IsGroup(PropertyInfo property) => property.DeclaringType == typeof(TrainingOptions) && property.PropertyType.IsClass;

    private static object? Get(GentleClipOptions options, string name)
    {
        var (holder, property) = Find(options, name);
        return property.GetValue(holder);
    }

    private static void Set(GentleClipOptions options, string name, object? value)
    {
        var (holder, property) = Find(options, name);
        property.SetValue(holder, value, BindingFlags.DoNotWrapExceptions, null, null, null);
    }

    private static (object Holder, PropertyInfo Property) Find(object holder, string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var property = holder.GetType().GetProperty(dot < 0 ? name : name[..dot]) ?? throw new ArgumentException($"There is no {name}.");
        return dot < 0 ? (holder, property) : Find(property.GetValue(holder)!, name[(dot + 1)..]);
    }
}
