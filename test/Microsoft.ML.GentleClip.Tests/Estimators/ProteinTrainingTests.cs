using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

[TestClass]
public sealed class ProteinTrainingTests
{
    private const int Training = 500, Test = 200;

    public TestContext TestContext { get; set; } = null!;

    /// <summary>Real chains, small encoders from random weights, half a minute on one core: far above chance, not good.</summary>
    [TestMethod]
    public void SequencesAndStructuresAlignFromScratch()
    {
        var mlContext = new MLContext(seed: 1);
        var chains = Proteins.Chains(Training + Test);
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip) with
        {
            ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence",
                new Esm2Options { Size = new Esm2Size(2, 64, 4), MaximumLength = 96, Masking = 0.1 }),
            ModalityB = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons", encoder: new CdConvOptions
            {
                Channels = [32, 64],
                Radii = [8, 12],
                SequentialKernelSize = 5,
                MaximumLength = 96,
                CoordinateNoise = 0.1,
            }),
            EmbeddingDimension = 64,
            Batches = new() { Size = 32 },
            MaximumNumberOfSteps = 300,
            Optimizer = new() { LearningRate = 5e-3 },
            NumberOfThreads = 1,
            Seed = 1,
        };
        var clock = Stopwatch.StartNew();
        using var model = mlContext.Transforms.GentleClip(options).Fit(mlContext.Data.LoadFromEnumerable(chains[..Training]));
        var seconds = clock.Elapsed.TotalSeconds;
        var scored = model.Transform(mlContext.Data.LoadFromEnumerable(chains[Training..]));
        var metrics = Operations.Catalog.EvaluateRetrieval(scored, "SequenceEmbedding", "StructureEmbedding");
        var losses = model.History.Select(epoch => epoch.Losses["contrastive"]).ToArray();
        TestContext.WriteLine(
            $"{seconds:F1} s, {2.0 * options.Batches.Size * options.MaximumNumberOfSteps / seconds:F0} samples/s; contrastive loss {losses[0]:F2} to "
                + $"{losses[^1]:F2}; recall@10 {metrics.RecallAt(10):P1}, chance {metrics.ChanceRecallAt(10):P1}; mean reciprocal rank "
                    + $"{metrics.MeanReciprocalRank:F3}.");

        Assert.IsLessThan(losses[0] - 0.4, losses[^1], "the loss falls");
        Assert.IsGreaterThan(2 * metrics.ChanceRecallAt(10), metrics.RecallAt(10));
    }
}
