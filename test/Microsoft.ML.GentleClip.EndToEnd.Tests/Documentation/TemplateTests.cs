using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary><c>dotnet new gentleclip</c> as a newcomer runs it: template and library packed, installed, built, run. It is README's first screen.</summary>
[TestClass]
public sealed partial class TemplateTests
{
    // Processors add up in different orders, and one test digit is 0.002.
    private const double Tolerance = 0.03;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void TheFirstScreenOfTheReadmeRuns()
    {
        var blocks = CodeBlock.Of(Path.Combine(Repository.Root, "README.md"));
        CodeBlock program = blocks.First(block => block.IsProgram);
        Assert.AreEqual(File.ReadAllText(Path.Combine(Repository.Root, "samples", "FirstHour", "Program.cs")).ReplaceLineEndings("\n"), program.Text,
            "README and samples/FirstHour show one program");
        Assert.IsLessThan(90, program.Line + program.Text.Count('\n'), "the program should fit on the first screen");

        using var folder = new TemporaryFolder();
        string feed = folder.File("feed"), hive = folder.File("hive");
        foreach (string project in new[]
        {
            "src/Microsoft.ML.GentleClip.csproj", "extensions/Microsoft.ML.GentleClip.Interactive", "templates/Microsoft.ML.GentleClip.Templates.csproj",
        })
            PackageFeed.Dotnet(Repository.Root, "pack", project, "-c", PackageFeed.Configuration, "--no-build", "-o", feed, "--nologo");
        PackageFeed.WriteNuGetConfig(folder.FullName, feed);
        string templates = Directory.GetFiles(feed, "Microsoft.ML.GentleClip.Templates.*.nupkg").Single();

        string at = folder.FullName, output = "";
        foreach (string line in blocks.First(block => block.Language == "sh").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            switch (line.Split(' '))
            {
                case ["cd", var name]:
                    at = Path.Combine(at, name);
                    break;
                case ["dotnet", "new", "install", "Microsoft.ML.GentleClip.Templates"]:
                    PackageFeed.Dotnet(at, "new", "install", templates, "--debug:custom-hive", hive);
                    break;
                case ["dotnet", "new", .. var words]:
                    PackageFeed.Dotnet(at, ["new", .. words, "--debug:custom-hive", hive]);
                    break;
                case ["dotnet", .. var words]:
                    output = PackageFeed.Dotnet(at, words);
                    break;
                default:
                    Assert.Fail($"README's first screen has an unknown command: {line}");
                    break;
            }

        TestContext.WriteLine(output);
        Assert.AreEqual(program.Text, File.ReadAllText(Path.Combine(at, "Program.cs")).ReplaceLineEndings("\n"), "the template's program is README's");
        foreach (string file in new[] { "FirstAlignment.csproj", "DATA.md", "model.zip", "embeddings.svg" })
            Assert.IsTrue(File.Exists(Path.Combine(at, file)), file);
        // What README shows of the output, words and numbers.
        string[] found = output.Split('\n', StringSplitOptions.TrimEntries);
        string printed = blocks.First(block => block.Language == "text").Text;
        foreach (string line in printed.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string other = found.FirstOrDefault(candidate => Words(candidate) == Words(line))
                ?? throw new AssertFailedException($"README shows '{line}'; the program printed {output}");
            foreach (var (shown, now) in Number().Matches(line).Zip(Number().Matches(other)))
                Assert.AreEqual(double.Parse(shown.Value, CultureInfo.InvariantCulture), double.Parse(now.Value, CultureInfo.InvariantCulture),
                    shown.Value.Contains('.', StringComparison.Ordinal) ? Tolerance : line.Contains('%', StringComparison.Ordinal) ? 100 * Tolerance : 0, line);
        }
    }

    // A row of a table is known by its first cell, which may have a number of its own.
    private static string Words(string line) => line.Split("  ") is [var first, _, ..] ? first : Number().Replace(line, "#");

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Number();
}
