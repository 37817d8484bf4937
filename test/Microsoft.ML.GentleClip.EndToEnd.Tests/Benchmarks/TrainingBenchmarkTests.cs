using System.Text.Json;
using Microsoft.ML.GentleClip.Benchmarks;
using Microsoft.ML.GentleClip.Programs;

namespace Microsoft.ML.GentleClip.Tests.Benchmarks;

/// <summary>The benchmark of training steps measures what it says, and says what was not run.</summary>
[TestClass]
public sealed class TrainingBenchmarkTests
{
    [TestMethod]
    public void EveryPresetThatTrainsTowersTakesSteps()
    {
        foreach (var preset in TrainingBenchmark.All)
        {
            using var steps = new TrainingSteps(preset, 32);
            var phases = steps.Run(20);
            Assert.IsGreaterThan(steps.RunProducts(20), phases.Step, preset.ToString()); // which are a part of it
            var encoded = preset switch
            {
                GentleClipPreset.Paper or GentleClipPreset.PublishedCode => 128,
                GentleClipPreset.Recommended or GentleClipPreset.GentleSClip => 80, // a quarter of them twice
                _ => 64,
            };
            Assert.AreEqual(encoded, steps.EncodedRows, preset.ToString());
        }
    }

    [TestMethod]
    [DoNotParallelize]
    public void TheFileHasMediansWithTheirRangeAndNullForWhatWasNotRun()
    {
        var (file, output) = (Path.GetTempFileName(), Console.Out);
        try
        {
            using var text = new StringWriter();
            Console.SetOut(text);
            var benchmark = new TrainingBenchmark([GentleClipPreset.Clip, GentleClipPreset.SClip], [8], turns: 3, "no-such-python", file);
            Assert.AreEqual(0, benchmark.Run());
            Assert.Contains("PyTorch at 8: not run, there is no no-such-python", text.ToString());
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            var lines = json.RootElement.EnumerateArray().ToArray();
            CollectionAssert.AreEqual((string[])["Clip", "SClip"], lines.Select(line => line.GetProperty("preset").GetString()).ToArray());
            foreach (var line in lines)
            {
                var time = line.GetProperty("milliseconds");
                Assert.IsLessThanOrEqualTo(time.GetProperty("median").GetDouble(), time.GetProperty("least").GetDouble());
                Assert.IsGreaterThanOrEqualTo(time.GetProperty("median").GetDouble(), time.GetProperty("most").GetDouble());
                Assert.AreEqual(JsonValueKind.Null, line.GetProperty("pyTorch").ValueKind);
            }
            Assert.AreEqual(1.0, lines[0].GetProperty("overClip").GetProperty("median").GetDouble());
        }
        finally
        {
            Console.SetOut(output);
            File.Delete(file);
        }
    }

    [TestMethod]
    public void TheMedianIsThatOfTheTurns()
    {
        Assert.AreEqual(new TrainingBenchmark.Range(2, 1, 9), TrainingBenchmark.Range.Of([9, 1, 2]));
        Assert.AreEqual(new TrainingBenchmark.Range(2.5, 1, 9), TrainingBenchmark.Range.Of([9, 1, 2, 3]));
    }

    [TestMethod]
    [DataRow("training --presets Klip", "Unknown preset 'Klip'; those that train towers are Recommended, Clip")]
    [DataRow("training --presets ClosedForm", "Unknown preset 'ClosedForm'")]
    [DataRow("training --batches 64,7", "--batches is '7', expected a whole number of 32 or more.")]
    [DataRow("training --turns 0", "--turns needs a whole number above 0, found '0'.")]
    public async Task BadArgumentsAreNamed(string arguments, string message)
    {
        using StringWriter output = new(), error = new();
        Assert.AreEqual(ConsoleProgram.WrongUsage, await ConsoleProgram.RunAsync(BenchmarkCommand.Create(), arguments.Split(' '), output, error));
        Assert.Contains(message, error.ToString());
    }
}
