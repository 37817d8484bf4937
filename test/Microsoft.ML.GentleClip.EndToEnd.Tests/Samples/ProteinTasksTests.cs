using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML.GentleClip.Tests.Runtime;
using ProteinTasks;
using ProteinTasks.Pretraining;
using TaskCommandLine = ProteinTasks.CommandLine;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>
/// The protein tasks on a small table of chains with made-up folds and labels: to the end, again from the cache, and what is wrong with a file.
/// </summary>
[TestClass]
public sealed class ProteinTasksTests : IDisposable
{
    private const int Chains = 48, Pretraining = 20;
    private const string Header = "#chain_key\tsplit\tec_numbers\tcoverage";

    private readonly TemporaryFolder _folder = new();
    private string[] _keys = [];

    [TestInitialize]
    public void WriteTables()
    {
        string[] chains = [.. Lines(Path.Combine(AppContext.BaseDirectory, "data", "samples", "protein-chains.tsv.gz")).Take(Chains + 1)];
        Write("chains.tsv.gz", chains);
        _keys = [.. chains.Skip(1).Select(line => line.Split('\t')[0])];
        int[] lengths = [.. chains.Skip(1).Select(line => int.Parse(line.Split('\t')[4], System.Globalization.CultureInfo.InvariantCulture))];
        // Chains 0 to 19 pretrain, 20 to 25 are held out, all are domains; those of every third test row lie on pretraining chains.
        Write("cath42.tsv.gz", ["#chain_key\tsplit",
            .. _keys.Select((key, i) => $"{key}\t{(i < Pretraining ? "train" : i < 23 ? "validation" : i < 26 ? "test" : "")}")]);
        Write("scope_domains.tsv.gz", ["#sid\tchain_key\tsccs\twhole_chain\tranges0",
            .. _keys.Select((key, i) => $"d{i}\t{key}\t{Fold(i)}.1.1\t0\t{(i % 2 == 0 ? $"0-{lengths[i]}" : $"0-20,25-{lengths[i]}")}")]);
        Write("scope_split.tsv.gz", ["#sid\tchain_key\tsccs\tfold\tsplit", .. _keys.Select((key, i) => $"d{i}\t{key}\t{Fold(i)}.1.1\t{Fold(i)}\t{Split(i)}")]);
        Write("ec_deepfri.tsv.gz",
            [Header, .. _keys.Select((key, i) => $"{key}\t{(i % 4 == 0 ? "test" : "train")}\t{(i % 3 == 0 ? "1.1.1.1,1.1.1.-" : "2.7.-.-")}\t0.9")]);
    }

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void RunsToTheEndAndTakesFinishedStagesOver()
    {
        string output = Run("out");
        StringAssert.Contains(output, "2 test domains on chains of the pretraining set dropped");
        StringAssert.Contains(output, "5 labelled test chains of the pretraining set dropped");
        string figures = Figures("out");
        Assert.IsTrue(File.Exists(_folder.File("out/figures.png")));
        StringAssert.Contains(File.ReadAllText(_folder.File("out/figures.md")), "| Gentle-CLIP (half + unpaired) |");

        StringAssert.DoesNotMatch(Run("out"), new("done in"));
        Assert.AreEqual(figures, Figures("out"));

        // A killed process: the figures of one run and the embeddings of another are not there.
        File.Delete(Directory.GetFiles(_folder.File("out/cache"), "gentle-1-*.figures.json").Single());
        foreach (string file in Directory.GetFiles(_folder.File("out/cache"), "clip-half-1-*")
            .Where(file => !file.EndsWith("model.zip", StringComparison.Ordinal)))
            File.Delete(file);
        output = Run("out");
        Assert.DoesNotContain("pretraining\n", output);
        StringAssert.Contains(output, "taken over");
        Assert.AreEqual(figures, Figures("out"));

        // The longest training and the linear algebra; two others are compared below, with their encoders at hand and without.
        Run("elsewhere", "gentle,closed-form");
        using var fresh = JsonDocument.Parse(Figures("elsewhere"));
        Assert.AreEqual(2, fresh.RootElement.GetArrayLength());
        foreach (var run in fresh.RootElement.EnumerateArray())
            StringAssert.Contains(figures, run.GetRawText(), "A fresh run gives other figures.");
    }

