using System.Text.Json;
using Microsoft.ML.GentleClip.Benchmarks;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Programs;

namespace Microsoft.ML.GentleClip.Tests.Benchmarks;

/// <summary>The benchmark of the encoders measures what it says, on inputs as dense as real ones.</summary>
[TestClass]
public sealed class EncoderBenchmarkTests
{
    [TestMethod]
    public async Task AnEncoderThatIsNotThereIsNamed()
    {
        using StringWriter output = new(), error = new();
        Assert.AreEqual(ConsoleProgram.WrongUsage, await ConsoleProgram.RunAsync(BenchmarkCommand.Create(), ["encoders", "--only", "CL"], output, error));
        Assert.Contains("Unknown encoder 'CL'; there are ESM-2-8M", error.ToString());
    }

    [TestMethod]
    public void ThroughputIsMeasuredOnChainsAsDenseAsProteins()
    {
        var nodes = CdConvNodes.Of(MadeUpChains.Walks(2, 200));
        var edges = (double)CdConvNeighbours.Search(nodes, MadeUpChains.Options.Radii[0]).Sources.Length / nodes.Count;
        Assert.IsTrue(edges is > 8 and < 16, $"{edges} neighbours");
    }

    [TestMethod]
    public void MeasuresTheSmallestEncoder()
    {
        var (threads, esm) = (TorchSharp.torch.get_num_threads(), EncoderCase.Named("esm-2-8m"));
        var figures = new EncoderBenchmark([esm], quick: true, null).Measure(new EncoderCase("tiny", esm.Element, esm.Smallest!));
        Assert.AreEqual(("tiny", "residues", 1L), (figures.Encoder, figures.Element, figures.ElementsPerBatch));
        Assert.AreEqual(Esm2Encoder.Measure(new() { Size = new(6, 40, 20) }).Weights, figures.Weights);
        Assert.IsGreaterThan(0, figures.TrainingMilliseconds);
        Assert.IsNull(figures.SmallestTrainingMilliseconds);
        Assert.AreEqual(threads, TorchSharp.torch.get_num_threads());
    }

    [TestMethod]
    public void WhatCdConvDoesOutsideOfTorchIsTimedApart()
    {
        var figures = new EncoderBenchmark([], quick: true, null)
            .Measure(EncoderCase.Named("CDConv-16x200") with { Create = EncoderCase.Named("CDConv-16x200").Smallest! });
        Assert.AreEqual(3L, figures.ElementsPerBatch);
        Assert.AreEqual(CdConvNetwork.Measure(MadeUpChains.Options).Weights, figures.Weights);
        Assert.IsGreaterThan(0, figures.PreparationMilliseconds!.Value);
    }

    [TestMethod]
    public void FileIsAListWithRates()
    {
        using var json = JsonDocument.Parse(EncoderFigures.ToJson([new("E", "residues", 7, 100, 20, 50, 1, 2, 3, null, null)]));
        var line = json.RootElement.EnumerateArray().Single();
        Assert.AreEqual(("E", 5000.0, 2000.0), (line.GetProperty("encoder").GetString(), line.GetProperty("inferencePerSecond").GetDouble(),
            line.GetProperty("trainingPerSecond").GetDouble()));
        Assert.AreEqual(JsonValueKind.Null, line.GetProperty("smallestTrainingMilliseconds").ValueKind);
    }
}
