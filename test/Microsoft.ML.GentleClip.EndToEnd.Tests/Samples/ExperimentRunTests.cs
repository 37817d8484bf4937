using System.Text.Json;
using Experiments;
using Experiments.Configuration;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>The runner computes each cell once, gives equal figures again, and survives being killed.</summary>
[TestClass]
public sealed class ExperimentRunTests : ExperimentTest
{
    private const string Linear = """{ "name": "linear", "baseline": "linear" }""";
    private const string Full = """{ "name": "full", "preset": "Recommended", "unpaired": [ "real", "gaussian", "none" ] }""";

    [TestMethod]
    public void SecondRunComputesNothingAndWritesTheSame()
    {
        StringAssert.Contains(Run(Json($"{Full}, {Linear}")), "10 cells computed, 0 taken over");
        string[] names = ["results.csv", "summary.csv", "results.md"];
        string[] first = [.. names.Select(Output)];
        StringAssert.Contains(Run(Json($"{Full}, {Linear}")), "0 cells computed, 10 taken over");
        CollectionAssert.AreEqual(first, names.Select(Output).ToArray());

        Run(Json($"{Full}, {Linear}"), "elsewhere", "--parallel", "1");
        CollectionAssert.AreEqual(Figures("out"), Figures("elsewhere"), "A fresh run with cells one by one gives other figures.");
    }

    [TestMethod]
    public void TornLastLineIsDroppedAndItsCellComputedAgain()
    {
        Run(Json(Linear));
        var figures = Figures("out");
        using (var cells = File.Open(Folder.File("out/cells.jsonl"), FileMode.Open))
            cells.SetLength(cells.Length - 30);
        var output = Run(Json(Linear));
        StringAssert.Contains(output, "cells.jsonl, line 4: torn");
        StringAssert.Contains(output, "1 cells computed, 3 taken over");
        CollectionAssert.AreEqual(figures, Figures("out"));
        Assert.HasCount(4, File.ReadAllLines(Folder.File("out/cells.jsonl")));
    }