    [TestMethod]
    public void FineTuningHasARowATrainingAndTakesFinishedOnesOver()
    {
        string output = Run("tuned", "clip-half", "--fine-tune");
        StringAssert.Contains(output, "| fine-tuned, both sides, 8 steps | Clip (half) |");
        StringAssert.Contains(output, "| frozen embeddings, structure | Clip (half) |");
        StringAssert.Contains(output, "| features, structure | computed by hand, no pretraining |");
        string file = _folder.File("tuned/figures.json"), rows = File.ReadAllText(file);
        using (var json = JsonDocument.Parse(rows))
        {
            // By hand 3 and 2; frozen 6 and the search; folds with two sides and two numbers of steps, labels with two sides, the sequence.
            Assert.AreEqual(5 + 7 + 4 + 2 + 1, json.RootElement.GetProperty("Rows").GetArrayLength());
            foreach (var row in json.RootElement.GetProperty("Rows").EnumerateArray())
                foreach (var figure in row.GetProperty("Figures").EnumerateObject())
                    Assert.IsInRange(0.0, 1.0, figure.Value.GetDouble(), row.GetRawText());
        }
        StringAssert.DoesNotMatch(Run("tuned", "clip-half", "--fine-tune"), new("seed 1"));
        Assert.AreEqual(rows, File.ReadAllText(file));

        // Figures of another set-up are not taken for these, nor written over.
        Refused("--steps 3 --fine-tune", "figures.json has rows of another set-up: Pretraining is \"2 steps, 8 pairs", "expected \"3 steps, 8 pairs");
        Refused("--pairs 4 --fine-tune", "Pretraining is \"2 steps, 8 pairs", "expected \"2 steps, 4 pairs");
        Refused("--grid structure", "Study is \"protocol\", expected \"settings, structure\"", "Tuning is ");
        Refused("", "is there and no report of this study, which would replace it; name another file with --json.");
        File.WriteAllLines(_folder.File("go.tsv"), [Header, .. _keys.Select((key, i) => $"{key}\t{(i >= 30 ? "test" : "train")}\tGO:{i % 2}")]);
        Refused($"--fine-tune --labels {_folder.File("go.tsv")}", "LabelFiles is [\"ec_deepfri\"], expected [\"ec_deepfri\",\"go\"]", "TaskData is ");
        Assert.AreEqual(rows, File.ReadAllText(file));
        // What an earlier version wrote, and what is cut short.
        foreach (string other in new[] { "[]", rows[..^20], """{"Setup": null, "Rows": []}""" })
        {
            File.WriteAllText(file, other);
            Refused("--fine-tune", "figures.json: expected the rows of a fine-tuning and their set-up, as this version writes them");
        }

        void Refused(string arguments, params string[] messages)
        {
            string problem = Assert.ThrowsExactly<InvalidDataException>(
                () => Run("tuned", "clip-half", arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Message;
            foreach (string message in messages)
                Assert.Contains(message, problem);
        }
    }

    [TestMethod]
    public void WhatCannotBeLearntOrMeasuredIsSaidBeforeTheWork()
    {
        string rare = _folder.File("rare.tsv");
        File.WriteAllLines(rare, [Header, .. _keys.Select((key, i) => $"{key}\t{(i >= 30 ? "test" : "train")}\tR:{i},R:{i + 100}")]);
        Says("The labels of rare: 0 of them have 2 training chains or more, expected 1 or more labels.", "--fine-tune", "--labels", rare);
        StringAssert.Contains(Run("plain", "composition", "--labels", rare), "labels of rare have no figure: 0 of them have 2 training chains or more");
        File.WriteAllLines(rare, [Header, .. _keys.Select((key, i) => $"{key}\t{(i >= 30 ? "test" : "train")}\tR:1")]);
        Says("The labels of rare: 1 of them have 2 training chains or more, expected 2 or more labels.", "--fine-tune", "--labels", rare);
        File.WriteAllLines(rare, [Header, .. _keys.Select((key, i) => $"{key}\t{(i >= 30 ? "test" : "train")}\t{(i >= 30 ? "T" : $"R:{i % 2}")}")]);
        Says("The labels of rare: no test chain has one that is learnt, expected one or more.", "--fine-tune", "--labels", rare);
        Directory.CreateDirectory(_folder.File("again"));
        File.Copy(rare, _folder.File("again/rare.tsv"));
        Says("are both called 'rare', by which their figures are known; rename one.", "--labels", rare, "--labels", _folder.File("again/rare.tsv"));
        Write("scope_split.tsv.gz", ["#sid\tchain_key\tsccs\tfold\tsplit", .. _keys.Select((key, i) => $"d{i}\t{key}\ta.1.1.1\ta.1\t{Split(i)}")]);
        Says("1 folds with training domains at hand", "--fine-tune");

        void Says(string message, params string[] arguments) => StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => Run("checked", "clip-half", arguments)).Message, message);
    }

