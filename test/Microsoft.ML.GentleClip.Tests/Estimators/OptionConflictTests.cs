namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Options that are right one by one and wrong together are refused when the estimator is made.</summary>
[TestClass]
public sealed class OptionConflictTests
{
    [TestMethod]
    public void AMissingModality()
    {
        AssertRefused(new GentleClipOptions(), "GentleClipOptions.ModalityA is not set");
        AssertRefused(new GentleClipOptions { ModalityA = Modality.Vector("X", "A") }, "GentleClipOptions.ModalityB is not set");
    }

    [TestMethod]
    public void TheSameColumnTwice()
    {
        AssertRefused(Columns("A", "X", "A", "Y"), "Both modalities read column 'A'");
        AssertRefused(Columns("A", "X", "B", "X"), "Both modalities write column 'X'");
        foreach (var column in new[] { "A", "B" })
        {
            var options = Columns("A", "X", "B", "Y");
            options.PairedColumnName = column;
            AssertRefused(options, $"Column '{column}' is both the paired column and a modality's input");
        }
    }

    [TestMethod]
    public void MorePairsThanTheBatchHolds()
    {
        var options = TwoViews.Options();
        (options.Batches.Size, options.Batches.PairsPerBatch) = (8, 9);
        AssertRefused(options, "Batches.PairsPerBatch is 9, above Batches.Size 8");
        options.Batches.PairsPerBatch = 8;
        new MLContext().Transforms.GentleClip(options);
    }

    [TestMethod]
    public void NoLossAtAll()
    {
        var options = TwoViews.Options();
        // None of these says what belongs together.
        options.Objectives = [new ContrastiveObjective { Weight = 0 }, new SelfSupervisedObjective(), new PseudoLabelObjective()];
        AssertRefused(options, "Of the objectives (contrastive 0, selfSupervised 0.1, pseudoLabel 0.3) none that looks at pairs");
        options.Objectives = [];
        AssertRefused(options, "expected at least one");
        options.Objectives = [new ContrastiveObjective { UnpairedNegatives = UnpairedSides.Both }];
        new MLContext().Transforms.GentleClip(options);
        options.Objectives = [new CentroidObjective()];
        new MLContext().Transforms.GentleClip(options);
    }

    [TestMethod]
    public void AnUnknownDevice()
    {
        var options = TwoViews.Options(steps: 1);
        options.Device = "gpu";
        var mlContext = new MLContext();
        var exception = Assert.ThrowsExactly<ArgumentException>(
            () => mlContext.Transforms.GentleClip(options).Fit(mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(5, seed: 1))));
        Assert.Contains("Device 'gpu' is unknown; expected 'cpu', 'cuda' or 'cuda:N'", exception.Message);
    }

    [TestMethod]
    public void TheEstimatorKeepsACopyOfTheOptions()
    {
        var options = TwoViews.Options(steps: 1);
        var mlContext = new MLContext();
        var estimator = mlContext.Transforms.GentleClip(options);
        options.EmbeddingDimension = 3;
        options.PairedColumnName = "there is none";
        using var model = estimator.Fit(mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(5, seed: 1)));
        Assert.AreEqual(16, model.EmbeddingDimension);
    }

    private static GentleClipOptions Columns(string inputA, string outputA, string inputB, string outputB) =>
        new() { ModalityA = Modality.Vector(outputA, inputA), ModalityB = Modality.Vector(outputB, inputB) };

    private static void AssertRefused(GentleClipOptions options, string message)
    {
        var exception = Assert.ThrowsExactly<ArgumentException>(() => new MLContext().Transforms.GentleClip(options));
        Assert.Contains(message, exception.Message);
    }
}