    [TestMethod]
    public void BadLineInTheMiddleIsAnErrorThatNamesIt()
    {
        Run(Json(Linear));
        string[] lines = File.ReadAllLines(Folder.File("out/cells.jsonl"));
        lines[1] = "{}";
        File.WriteAllLines(Folder.File("out/cells.jsonl"), lines);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Run(Json(Linear))).Message, "cells.jsonl, line 2");
    }

    [TestMethod]
    public void ChangedSettingComputesItsCellsAlone()
    {
        Run(Json($"{Linear}, {Full}"));
        const string changed = "\"Recommended\", \"options\": { \"objectives\": { \"sdd\": { \"leaveOneOut\": false } } }";
        StringAssert.Contains(
            Run(Json($"{Linear}, {Full.Replace("\"Recommended\"", changed, StringComparison.Ordinal)}")), "6 cells computed, 4 taken over");
        StringAssert.Contains(Run(Json(Linear, data: Synthetic.Replace("80", "81", StringComparison.Ordinal))), "4 cells computed, 0 taken over");
    }

    [TestMethod]
    public void CandidateIsChosenOnValidationSeeds()
    {
        // A learning rate of 1e-9 learns nothing in three steps or in any number.
        var output = Run(Json(
            """{ "name": "tuned", "preset": "Clip", "candidates": [ { "optimizer": { "learningRate": 1e-9 } }, { "optimizer": { "learningRate": 1e-2 } } ] }""",
            """ "validationSeeds": [ 7, 8 ], "steps": 60, """).Replace("\"steps\": 3,", "", StringComparison.Ordinal));
        StringAssert.Contains(output, "the validation seeds 7, 8 chose `{ \"optimizer\": { \"learningRate\": 1e-2 } }`");
        StringAssert.Contains(output, "8 cells computed");
        Assert.DoesNotContain(",7,", Output("results.csv"));
    }

    [TestMethod]
    public void CurveHasPicturesAndPoints()
    {
        Run(Json("""{ "name": "linear", "baseline": "linear", "unpaired": [ "real", "gaussian" ], "unpairedRows": [ 0, 10, 20, 500 ] }"""));
        Assert.IsTrue(File.Exists(Folder.File("out/curve-points-8-R_1.png")));
        string[] points = [.. File.ReadLines(Folder.File("out/curve.csv"))
            .Where(line => line.StartsWith("points,8,linear,", StringComparison.Ordinal) && line.Contains(",R@1,", StringComparison.Ordinal))];
        Assert.HasCount(5, points, "0 once, 10 and 20 twice, 500 nowhere: there are not so many rows.");
    }

    [TestMethod]
    public void CancelledRunSaysSo()
    {
        var commandLine = global::Experiments.CommandLine.Parse([Write(Json(Linear)), "--out", Folder.File("out")]);
        Assert.Throws<OperationCanceledException>(() => Experiment.Run(commandLine, TextWriter.Null, new CancellationToken(canceled: true)));
    }

    [TestMethod]
    public void OfACancelledRunThereIsAReportAndTheNextStartGoesOn()
    {
        string[] arguments = [Write(Json(Linear)), "--out", Folder.File("out"), "--parallel", "1"];
        using var cancellation = new CancellationTokenSource();
        var output = new CancellingWriter("cells 2/4", cancellation);
        Assert.Throws<OperationCanceledException>(() => Experiment.Run(global::Experiments.CommandLine.Parse(arguments), output, cancellation.Token));
        StringAssert.Contains(output.ToString(), "Cancelled after 2 cells: partial-results.md has what there is.");
        string partial = Output("partial-results.md");
        StringAssert.Contains(partial, "## points, 8 pairs");
        StringAssert.Contains(partial, "2 cells: ");
        Assert.IsFalse(File.Exists(Folder.File("out/results.md")), "a part is not taken for the whole");
        StringAssert.Contains(Run(Json(Linear)), "2 cells computed, 2 taken over");
        StringAssert.Contains(Output("results.md"), "4 cells: ");
    }

    [TestMethod]
    public void SomeDataSetsAndMethodsAreRunAlone()
    {
        string two = Json($"{Linear}, {Full}", data: Synthetic + ", " + Synthetic.Replace("points", "others", StringComparison.Ordinal));
        string text = Run(two, "out", "--only-data", "others", "--only-methods", "linear");
        StringAssert.Contains(text, "1 of 2 data sets, 2 of 3 methods.");
        StringAssert.Contains(text, "4 cells computed");
        string results = Output("results.csv");
        StringAssert.Contains(results, "others,linear,");
        StringAssert.Contains(results, "others,Clip,", "the baseline stays");
        Assert.DoesNotContain("points,", results);
        Assert.DoesNotContain(",full,", results);
        StringAssert.Contains(Assert.ThrowsExactly<ConfigurationException>(() => Run(two, "out", "--only-data", "points,dots")).Message,
            "--only-data: there is no 'dots'; expected some of points, others.");
        StringAssert.Contains(Assert.ThrowsExactly<ConfigurationException>(() => Run(two, "out", "--only-methods", "cca")).Message,
            "--only-methods: there is no 'cca'; expected some of Clip, linear, full.");
    }

    [TestMethod]
    public void ForcedControlReplacesTheConfigured() =>
        Assert.DoesNotContain(",real,", RunAndRead(Json(Full), "--unpaired", "gaussian"));

    [TestMethod]
    public void ReadyMadeConfigurationsAreRead()
    {
        string[] files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "configurations"), "*.json");
        string[] expected =
        [
            "agreeing", "ceiling", "chosen", "closed-forms", "core", "heldout", "mismatch", "reproduction", "second-views", "second-views-tuning", "smoke",
            "transport-curve",
        ];
        CollectionAssert.AreEquivalent(expected, files.Select(Path.GetFileNameWithoutExtension).ToArray());
        foreach (var file in files)
        {
            Assert.IsTrue(ExperimentConfig.Load(file).Baseline is "Clip" or "linear");
            using var json = JsonDocument.Parse(File.ReadAllText(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
            foreach (var method in json.RootElement.GetProperty("methods").EnumerateArray().Where(method => method.TryGetProperty("preset", out _)))
            {
                var options = GentleClipOptions.FromPreset(Enum.Parse<GentleClipPreset>(method.GetProperty("preset").GetString()!));
                if (method.TryGetProperty("options", out var values))
                    new OptionOverrides(file, "options", values).Apply(options, new VectorEncoderOptions());
                (options.ModalityA, options.ModalityB) = (Modality.Vector("EA", "A"), Modality.Vector("EB", "B"));
                Assert.IsNotNull(new MLContext().Transforms.GentleClip(options), method.GetProperty("name").GetString());
            }
        }
    }

    // Cancels when a line has something.
    private sealed class CancellingWriter(string at, CancellationTokenSource cancellation) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(at, StringComparison.Ordinal) == true)
                cancellation.Cancel();
        }
    }

    private string Output(string name) => File.ReadAllText(Path.Combine(Folder.File("out"), name));

    private string RunAndRead(string json, params string[] more)
    {
        Run(json, "out", more);
        return Output("results.csv");
    }

    private string[] Figures(string folder) =>
        [.. File.ReadLines(Path.Combine(Folder.File(folder), "results.csv")).Where(line => !line.Contains(" seconds,", StringComparison.Ordinal))];
}
