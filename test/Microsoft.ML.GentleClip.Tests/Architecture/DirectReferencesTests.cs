using System.Xml.Linq;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Mono.Cecil;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>
/// What an assembly uses, its project names. A package that only others bring comes in the version that they ask for: a project outside this
/// repository, which does
/// not see the pins of Directory.Packages.props, then runs with an older one than was compiled against, and fails where it is used.
/// </summary>
[TestClass]
public sealed class DirectReferencesTests
{
    public TestContext TestContext { get; set; } = null!;

    // Assemblies whose package has another name.
    private static readonly Dictionary<string, string> PackageOf =
        new[] { "Core", "Data", "KMeansClustering", "PCA", "StandardTrainers", "Transforms" }.ToDictionary(part => $"Microsoft.ML.{part}", _ => "Microsoft.ML");

    [TestMethod]
    [DataRow("src/Microsoft.ML.GentleClip.csproj", "Microsoft.ML.GentleClip.dll")]
    [DataRow("extensions/Microsoft.ML.GentleClip.Interactive/Microsoft.ML.GentleClip.Interactive.csproj", "")]
    [DataRow("extensions/Microsoft.ML.GentleClip.Mpi/Microsoft.ML.GentleClip.Mpi.csproj", "")]
    public void EveryAssemblyThatIsUsedIsAskedFor(string project, string assembly)
    {
        var file = Path.Combine(Repository.Root, project);
        var built = assembly.Length > 0 ? Path.Combine(AppContext.BaseDirectory, assembly) : Newest(file);
        if (built is null)
            Skip.Because(TestContext, $"{project} is not built here.");
        var document = XDocument.Load(file);
        var named = document.Descendants("PackageReference").Select(reference => reference.Attribute("Include")!.Value)
            .Concat(document.Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)))
                .ToHashSet();
        using var module = ModuleDefinition.ReadModule(built);
        var used =
            module.AssemblyReferences.Select(reference => reference.Name).Where(name => !IsOfTheFramework(name))
                .Select(name => PackageOf.GetValueOrDefault(name, name)).Distinct().ToArray();
        Assert.IsNotEmpty(used);
        Assert.IsEmpty(used.Except(named), $"used by {Path.GetFileName(built)}, not named in {project}: {string.Join(", ", used.Except(named))}");
    }

    private static string? Newest(string project)
    {
        var bin = Path.Combine(Path.GetDirectoryName(project)!, "bin");
        return Directory.Exists(bin)
            ? Directory.EnumerateFiles(bin, Path.GetFileNameWithoutExtension(project) + ".dll", SearchOption.AllDirectories)
                .OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault()
            : null;
    }

    private static bool IsOfTheFramework(string name) =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Any(path => Path.GetFileNameWithoutExtension(path) == name && !path.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal));
}
