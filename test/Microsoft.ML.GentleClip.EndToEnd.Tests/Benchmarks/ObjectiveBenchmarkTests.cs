using System.Text.Json;
using Microsoft.ML.GentleClip.Benchmarks;
using Microsoft.ML.GentleClip.Programs;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Benchmarks;

/// <summary>The benchmark compares like with like, and says what is wrong with its arguments.</summary>
[TestClass]
public sealed class ObjectiveBenchmarkTests
{
    private DisposeScope? _scope;

    [TestInitialize]
    public void OpenScope()
    {
        set_num_threads(1);
        _scope = NewDisposeScope();
    }

    [TestCleanup]
    public void CloseScope() => _scope?.Dispose();

    public static IEnumerable<object[]> Rivals =>
        from objective in ObjectiveCase.All
        from form in new[] { Form.Plain, Form.Loop }
        where objective.In(form) is not null
        select new object[] { objective.Name, form.ToString() };

    [TestMethod]
    [DynamicData(nameof(Rivals))]
    public void RivalComputesTheSame(string objective, string form)
    {
        var (batch, losses) = (new Batch(10, 6, ScalarType.Float64), ObjectiveCase.Named(objective));
        var (ours, rival) = (batch.Differentiate(losses.Ours), batch.Differentiate(losses.In(Enum.Parse<Form>(form))!));
        AssertClose(ours.Value, rival.Value, "value", 1e-9);
        foreach (var (expected, actual, name) in ours.Gradients.Zip(rival.Gradients, ["u", "v", "logScale"]))
        {
            Assert.AreEqual(expected is null, actual is null, name);
            if (expected is not null)
                AssertClose(expected, actual!, $"gradient of {name}", 1e-8);
        }
    }

    [TestMethod]
    public void PairwiseObjectivesHaveBothRivals() => CollectionAssert.IsSubsetOf(
        (string[])["CL", "SSL", "MMD", "SDD"],
            ObjectiveCase.All.Where(c => c is { Plain: not null, Loop: not null, Products: not null }).Select(c => c.Name).ToArray());

    [TestMethod]
    public void FileIsAListWithNullWhereARivalWasNotRun()
    {
        using var json = JsonDocument.Parse(Figures.ToJson([new("SDD", 64, 1.5, 2, 3, 4, 5, 6), new("KLOT", 4096, 7, 8, null, null, null, 9)]));
        string[] names = ["objective", "batch", "milliseconds", "peakMegabytes", "plainMilliseconds", "plainPeakMegabytes", "loopMilliseconds",
            "matrixProductMilliseconds"];
        foreach (var (line, values) in json.RootElement.EnumerateArray()
            .Zip<JsonElement, string[]>([["SDD", "64", "1.5", "2", "3", "4", "5", "6"], ["KLOT", "4096", "7", "8", "", "", "", "9"]]))
        {
            CollectionAssert.AreEqual(names, line.EnumerateObject().Select(p => p.Name).ToArray());
            CollectionAssert.AreEqual(values, line.EnumerateObject().Select(p => p.Value.ToString()).ToArray()); // null has an empty text
        }
    }

    [TestMethod]
    [DataRow("", "Required command was not provided.")]
    [DataRow("objektives", "'objektives'")]
    [DataRow("objectives --jso", "'--jso'")]
    [DataRow("objectives --json", "Required argument missing for option: '--json'.")]
    [DataRow("objectives --json --quick", "--json needs a value, found '--quick'.")]
    [DataRow("objectives --only CL,LC", "Unknown objective 'LC'; there are CL, SSL, ")]
    [DataRow("alignment --quick --scale", "--quick and --scale exclude each other.")]
    [DataRow("measure CL 1 Ours", "BATCH is '1', expected a whole number of 2 or more.")]
    [DataRow("measure CL 8 7", "FORM is '7', expected Ours|Plain|Loop.")]
    public async Task BadArgumentsAreNamed(string arguments, string message)
    {
        using StringWriter output = new(), error = new();
        string[] words = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.AreEqual(ConsoleProgram.WrongUsage, await ConsoleProgram.RunAsync(BenchmarkCommand.Create(), words, output, error));
        Assert.Contains(message, error.ToString());
        Assert.AreEqual("", output.ToString());
    }

    [TestMethod]
    public async Task HelpNamesTheCommandsAndTheirOptionsButNotThoseOfChildProcesses()
    {
        using StringWriter output = new(), error = new();
        Assert.AreEqual(0, await ConsoleProgram.RunAsync(BenchmarkCommand.Create(), ["--help"], output, error));
        foreach (var command in new[] { "objectives", "encoders", "training", "alignment", "scoring" })
            Assert.Contains(command, output.ToString());
        Assert.DoesNotContain("measure", output.ToString());
        Assert.AreEqual(0, await ConsoleProgram.RunAsync(BenchmarkCommand.Create(), ["alignment", "-h"], output, error));
        Assert.Contains("--scale", output.ToString());
        Assert.AreEqual("", error.ToString());
    }

    private static void AssertClose(Tensor expected, Tensor actual, string what, double tolerance)
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape, what);
        var bound = tolerance * expected.abs().max().item<double>() + 1e-12;
        Assert.IsLessThanOrEqualTo(bound, (expected - actual).abs().max().item<double>(), what);
    }
}
