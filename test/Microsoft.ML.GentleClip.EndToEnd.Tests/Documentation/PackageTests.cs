using System.Globalization;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml.Linq;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>
/// The package as a newcomer gets it: its content, and the first program of the documentation in a fresh project that knows nothing but the package.
/// </summary>
[TestClass]
public sealed class PackageTests
{
    // No release, but a stable one: dotnet add package takes no other unasked.
    private const string Version = "0.0.1";

    // The kind of embedded source in a portable PDB.
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private static readonly string Folder = Path.Combine(Path.GetTempPath(), "gentleclip-package-" + Guid.NewGuid().ToString("n")[..8]);

    public TestContext TestContext { get; set; } = null!;

    private static string Feed => Path.Combine(Folder, "feed");

    [ClassInitialize]
    public static void Pack(TestContext context)
    {
        Directory.CreateDirectory(Feed);
        PackageFeed.Dotnet(
            Repository.Root, "pack", Path.Combine("src", "Microsoft.ML.GentleClip.csproj"), "-c", PackageFeed.Configuration, "--no-build", "-o", Feed,
            $"-p:PackageVersion={Version}", "--nologo");
    }

    [ClassCleanup]
    public static void Delete() => Directory.Delete(Folder, recursive: true);

    [TestMethod]
    public void HoldsTheLibraryItsDocsAndNothingNative()
    {
        using var package = ZipFile.OpenRead(Path.Combine(Feed, $"Microsoft.ML.GentleClip.{Version}.nupkg"));
        string[] files = [.. package.Entries.Select(entry => entry.FullName)
            .Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal)
                && name != "[Content_Types].xml")];
        CollectionAssert.AreEquivalent(
            new[] { "Microsoft.ML.GentleClip.nuspec", "README.md", "icon.png", "lib/net10.0/Microsoft.ML.GentleClip.dll",
                "lib/net10.0/Microsoft.ML.GentleClip.xml" }, files, string.Join(", ", files));

        using var nuspec = package.GetEntry("Microsoft.ML.GentleClip.nuspec")!.Open();
        var metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
        Assert.AreEqual("MIT", Value("license"));
        Assert.AreEqual("README.md", Value("readme"));
        Assert.AreEqual("icon.png", Value("icon"));
        var dependencies = metadata.Descendants().Where(element => element.Name.LocalName == "dependency")
            .ToDictionary(element => element.Attribute("id")!.Value, element => element.Attribute("version")!.Value);
        Assert.AreEqual("[5.0.1, 6.0.0)", dependencies["Microsoft.ML"]);
        Assert.AreEqual("[0.107.0, 0.108.0)", dependencies["TorchSharp"], "the native load depends on this version");
        // Pinned here above what ML.NET asks for, and compiled against: a package without it would not run.
        Assert.IsTrue(dependencies.ContainsKey("System.Numerics.Tensors"), string.Join(", ", dependencies));
        Assert.IsFalse(
            dependencies.Keys.Any(id => id.StartsWith("TorchSharp-", StringComparison.Ordinal) || id.StartsWith("libtorch", StringComparison.Ordinal)),
            "the native runtime is the application's choice");
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("https://example.org/gentleclip")]
    public void LinksOfTheReadmeLeadSomewhere(string repository)
    {
        string feed = Path.Combine(Folder, "linked" + repository.Length);
        PackageFeed.Dotnet(
            Repository.Root, "pack", Path.Combine("src", "Microsoft.ML.GentleClip.csproj"), "-c", PackageFeed.Configuration, "--no-build", "-o", feed,
            $"-p:PackageVersion={Version}", $"-p:RepositoryUrl={repository}", "--nologo");
        using var package = ZipFile.OpenRead(Path.Combine(feed, $"Microsoft.ML.GentleClip.{Version}.nupkg"));
        string readme = Content("README.md"), nuspec = Content("Microsoft.ML.GentleClip.nuspec");
        Assert.DoesNotMatchRegex(new System.Text.RegularExpressions.Regex(@"\]\((?!https?:|#)"), readme);
        // Nothing but the links differs from the page.
        string page = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        Assert.AreEqual(Plain(page), Plain(readme));
        StringAssert.Contains(nuspec, "<releaseNotes>");
        if (repository.Length == 0)
            return;
        StringAssert.Contains(readme, $"]({repository}/blob/main/docs/getting-started.md)");
        StringAssert.Contains(nuspec, $"<projectUrl>{repository}</projectUrl>");
        StringAssert.Contains(nuspec, $"url=\"{repository}\"");

        string Content(string name)
        {
            using var reader = new StreamReader(package.GetEntry(name)!.Open());
            return reader.ReadToEnd();
        }

        static string Plain(string text) =>
            System.Text.RegularExpressions.Regex.Replace(text, @"!?\[([^\]]*)\]\([^)]*\)", "$1").ReplaceLineEndings("\n").TrimEnd();
    }

    [TestMethod]
    public void SymbolsCarryTheSources()
    {
        using var package = ZipFile.OpenRead(Path.Combine(Feed, $"Microsoft.ML.GentleClip.{Version}.snupkg"));
        using var stream = new MemoryStream();
        using (var entry = package.GetEntry("lib/net10.0/Microsoft.ML.GentleClip.pdb")!.Open())
            entry.CopyTo(stream);
        stream.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(stream);
        var pdb = provider.GetMetadataReader();
        var withoutSource =
            pdb.Documents.Where(
                document =>
                    !pdb.GetCustomDebugInformation(document).Any(information => pdb.GetGuid(pdb.GetCustomDebugInformation(information).Kind) == EmbeddedSource))
            .Select(document => pdb.GetString(pdb.GetDocument(document).Name)).ToArray();
        Assert.IsGreaterThan(100, pdb.Documents.Count);
        Assert.IsEmpty(withoutSource, string.Join(", ", withoutSource));
    }

    /// <summary>
    /// The project of getting started, by hand: what is said before the native runtime is added, what the README's program prints with it, and another process
    /// that reads the model. The picture needs another package, and the page says what to leave out without it.
    /// </summary>
    [TestMethod]
    public void TheProjectOfGettingStartedRuns()
    {
        string[][] commands = [.. CodeBlock.Of(Path.Combine(Repository.Root, "docs", "getting-started.md")).First(block => block.Language == "sh").Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        PackageFeed.WriteNuGetConfig(Folder, Feed);

        string project = Folder;
        foreach (string[] words in commands[..^1])
            if (words is ["cd", var name])
                project = Path.Combine(project, name);
            else
                PackageFeed.Dotnet(project, words[1..]);

        string sample = Path.Combine(Repository.Root, "samples", "FirstHour");
        foreach (string table in new[] { "coefficients.csv", "profiles.csv" })
            File.Copy(Path.Combine(sample, table), Path.Combine(project, table));
        string program = string.Join('\n', File.ReadAllLines(Path.Combine(sample, "Program.cs"))
            .Where(line => !line.Contains("Interactive", StringComparison.Ordinal) && !line.Contains("PlotEmbeddings", StringComparison.Ordinal)));
        // The embedding of the first test row, to compare with.
        const string Print = """Console.WriteLine("embedding: " + string.Join(' ', found.GetColumn<float[]>("CoefficientsEmbedding").First()));""";
        File.WriteAllText(Path.Combine(project, "Program.cs"), program.Replace("\nclass Row", $"\n{Print}\n\nclass Row", StringComparison.Ordinal));
        // Before the program's own code is looked at, so nothing of the library is named by then: the model brings it.
        File.WriteAllText(Path.Combine(project, "Load.cs"), """
            using System.Runtime.CompilerServices;
            using Microsoft.ML;
            using Microsoft.ML.Data;

            static class Load
            {
                [ModuleInitializer]
                internal static void Run()
                {
                    if (Environment.GetCommandLineArgs()[^1] != "load")
                        return;
                    var mlContext = new MLContext();
                    ITransformer model = mlContext.Model.Load("model.zip", out _);
                    IDataView rows = mlContext.Data.LoadFromTextFile<Coefficients>("coefficients.csv", separatorChar: ',', hasHeader: true);
                    rows = mlContext.Data.FilterByCustomPredicate<Row>(rows, row => row.Id != 1501);
                    Console.WriteLine("embedding: " + string.Join(' ', model.Transform(rows).GetColumn<float[]>("CoefficientsEmbedding").First()));
                    Environment.Exit(0);
                }
            }
            """);

        // What is said to those who forget the native runtime.
        Assert.AreEqual("dotnet add package TorchSharp-cpu", string.Join(' ', commands[^1].Take(4)));
        string complaint = PackageFeed.Dotnet(project, expected: null, "run", "-c", "Release");
        StringAssert.Contains(complaint, "TorchSharp-cpu");
        StringAssert.Contains(complaint, "were not found. Add one of its packages");

        PackageFeed.Dotnet(project, commands[^1][1..]);
        string output = PackageFeed.Dotnet(project, "run", "-c", "Release");
        TestContext.WriteLine(output);
        StringAssert.Contains(output, "Retrieval over 500 pairs");
        Assert.IsGreaterThan(85, Number(output, "numeral read from the profiles, none of which had a label: "), output);

        string built = Directory.GetFiles(Path.Combine(project, "bin"), "FirstAlignment.dll", SearchOption.AllDirectories).Single();
        string again = PackageFeed.Dotnet(project, built, "load");
        // Beside other rows or by itself: equal but for the last bits.
        double[] expected = Numbers(output, "embedding: "), found = Numbers(again, "embedding: ");
        Assert.HasCount(expected.Length, found);
        Assert.AreEqual(1, expected.Sum(slot => slot * slot), 1e-4);
        Assert.IsLessThan(1e-5, expected.Zip(found, (a, b) => Math.Abs(a - b)).Max());
    }

    private static string Line(string output, string beginning) =>
        output.Split('\n').Single(line => line.StartsWith(beginning, StringComparison.Ordinal)).TrimEnd();

    private static double[] Numbers(string output, string beginning) =>
        [.. Line(output, beginning)[beginning.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(number => double.Parse(number, CultureInfo.InvariantCulture))];

    private static double Number(string output, string beginning) =>
        double.Parse(Line(output, beginning)[beginning.Length..].Split(' ', '%')[0], CultureInfo.InvariantCulture);
}