    [TestMethod]
    public void FormsOfTheWindowsEncoderAreComparedOnTestRowsAndOnOthers()
    {
        string output = Run("forms", "clip-half", "--windows");
        foreach (string form in new[] { "layers and statistics", "only layers", "only statistics" })
            foreach (string reading in new[] { "frozen features", "frozen embeddings", "fine-tuned, 8 steps", "search" })
                StringAssert.Contains(output, $"| {form}: {reading} | Clip (half) |");
        StringAssert.Contains(output, "| the statistics, sequence | computed by hand, no pretraining |");
        StringAssert.Contains(output, "test_superfamily");
        Assert.DoesNotContain("validation", output);
        StringAssert.DoesNotMatch(Run("forms", "clip-half", "--windows"), new("seed 1"));

        output = Run("chosen", "clip-half", "--windows", "--choose");
        StringAssert.Contains(output, "validation");
        Assert.DoesNotContain("test_superfamily", output, "a table's rows were looked at");
        Assert.DoesNotContain("F-max", output);
        output = Run("settings", "clip-half", "--grid", "structure", "--heads", "--choose");
        StringAssert.Contains(output, "| solved head, regularisation by default, rate 0.001, encoders 1 of it, dropout 0.1 | Clip (half) |");
        StringAssert.Contains(output, "| rate 0.01, encoders 0.3 of it, dropout 0.1 | Clip (half) |");
        Assert.DoesNotContain("test_superfamily", output);
        string problem = Assert.ThrowsExactly<ArgumentException>(() => Parse("chosen", "clip-half", "--choose")).Message;
        StringAssert.Contains(problem, "--windows and --grid compare; give one of them as well");
    }

    [TestMethod]
    public void OwnLabelFileIsATaskOfItsOwn()
    {
        File.WriteAllLines(_folder.File("go.tsv"),
            [Header, .. _keys.Select((key, i) => $"{key}\t{(i >= 30 ? "test" : "train")}\tGO:{i % 2}"), "9zzz.A\ttrain\tGO:1\t1.0",
                $"{_keys[0]}x\tvalid\tGO:1"]);
        StringAssert.Contains(Run("out", "composition", "--labels", _folder.File("go.tsv")),
            "go: 30 training and 18 test chains, 2 labels with 2 training chains or more, 2 unknown chains");
        using var json = JsonDocument.Parse(Figures("out"));
        Assert.IsGreaterThan(0, json.RootElement[0].GetProperty("figures").GetProperty("accuracy go").GetDouble());
    }

    [TestMethod]
    [DataRow("", 1, "expected a header that starts with '#'")]
    [DataRow(Header, 2, "the file ends")]
    [DataRow(Header + "\n1abc.A\ttrain", 2, "expected 3 columns")]
    [DataRow(Header + "\n1abc.A\ttrain\t1.-.-.-\n1abd.A\tlearn\t1.-.-.-", 3, "the split of 1abd.A is 'learn'")]
    [DataRow(Header + "\n1abc.A\ttrain\t1.-.-.-,,2.-.-.-", 2, "the labels of 1abc.A")]
    [DataRow(Header + "\n1abc.A\ttrain\t1.-.-.-\tall", 2, "the coverage of 1abc.A is 'all'")]
    [DataRow(Header + "\n1abc.A\ttrain\t1.-.-.-\n1abc.A\ttest\t1.-.-.-", 3, "1abc.A is there a second time")]
    public void MalformedLabelFileIsNamedWithItsLine(string content, int line, string problem)
    {
        string file = _folder.File("labels.tsv");
        File.WriteAllText(file, content + "\n");
        string message = Assert.ThrowsExactly<InvalidDataException>(() => Run("out", "composition", "--labels", file)).Message;
        StringAssert.StartsWith(message, $"{file}, line {line}: ");
        StringAssert.Contains(message, problem);
    }

