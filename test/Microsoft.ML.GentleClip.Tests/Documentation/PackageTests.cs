using System.Diagnostics;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml.Linq;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>The package as a newcomer gets it: its content, and the first program of the documentation in a fresh project that knows nothing but the package.</summary>
[TestClass]
public sealed class PackageTests
{
    private const string Version = "0.0.1-test";

#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    // The kind of embedded source in a portable PDB.
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private static readonly string Folder = Path.Combine(Path.GetTempPath(), "gentleclip-package-" + Guid.NewGuid().ToString("n")[..8]);

    private static string Feed => Path.Combine(Folder, "feed");

    [ClassInitialize]
    public static void Pack(TestContext context)
    {
        Directory.CreateDirectory(Feed);
        Dotnet(Repository.Root, "pack", Path.Combine("src", "Microsoft.ML.GentleClip.csproj"), "-c", Configuration, "--no-build", "-o", Feed, $"-p:PackageVersion={Version}", "--nologo");
    }

    [ClassCleanup]
    public static void Delete() => Directory.Delete(Folder, recursive: true);

    [TestMethod]
    public void HoldsTheLibraryItsDocsAndNothingNative()
    {
        using var package = ZipFile.OpenRead(Path.Combine(Feed, $"Microsoft.ML.GentleClip.{Version}.nupkg"));
        string[] files = [.. package.Entries.Select(entry => entry.FullName).Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal) && name != "[Content_Types].xml")];
        CollectionAssert.AreEquivalent(
            new[] { "Microsoft.ML.GentleClip.nuspec", "README.md", "icon.png", "lib/net10.0/Microsoft.ML.GentleClip.dll", "lib/net10.0/Microsoft.ML.GentleClip.xml" }, files, string.Join(", ", files));

        using var nuspec = package.GetEntry("Microsoft.ML.GentleClip.nuspec")!.Open();
        var metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
        Assert.AreEqual("MIT", Value("license"));
        Assert.AreEqual("README.md", Value("readme"));
        Assert.AreEqual("icon.png", Value("icon"));
        var dependencies = metadata.Descendants().Where(element => element.Name.LocalName == "dependency").ToDictionary(element => element.Attribute("id")!.Value, element => element.Attribute("version")!.Value);
        Assert.AreEqual("[5.0.1, 6.0.0)", dependencies["Microsoft.ML"]);
        Assert.AreEqual("[0.107.0, 0.108.0)", dependencies["TorchSharp"], "the native load depends on this version");
        Assert.IsFalse(dependencies.Keys.Any(id => id.StartsWith("TorchSharp-", StringComparison.Ordinal) || id.StartsWith("libtorch", StringComparison.Ordinal)), "the native runtime is the application's choice");
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
        var withoutSource = pdb.Documents.Where(document => !pdb.GetCustomDebugInformation(document).Any(information => pdb.GetGuid(pdb.GetCustomDebugInformation(information).Kind) == EmbeddedSource))
            .Select(document => pdb.GetString(pdb.GetDocument(document).Name)).ToArray();
        Assert.IsGreaterThan(100, pdb.Documents.Count);
        Assert.IsEmpty(withoutSource, string.Join(", ", withoutSource));
    }

    [TestMethod]
    public void TheFirstProgramRunsInAFreshProject()
    {
        string project = Directory.CreateDirectory(Path.Combine(Folder, "FirstAlignment")).FullName;
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "getting-started.md"));
        File.WriteAllText(Path.Combine(project, "Program.cs"), page.Split("```csharp\n")[1].Split("```")[0]);
        // Its own folder for packages: the feed's version must not stay behind in the user's.
        string shared = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(project, "FirstAlignment.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <NuGetAudit>false</NuGetAudit>
                <RestoreAdditionalProjectSources>{Feed}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{Path.Combine(Folder, "packages")}</RestorePackagesPath>
                <RestoreFallbackFolders>{shared}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Microsoft.ML.GentleClip" Version="{Version}" />
                <PackageReference Include="TorchSharp-cpu" Version="0.107.0" />
              </ItemGroup>
            </Project>
            """);
        string output = Dotnet(project, "run", "-c", "Release");
        StringAssert.Contains(output, "Retrieval over 100 pairs");
        StringAssert.Contains(output, "accuracy");
        Assert.IsTrue(File.Exists(Path.Combine(project, "model.zip")), output);
    }

    private static string Dotnet(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the test host's own build set would steer the child's.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, $"dotnet {string.Join(' ', arguments)}: {output}{error.Result}");
        return output;
    }
}
