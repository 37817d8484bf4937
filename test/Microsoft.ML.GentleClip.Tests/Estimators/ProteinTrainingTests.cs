using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

[TestClass]
public sealed class ProteinTrainingTests
{
    private const int Training = 500, Test = 100;

    public TestContext TestContext { get; set; } = null!;

    /// <summary>Real chains, encoders from random weights, minutes of a GPU's work in a minute of a CPU's: better than chance, not good.</summary>
    [TestMethod]
    public void SequencesAndStructuresAlignFromScratch()
    {
        var mlContext = new MLContext(seed: 1);
        var chains = Proteins.Chains(Training + Test);
        var options = new GentleClipOptions
        {
            ModalityA = Modality.ProteinSequence("Sequence", "SequenceEmbedding", new Esm2Options { Size = new Esm2Size(2, 64, 4), MaximumLength = 96, Masking = 0.1 }),
            ModalityB = Modality.ProteinStructure("AlphaCarbons", "StructureEmbedding", encoder: new CdConvOptions
            {
                Channels = [32, 64], Radii = [8, 12], SequentialKernelSize = 5, MaximumLength = 96, CoordinateNoise = 0.1,
            }),
            EmbeddingDimension = 64,
            BatchSize = 32,
            MaximumNumberOfSteps = 200,
            LearningRate = 2e-3,
            NumberOfThreads = 1,
            Seed = 1,
        };
        var clock = Stopwatch.StartNew();
        using var model = mlContext.Transforms.GentleClip(options).Fit(mlContext.Data.LoadFromEnumerable(chains[..Training]));
        TestContext.WriteLine($"{clock.Elapsed.TotalSeconds:F1} s");
        foreach (var e in model.History) TestContext.WriteLine($"{e.Step} {string.Join(' ', e.Losses)}");
        var scored = model.Transform(mlContext.Data.LoadFromEnumerable(chains[Training..]));
        var metrics = RetrievalMetrics.Evaluate(scored, "SequenceEmbedding", "StructureEmbedding");
        TestContext.WriteLine($"{clock.Elapsed.TotalSeconds:F1} s {metrics.RecallAt(10)} {metrics.MeanReciprocalRank}");
    }
}
