using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary><c>dotnet new gentleclip</c> as a newcomer runs it: template and library packed, installed, built, run.</summary>
[TestClass]
public sealed partial class TemplateTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void TheTemplateRunsAsItIs()
    {
        using var folder = new TemporaryFolder();
        string feed = folder.File("feed"), hive = folder.File("hive");
        foreach (string project in new[] { "src/Microsoft.ML.GentleClip.csproj", "templates/Microsoft.ML.GentleClip.Templates.csproj" })
            PackageFeed.Dotnet(Repository.Root, "pack", project, "-c", PackageFeed.Configuration, "--no-build", "-o", feed, "--nologo");
        PackageFeed.WriteNuGetConfig(folder.FullName, feed);
        string templates = Directory.GetFiles(feed, "Microsoft.ML.GentleClip.Templates.*.nupkg").Single();
        PackageFeed.Dotnet(folder.FullName, "new", "install", templates, "--debug:custom-hive", hive);
        PackageFeed.Dotnet(folder.FullName, "new", "gentleclip", "-o", "Mine", "--debug:custom-hive", hive);
        string project2 = Path.Combine(folder.FullName, "Mine");
        Assert.IsTrue(File.Exists(Path.Combine(project2, "Mine.csproj")));

        string output = PackageFeed.Dotnet(project2, "run", "-c", "Release");
        TestContext.WriteLine(output);
        StringAssert.Contains(output, "Joined by 'Id': 60 pairs of 60 ids, 100 rows of A only, 100 rows of B only");
        Assert.IsTrue(File.Exists(Path.Combine(project2, "model.zip")));
        int right = int.Parse(Right().Match(output).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.IsGreaterThan(80, right, output);
    }

    [GeneratedRegex(@"kind of 160 images, learnt from spectra: (\d+) % right")]
    private static partial Regex Right();
}