    [TestMethod]
    public void AGzippedTableThatWasCutOffIsNoShorterTable()
    {
        string file = _folder.File("ec_deepfri.tsv.gz");
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^4]);
        string message = Assert.ThrowsExactly<InvalidDataException>(() => Run("out", "composition")).Message;
        StringAssert.StartsWith(message, $"{file}, line {Chains + 2}: ");
        StringAssert.Contains(message, "the gzip data is damaged or cut off");
    }

    [TestMethod]
    public void CancelledRunKeepsNothingHalf()
    {
        var commandLine = Parse("out", "clip-half");
        Assert.Throws<OperationCanceledException>(() => Study.Run(commandLine, TextWriter.Null, new CancellationToken(canceled: true)));
        Assert.IsEmpty(Directory.GetFiles(_folder.FullName, "*.part", SearchOption.AllDirectories));
    }

    [TestMethod]
    public void WrongCommandLineSaysWhy()
    {
        Assert.AreEqual("Option '--data' is required.", Assert.ThrowsExactly<ArgumentException>(() => TaskCommandLine.Parse(["--json", "x"])).Message);
        Assert.AreEqual("--seeds is '3-2', expected N or A-B, whole numbers above 0.",
            Assert.ThrowsExactly<ArgumentException>(() => Parse("out", "clip-half", "--seeds", "3-2")).Message);
        Assert.AreEqual("--grid is 'all', expected structure or both.",
            Assert.ThrowsExactly<ArgumentException>(() => Parse("out", "clip-half", "--grid", "all")).Message);
        Assert.AreEqual("--device is 'gpu', expected cpu, cuda or cuda:N.",
            Assert.ThrowsExactly<ArgumentException>(() => Parse("out", "clip-half", "--device", "gpu")).Message);
        Assert.AreEqual("--tiny and --large exclude each other.",
            Assert.ThrowsExactly<ArgumentException>(() => Parse("out", "clip-half", "--large")).Message);
        Assert.AreEqual("--domains is not for --fine-tune or --grid, which take 25 training domains of a fold.",
            Assert.ThrowsExactly<ArgumentException>(() => Parse("out", "clip-half", "--domains", "3", "--fine-tune")).Message);
        Assert.AreEqual("--fine-tune has no method 'closed-form'; expected some of untrained, clip-half, gentle, clip-all.",
            Assert.ThrowsExactly<ArgumentException>(() => Parse("out", "clip-half,closed-form", "--fine-tune")).Message);
        Assert.AreEqual("There is no method 'clip'; expected some of", Assert.ThrowsExactly<ArgumentException>(
            () => Parse("out", "clip", "--fine-tune")).Message[..43]);
        Assert.AreEqual("--grid has no method 'gentle'; expected some of untrained, clip-half.",
            Assert.ThrowsExactly<ArgumentException>(() => Parse("out", "gentle", "--grid", "both")).Message);
        Assert.AreEqual((2, 3), (Parse("out", "clip-half", "--seeds", "2-4").FirstSeed, Parse("out", "clip-half", "--seeds", "2-4").Seeds));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Parse("out", "clip")).Message,
            "There is no method 'clip'; expected some of composition, untrained, clip-half");
    }

    [TestMethod]
    public void FoldsHaveAtMostTheTrainingDomainsAskedForAndTestsAllTheirs()
    {
        var all = ProteinTasks.Data.ProteinData.Read(_folder.FullName, [], domainsOfFold: 100, tiny: false);
        var few = ProteinTasks.Data.ProteinData.Read(_folder.FullName, [], domainsOfFold: 3, tiny: false);
        Assert.IsGreaterThan(3, Training(all).Max());
        CollectionAssert.AreEqual(new[] { 3, 3, 3 }, Training(few));
        Assert.AreEqual(all.Domains.Count(domain => domain.Split != "train"), few.Domains.Count(domain => domain.Split != "train"));
        Assert.AreEqual(all.PretrainingHash, few.PretrainingHash);
        Assert.AreNotEqual(all.TaskHash, few.TaskHash, "Figures of other rows would be taken over.");

        static int[] Training(ProteinTasks.Data.ProteinData data) =>
            [.. data.Domains.Where(domain => domain.Split == "train").CountBy(domain => domain.Fold).Select(fold => fold.Value)];
    }

    [TestMethod]
    public void FrozenEncodersAreThoseOfTheMethodThatTheyAreNamedAfter()
    {
        string output = Run("out", "clip-half,closed-form-frozen");
        StringAssert.Contains(output, "closed-form-frozen: embedding 20 crops");
        Assert.DoesNotContain("pretraining clip-half", output, "The encoders at hand were not used.");
        string figures = Figures("out");

        // Alone it trains the same encoders first.
        output = Run("alone", "closed-form-frozen");
        StringAssert.Contains(output, "closed-form-frozen: pretraining clip-half");
        using var both = JsonDocument.Parse(figures);
        using var alone = JsonDocument.Parse(Figures("alone"));
        Assert.AreEqual(both.RootElement[1].GetRawText(), alone.RootElement[0].GetRawText());
        Assert.AreNotEqual(both.RootElement[0].GetProperty("figures").GetRawText(), both.RootElement[1].GetProperty("figures").GetRawText());
    }

    [TestMethod]
    public void MethodsShareTheirPairsAndTheOtherChainsComeApart()
    {
        var chains = ProteinTasks.Data.ProteinData.Read(_folder.FullName, [], domainsOfFold: 100, tiny: false).Pretraining;
        var half = Rows("clip-half");
        var gentle = Rows("gentle");
        Assert.HasCount(Pretraining / 2, half);
        CollectionAssert.AreEqual(half.Select(row => row.Sequence).ToArray(), gentle.Where(row => row.IsPaired).Select(row => row.Sequence).ToArray());
        Assert.AreEqual((Pretraining / 2, Pretraining / 2),
            (gentle.Count(row => !row.IsPaired && row.AlphaCarbons.Length == 0), gentle.Count(row => !row.IsPaired && row.Sequence.Length == 0)));
        Assert.HasCount(Pretraining, Rows("clip-all"));
        Assert.IsTrue(gentle.Where(row => row.IsPaired).All(row => 3 * row.Sequence.Length == row.AlphaCarbons.Length && row.Sequence.Length <= 48));

        List<ChainRow> Rows(string method)
        {
            var mlContext = new MLContext(1);
            var view = PretrainingRows.Chains(mlContext, chains, Method.Named(method), Settings.Tiny, seed: 1);
            return [.. mlContext.Data.CreateEnumerable<ChainRow>(view, reuseRowObject: false)];
        }
    }

    private static string Fold(int i) => i % 3 == 0 ? "a.1" : i % 3 == 1 ? "b.2" : "c.3";

    private static string Split(int i) => i is 18 or 19 or 30 or 31 or 32 or 33 ? "test_fold"
        : i is 34 or 35 or 36 ? "test_superfamily" : i is 37 or 38 ? "test_family" : i == 40 ? "validation" : "train";

    private static IEnumerable<string> Lines(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    private void Write(string name, IEnumerable<string> lines)
    {
        using var writer = new StreamWriter(new GZipStream(File.Create(_folder.File(name)), CompressionLevel.Fastest));
        foreach (string line in lines)
            writer.Write(line + "\n");
    }

    private TaskCommandLine Parse(string output, string methods, params string[] more) => TaskCommandLine.Parse(
        ["--data", _folder.FullName, "--json", _folder.File($"{output}/figures.json"), "--methods", methods, "--tiny", "--seeds", "1",
            "--steps", "2", .. more]);

    private string Run(string output, string methods = "composition,untrained,clip-half,gentle,clip-all,closed-form,closed-form-frozen", params string[] more)
    {
        var text = new StringWriter();
        Study.Run(Parse(output, methods, more), text, CancellationToken.None);
        return text.ToString();
    }

    private string Figures(string output)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(_folder.File($"{output}/figures.json")));
        return JsonSerializer.Serialize(json.RootElement.GetProperty("runs").EnumerateArray().Select(run =>
            new { method = run.GetProperty("method").GetString(), figures = run.GetProperty("figures") }));
    }
}
