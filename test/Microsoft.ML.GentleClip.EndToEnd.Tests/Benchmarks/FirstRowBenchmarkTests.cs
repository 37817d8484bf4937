using System.Globalization;
using Microsoft.ML.GentleClip.Benchmarks;
using Microsoft.ML.GentleClip.Programs;

namespace Microsoft.ML.GentleClip.Tests.Benchmarks;

/// <summary>The benchmark of first rows measures what it says, and refuses what it would misread.</summary>
[TestClass]
public sealed class FirstRowBenchmarkTests
{
    [TestMethod]
    [DataRow("--engine 7", "--engine is '7', expected Torch or OnnxRuntime.")]
    [DataRow("--engine Auto", "--engine is 'Auto', expected Torch or OnnxRuntime.")]
    [DataRow("--only ESM-3", "Unknown tower 'ESM-3'; there are MLP, n-grams, ESM-2, CDConv, ESM-2-35M.")]
    [DataRow("--memory 2", "--memory needs --only with one tower.")]
    [DataRow("--memory 2 --only MLP,n-grams", "--memory needs --only with one tower.")]
    [DataRow("--memory 0 --only MLP", "--memory needs a whole number above 0, found '0'.")]
    [DataRow("--memory 2 --only MLP --turns 2", "--memory and --turns exclude each other.")]
    public async Task WhatWouldBeMisreadIsRefused(string arguments, string message)
    {
        using StringWriter output = new(), error = new();
        Assert.AreEqual(
            ConsoleProgram.WrongUsage, await ConsoleProgram.RunAsync(BenchmarkCommand.Create(), ["first-row", .. arguments.Split(' ')], output, error));
        Assert.Contains(message, error.ToString());
    }

    [TestMethod]
    [DataRow(ScoringEngine.Torch)]
    [DataRow(ScoringEngine.OnnxRuntime)]
    public void TheFirstRowTakesNoMoreThanAllRows(ScoringEngine engine)
    {
        var threads = TorchSharp.torch.get_num_threads();
        using var output = new StringWriter();
        new FirstRowBenchmark([ScoringCase.Named("n-grams")], engine, turns: 2, windows: null).Run(output);
        string[] line = output.ToString().Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var (first, all) = (Number(line[1]), Number(line[3]));
        Assert.IsTrue(first > 0 && first < all, output.ToString());
        Assert.AreEqual(threads, TorchSharp.torch.get_num_threads());

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    [TestMethod]
    public void MemoryIsToldTenTimes()
    {
        using var output = new StringWriter();
        new FirstRowBenchmark([ScoringCase.Named("MLP")], ScoringEngine.Torch, turns: 1, windows: 3).Run(output);
        Assert.StartsWith("MLP, Torch, 768 rows: resident MB before ", output.ToString());
        Assert.HasCount(10, output.ToString().Split("after each tenth ")[1].Split(' '));
    }
}
