using System.Text.Json;
using Microsoft.ML.GentleClip.Benchmarks;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>The benchmark compares like with like, and says what is wrong with its arguments.</summary>
[TestClass]
public sealed class BenchmarkTests : ObjectiveTest
{
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
        GoldenCase.AssertClose(ours.Value, rival.Value, "value");
        foreach (var (expected, actual, name) in ours.Gradients.Zip(rival.Gradients, ["u", "v", "logScale"]))
        {
            Assert.AreEqual(expected is null, actual is null, name);
            if (expected is not null)
                GoldenCase.AssertClose(expected, actual!, $"gradient of {name}", 1e-8);
        }
    }

    [TestMethod]
    public void PairwiseObjectivesHaveBothRivals() => CollectionAssert.IsSubsetOf(
        (string[])["CL", "SSL", "MMD", "SDD"], ObjectiveCase.All.Where(c => c is { Plain: not null, Loop: not null, Products: not null }).Select(c => c.Name).ToArray());

    [TestMethod]
    public void FileIsAListWithNullWhereARivalWasNotRun()
    {
        using var json = JsonDocument.Parse(Figures.ToJson([new("SDD", 64, 1.5, 2, 3, 4, 5, 6), new("KLOT", 4096, 7, 8, null, null, null, 9)]));
        string[] names = ["objective", "batch", "milliseconds", "peakMegabytes", "plainMilliseconds", "plainPeakMegabytes", "loopMilliseconds", "matrixProductMilliseconds"];
        foreach (var (line, values) in json.RootElement.EnumerateArray().Zip<JsonElement, string[]>([["SDD", "64", "1.5", "2", "3", "4", "5", "6"], ["KLOT", "4096", "7", "8", "", "", "", "9"]]))
        {
            CollectionAssert.AreEqual(names, line.EnumerateObject().Select(p => p.Name).ToArray());
            CollectionAssert.AreEqual(values, line.EnumerateObject().Select(p => p.Value.ToString()).ToArray()); // null has an empty text
        }
    }

    [TestMethod]
    [DataRow("", "A command is needed")]
    [DataRow("objektives", "Unknown command 'objektives'")]
    [DataRow("objectives --jso", "Unknown option '--jso'")]
    [DataRow("objectives --json", "--json needs a value")]
    [DataRow("objectives --json --quick", "--json needs a value")]
    [DataRow("objectives --only CL,LC", "Unknown objective 'LC'; there are CL, SSL, ")]
    [DataRow("measure CL 1 Ours", "Expected measure OBJECTIVE BATCH Ours|Plain|Loop [--once]; found 'CL 1 Ours'")]
    [DataRow("measure CL 8 7", "found 'CL 8 7'")]
    public void BadArgumentsAreNamed(string arguments, string message) => StringAssert.Contains(
        Assert.ThrowsExactly<ArgumentException>(() => BenchmarkCommand.Parse(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Message, message);
}
