using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Trainers;
using Microsoft.ML.GentleClip.Trainers.FineTuning;
using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.FineTuning;

/// <summary>What a fine-tuning must not do in silence.</summary>
[TestClass]
public sealed class FineTuningSurpriseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 3);
    private readonly IDataView _train, _validation;

    public FineTuningSurpriseTests()
    {
        var rows = LabelledViews.Rows(60);
        var keys = LabelledViews.Keys(_mlContext, rows);
        (_train, _validation) = (keys.Transform(_mlContext.Data.LoadFromEnumerable(rows)),
            keys.Transform(_mlContext.Data.LoadFromEnumerable(LabelledViews.Rows(30, seed: 9))));
    }

    private MulticlassClassificationCatalog.MulticlassClassificationTrainers Trainers => _mlContext.MulticlassClassification.Trainers;

    public void Dispose() => _folder.Dispose();

    /// <summary>A loss of NaN is better and worse than none: nothing could be chosen by it, and the first weights would stay.</summary>
    [TestMethod]
    [DataRow(HeadInitialization.LinearProbe, null)]
    [DataRow(HeadInitialization.Prior, null)]
    [DataRow(HeadInitialization.LinearProbe, 0)]
    public void AValidationRowThatOverflowsIsNamed(HeadInitialization head, int? layers)
    {
        var rows = LabelledViews.Rows(30, seed: 9);
        rows[7].A[2] = 3e38f;
        var view = LabelledViews.Keys(_mlContext, rows).Transform(_mlContext.Data.LoadFromEnumerable(rows));
        var options = Options(30) with { HeadInitialization = head, TrainableLayers = layers };
        var message = Assert.ThrowsExactly<ArithmeticException>(() => Trainers.GentleClipFineTuning(options).Fit(_train, view)).Message;
        Assert.Contains("1 of 30 ", message);
        Assert.Contains("Validation row 7", message);
    }

    [TestMethod]
    [DataRow(HeadInitialization.LinearProbe)]
    [DataRow(HeadInitialization.Prior)]
    public void AnExtremeLabelToValidateOnIsSaid(HeadInitialization head)
    {
        var rows = LabelledViews.Rows(30, seed: 9);
        rows[7].Target = 3e38f;
        var options = Options(30) with { HeadInitialization = head, LabelColumnName = "Target" };
        var message = Assert.ThrowsExactly<ArithmeticException>(() => _mlContext.Regression.Trainers.GentleClipFineTuning(options).Fit(
            _mlContext.Data.LoadFromEnumerable(LabelledViews.Rows(60)), _mlContext.Data.LoadFromEnumerable(rows))).Message;
        Assert.Contains("The loss on the validation rows is Infinity", message);
        Assert.Contains("Look for extreme labels among them.", message);
    }

    /// <summary>The training is done, and its model need not be lost with its last checkpoint.</summary>
    [TestMethod]
    public void AFinishedTrainingOutlivesItsFolder()
    {
        var log = new ContextLog(_mlContext);
        var options = Options(40);
        options.Checkpoints.Directory = _folder.File("checkpoints");
        options.Checkpoints.Steps = 1000;
        options.Clock = new SteppingClock(TimeSpan.FromSeconds(1));
        options.Progress = new DirectProgress(report =>
        {
            if (report.Step == 40 && Directory.Exists(options.Checkpoints.Directory))
                Directory.Delete(options.Checkpoints.Directory, recursive: true);
        });
        using var model = Trainers.GentleClipFineTuning(options).Fit(_train);
        Assert.AreEqual(40, model.History[^1].Step);
        Assert.Contains("The folder is gone, and earlier checkpoints with it. The training is finished all the same", log.Warnings.Single(
            warning => warning.Contains("checkpoint of step 40", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void LabelsThatAreMatchedByNumberAreSaid()
    {
        var log = new ContextLog(_mlContext);
        var numbers = _mlContext.Data.LoadFromEnumerable(LabelledViews.Rows(30, seed: 9)
            .Select((row, i) => new NumberedRow { A = row.A, B = row.B, Label = (uint)(1 + i % 3) }));
        Trainers.GentleClipFineTuning(Options(20)).Fit(_train, numbers).Dispose();
        Assert.Contains("Validation data: only the training data has values of the keys in column 'Label', so labels are matched by number.", log.Warnings);
        log.Clear();
        Trainers.GentleClipFineTuning(Options(20)).Fit(_train, _validation).Dispose();
        Assert.IsFalse(log.Warnings.Exists(warning => warning.Contains("by number", StringComparison.Ordinal)));
    }

    /// <summary>The shares of a class are those of all rows; a class's only row stays to be learnt from.</summary>
    [TestMethod]
    public void EachClassIsHeldOutAlike()
    {
        foreach (var seed in Enumerable.Range(0, 8))
        {
            var rows = LabelledViews.Rows(40);
            rows.ForEach(row => row.Kind = LabelledViews.Kinds[0]);
            rows.Take(8).ToList().ForEach(row => row.Kind = LabelledViews.Kinds[1]);
            rows[8].Kind = LabelledViews.Kinds[2];
            var log = new ContextLog(_mlContext);
            var data = LabelledViews.Keys(_mlContext, rows).Transform(_mlContext.Data.LoadFromEnumerable(rows));
            var options = Options(5) with { Seed = seed, Validation = new() { Fraction = 0.5 } };
            Trainers.GentleClipFineTuning(options).Fit(data).Dispose();
            Assert.IsTrue(Infos(log).Exists(info => info.Contains("of 20 rows; ", StringComparison.Ordinal)), string.Join('\n', Infos(log))); // 15 + 4 + 1
            Assert.IsFalse(log.Warnings.Exists(warning => warning.Contains("no training row", StringComparison.OrdinalIgnoreCase)));
        }
    }

    [TestMethod]
    public void SlotNamesInAnotherOrderAreRefused()
    {
        var (train, validation) = (Named("x", "y", "z", "w"), Named("y", "x", "z", "w"));
        var options = Options(5) with { LabelColumnName = "Named" };
        var trainer = _mlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(options);
        var message = Assert.Throws<Exception>(() => trainer.Fit(train, validation)).Message;
        Assert.Contains("the slot names of training", message);
        trainer.Fit(train, Named("x", "y", "z", "w")).Dispose();

        IDataView Named(params string[] names)
        {
            var data = _mlContext.Data.LoadFromEnumerable(LabelledViews.Rows(40).Select(row => new Four
            {
                A = row.A,
                B = row.B,
                F0 = row.Flags[0] ? 1 : 0,
                F1 = row.Flags[1] ? 1 : 0,
                F2 = row.Flags[2] ? 1 : 0,
                F3 = row.Flags[3] ? 1 : 0,
            }));
            IEstimator<ITransformer> chain = _mlContext.Transforms.CopyColumns(names[0], "F0");
            for (var i = 1; i < names.Length; i++)
                chain = chain.Append(_mlContext.Transforms.CopyColumns(names[i], $"F{i}"));
            return chain.Append(_mlContext.Transforms.Concatenate("Named", names)).Fit(data).Transform(data);
        }
    }

    [TestMethod]
    public void AClassNameThatNoFileCanHoldIsRefused()
    {
        var rows = LabelledViews.Rows(30);
        rows[0].Kind = "\ud800x";
        var data = _mlContext.Transforms.Conversion.MapValueToKey("Label", "Kind").Fit(_mlContext.Data.LoadFromEnumerable(rows))
            .Transform(_mlContext.Data.LoadFromEnumerable(rows));
        var message = Assert.Throws<Exception>(() => Trainers.GentleClipFineTuning(Options(5)).Fit(data)).Message;
        Assert.Contains("half a surrogate pair in value 1 of 4", message);
    }

    private sealed class Four
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];

        [VectorType(TwoViews.DimensionB)]
        public float[] B { get; set; } = [];

        public float F0 { get; set; }

        public float F1 { get; set; }

        public float F2 { get; set; }

        public float F3 { get; set; }
    }

    private sealed class NumberedRow
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];

        [VectorType(TwoViews.DimensionB)]
        public float[] B { get; set; } = [];

        [KeyType(3)]
        public uint Label { get; set; }
    }

    /// <summary>Balanced weights make both sides of a label count alike, whichever is rare.</summary>
    [TestMethod]
    public void RareLabelsWeighMore()
    {
        CollectionAssert.AreEqual(
            new[] { 2f, 2f / 3 }, new LabelShares(new LabelSpec(FineTuningTask.Binary, 1), [[1f], [0f], [0f], [0f]], "Y").Weights(ClassWeighting.Balanced));
        // Of the second label one row is not known.
        float[][] rows = [[1, 1], [0, 1], [0, 0], [0, float.NaN]];
        CollectionAssert.AreEqual(
            new[] { 2f, 0.75f, 2f / 3, 1.5f }, new LabelShares(new LabelSpec(FineTuningTask.MultiLabel, 2), rows, "Y").Weights(ClassWeighting.Balanced));
    }

    /// <summary>Nothing looks at what the last step of a training made of the weights.</summary>
    [TestMethod]
    public void WeightsThatAreNotFiniteAreNoResult()
    {
        using var model = LabelledViews.Aligned(steps: 1);
        model.Use(own =>
        {
            FiniteWeights.Check(own, 7);
            using var gradients = torch.no_grad();
            own.named_parameters().Last(entry => entry.parameter.ndim == 2).parameter.fill_(float.PositiveInfinity);
            Assert.Contains("After step 7 weights of '", Assert.ThrowsExactly<ArithmeticException>(() => FiniteWeights.Check(own, 7)).Message);
            return 0;
        });
    }

    private static FineTuningOptions Options(int steps) => LabelledViews.Options(steps) with { Modalities = LabelledViews.Modalities };

    private static List<string> Infos(ContextLog log) => log.Texts(ChannelMessageKind.Info);
}
