using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>
/// Every C# block of the README, the documentation and the samples' pages compiles and runs. The blocks of a page are one script. What they take as
/// given, such as <c>pairs</c>, comes from Preludes/PAGE.csx; Preludes/PAGE.after.csx looks at what came of it. A block that cannot
/// run here says why in a comment before it,
/// <c>&lt;!-- compile only: reason --&gt;</c>; a block that is a whole program (<c>&lt;!-- program --&gt;</c>) runs in a fresh project:
/// <see cref="PackageTests"/>.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed partial class CodeBlockTests
{
    // Shell commands have tests of their own; the others are data or output.
    private static readonly string[] Languages = ["csharp", "sh", "text", "json", "xml"];

    // Said of pieces of the README's program, and checked.
    private const string RunsInTheReadme = "runs in the README's program";

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> PagesWithCode => CodeBlock.All().Where(block => block.Language == "csharp" && !block.IsProgram)
        .Select(block => block.Page).Distinct().Select(page => new object[] { page });

    [TestMethod]
    [DynamicData(nameof(PagesWithCode))]
    public async Task CodeOfThePageRuns(string page)
    {
        using var folder = new TemporaryFolder();
        string before = Environment.CurrentDirectory;
        TextWriter console = Console.Out;
        using var output = new StringWriter();
        try
        {
            Environment.CurrentDirectory = folder.FullName;
            Console.SetOut(output);
            var script = new PageScript();
            await RunIfThere(script, "Shared");
            string prelude = page.Replace('/', '.').Replace(".md", "", StringComparison.Ordinal);
            await RunIfThere(script, prelude);
            foreach (CodeBlock block in CodeBlock.Of(Path.Combine(Repository.Root, page)).Where(block => block.Language == "csharp" && !block.IsProgram))
                if (block.CompileOnly is { } reason)
                {
                    TestContext.WriteLine($"{block.Place}: compiled only: {reason}");
                    if (reason == RunsInTheReadme)
                        StringAssert.Contains(
                            CodeBlock.Of(Path.Combine(Repository.Root, "README.md")).Single(program => program.IsProgram).Text, block.Text, block.Place);
                    script.Compile(block.Text, page, block.Line);
                }
                else
                    await script.RunAsync(block.Text, page, block.Line);
            await RunIfThere(script, prelude + ".after");
        }
        finally
        {
            Environment.CurrentDirectory = before;
            Console.SetOut(console);
            TestContext.WriteLine(output.ToString());
        }
    }

    [TestMethod]
    public void EveryBlockSaysWhatItIs()
    {
        foreach (CodeBlock block in CodeBlock.All().Where(block => block.NotRun is not null))
            TestContext.WriteLine($"{block.Place}: {block.Language}, not run: {block.NotRun}");
        string[] unknown = [.. CodeBlock.All().Where(block => !Languages.Contains(block.Language) && block.NotRun is null)
            .Select(block => $"{block.Place}: '{block.Language}'; expected one of {string.Join(", ", Languages)}, "
                + "or a comment before it, <!-- not run: reason -->")];
        Assert.IsEmpty(unknown, string.Join(Environment.NewLine, unknown));
        // The package test runs that one.
        string programs = string.Join(", ", CodeBlock.All().Where(block => block.IsProgram).Select(block => block.Page));
        Assert.AreEqual("README.md", programs, "pages with a whole program");
        // C# that hides behind another name would neither be compiled nor run.
        string[] hidden = [.. CodeBlock.All().Where(block => block.Language is "text" or "sh" && Statement().IsMatch(block.Text)).Select(block => block.Place)];
        Assert.IsEmpty(hidden, $"these look like C#: {string.Join(", ", hidden)}");
    }

    private static string Folder => Path.Combine(Repository.Root, "test", "Microsoft.ML.GentleClip.EndToEnd.Tests", "Documentation", "Preludes");

    [GeneratedRegex(@"^(?:var |using |public |\}).*|[\w)\]];\s*$", RegexOptions.Multiline)]
    private static partial Regex Statement();

    private static async Task RunIfThere(PageScript script, string name)
    {
        string file = Path.Combine(Folder, name + ".csx");
        if (File.Exists(file))
            await script.RunAsync(File.ReadAllText(file), Path.GetFileName(file));
    }
}
