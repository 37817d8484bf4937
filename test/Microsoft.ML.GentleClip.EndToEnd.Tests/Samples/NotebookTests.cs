using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>
/// Every cell of every notebook runs in .NET Interactive's C# kernel and gives what the file has saved; and the program that says so would have noticed
/// otherwise.
/// </summary>
[TestClass]
public sealed class NotebookTests
{
    private const string Program = "Microsoft.ML.GentleClip.Notebooks";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15); // for machines where many share the cores

    private static readonly string[] Complaints =
    [
        "cell 1: System.DivideByZeroException", "cell 1 gave ", "saved 'old'; found 'new'", "saved 61.5 at",
            "this program was built with version 0.1.0", "CS0234",
        "saved 574 at 'pictures 574'; found 575", "saved 0.28 at", "...\n...'; found",
    ];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void EveryNotebookGivesWhatItsFileSays()
    {
        int notebooks = Directory.GetFiles(Path.Combine(Repository.Root, "samples", "Notebooks"), "*.ipynb").Length;
        Assert.IsGreaterThanOrEqualTo(5, notebooks);
        var (code, output) = Run("--check");
        TestContext.WriteLine(output);
        Assert.AreEqual(0, code, output);
        Assert.AreEqual(notebooks, output.Split("as saved").Length - 1, output);
    }

    [TestMethod]
    public void TheProgramNoticesWhatIsWrong()
    {
        using var folder = new TemporaryFolder();
        folder.Write("1-error.ipynb", ("1 / int.Parse(\"0\")", null));
        folder.Write("2-nothing.ipynb", ("Console.Write(\"\");", null));
        folder.Write("3-other-text.ipynb", ("\"new\"", "old"));
        folder.Write("4-other-number.ipynb", ("$\"recall {71.5} %\"", "recall 61.5 %"));
        folder.Write("5-no-package.ipynb", ("#r \"nuget: Microsoft.ML.GentleClip, 9.9.9\"\n1", "1"));
        folder.Write("6-not-asked-for.ipynb", ("typeof(Microsoft.ML.MLContext).Name", "MLContext"));
        folder.Write("7-right.ipynb", ("#r \"nuget: Microsoft.ML.GentleClip, 0.1.0\"\ntypeof(Microsoft.ML.MLContext).Name", "MLContext"),
            ("$\"recall {71.5} %\"", "recall 70.9 %"));
        // What a cell's metadata say of its outputs.
        folder.Write("8-exact.ipynb", """{ "numbers": "exact" }""", ("\"pictures 575\"", "pictures 574"));
        folder.Write("9-below-one.ipynb", ("\"gap 0.49\"", "gap 0.28"));
        folder.Write("10-other-lines.ipynb", """{ "words": "any" }""", ("\"words  first\\nclock  watch\"", "words  first\nclock  cat\nmore"));
        folder.Write("11-any.ipynb", """{ "words": "any", "numbers": "any" }""",
            ("\"words  first\\nclock  watch\"", "words  first\nclock  cat"), ("\"class of 1: 38.9 %\"", "class of 1: 21.1 %"));
        var (code, output) = Run("--folder", folder.Path);
        Assert.AreEqual(1, code, output);
        foreach (string expected in Complaints)
            StringAssert.Contains(output, expected);
        Assert.AreEqual(9, output.Split("s, failed").Length - 1, output);
        Assert.AreEqual(2, output.Split("s, as saved").Length - 1, output);

        Assert.AreEqual(0, Run("--folder", folder.Path, "--update", "3", "4").Code);
        Assert.AreEqual("new", folder.FirstOutput("3-other-text.ipynb"));
        Assert.AreEqual("recall 71.5 %", folder.FirstOutput("4-other-number.ipynb"));
        Assert.AreEqual(2, Run("--folder", folder.Path, "none").Code);
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        // Its output folder lies as the tests' own does.
        string tests = typeof(NotebookTests).Assembly.GetName().Name!;
        string program = Path.Combine(AppContext.BaseDirectory.Replace(Path.Combine("test", tests), Path.Combine("tools", Program), StringComparison.Ordinal),
            Program + ".dll");
        Assert.IsTrue(File.Exists(program), $"there is no {program}");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [program, .. arguments])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The notebooks took more than {Limit}.");
        }
        return (process.ExitCode, output.Result + error.Result);
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("gentleclip-notebooks-").FullName;

        public void Write(string name, params (string Source, string? Output)[] cells) => Write(name, "{}", cells);

        public void Write(string name, string rule, params (string Source, string? Output)[] cells) =>
            File.WriteAllText(System.IO.Path.Combine(Path, name), Notebook(rule, cells).ToJsonString());

        private static JsonObject Notebook(string rule, (string Source, string? Output)[] cells) => new()
        {
            ["cells"] = new JsonArray([.. cells.Select(cell => new JsonObject
            {
                ["cell_type"] = "code",
                ["metadata"] = new JsonObject { ["gentleclip"] = JsonNode.Parse(rule) },
                ["source"] = cell.Source,
                ["outputs"] = cell.Output is null ? []
                    : new JsonArray(new JsonObject { ["output_type"] = "execute_result", ["data"] = new JsonObject { ["text/plain"] = cell.Output } }),
            })]),
            ["metadata"] = new JsonObject { ["kernelspec"] = new JsonObject { ["name"] = ".net-csharp" } },
            ["nbformat"] = 4,
        };

        public string FirstOutput(string name)
        {
            var cell = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(Path, name)))!["cells"]![0]!;
            return string.Concat(cell["outputs"]![0]!["data"]!["text/plain"]!.AsArray().Select(line => (string?)line));
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
