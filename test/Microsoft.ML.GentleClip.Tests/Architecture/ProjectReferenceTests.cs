using System.Xml.Linq;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>
/// The folders of the repository refer one way: whatever teaches or measures knows the library, and the library and its tests know none of that.
/// </summary>
[TestClass]
public sealed class ProjectReferenceTests
{
    // What the projects of a folder may refer to besides their own folder. The tests of whole programs, which end in EndToEnd.Tests, may refer to anything.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["src"] = ["eng"],
        ["eng"] = [],
        ["extensions"] = ["src", "eng"],
        ["samples"] = ["src", "eng", "extensions"],
        ["studies"] = ["src", "eng", "extensions", "samples"],
        ["templates"] = [],
        ["tools"] = ["src", "eng", "extensions"],
        ["test"] = ["src", "eng", "extensions"],
    };

    [TestMethod]
    public void ProjectsReferOneWay()
    {
        var (wrong, count) = (new List<string>(), 0);
        foreach (var project in Projects().Where(project => !project.Contains("EndToEnd", StringComparison.Ordinal)))
            foreach (var reference in References(project, "ProjectReference", "Compile"))
            {
                count++;
                var (from, to) = (Top(project), Top(reference));
                if (from != to && !Allowed[from].Contains(to))
                    wrong.Add($"{Path.GetRelativePath(Repository.Root, project)} -> {Path.GetRelativePath(Repository.Root, reference)}");
            }
        Assert.IsGreaterThan(20, count, "hardly any reference was found: the check would pass on anything");
        Assert.IsEmpty(wrong, string.Join(Environment.NewLine, wrong));
    }

    [TestMethod]
    public void EveryFolderOfProjectsHasARule() => Assert.IsEmpty(Projects().Select(Top).Distinct().Except(Allowed.Keys));

    // A new project asks for what it needs by a property of its own.
    [TestMethod]
    public void CentralVersionsNameNoProject()
    {
        string versions = File.ReadAllText(Path.Combine(Repository.Root, "Directory.Packages.props"));
        Assert.DoesNotContain("MSBuildProject", versions);
        string[] named = [.. Projects().Select(project => Path.GetFileName(project)).Where(name => versions.Contains(name, StringComparison.Ordinal))];
        Assert.IsEmpty(named, string.Join(", ", named));
    }

    [TestMethod]
    public void NoSourceOfTheLibraryOrItsTestsUsesAStudyOrATool()
    {
        string[] names = [.. Projects().Where(project => Top(project) is "studies" or "tools")
            .Select(project => $"using {Path.GetFileNameWithoutExtension(project)};")];
        Assert.IsGreaterThan(5, names.Length);
        string[] wrong = [.. new[] { "src", Path.Combine("test", "Microsoft.ML.GentleClip.Tests"), Path.Combine("test", "Microsoft.ML.GentleClip.Testing") }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => File.ReadLines(file).Any(line => names.Contains(line)))];
        Assert.IsEmpty(wrong, string.Join(Environment.NewLine, wrong));
    }

    private static IEnumerable<string> Projects() =>
        Allowed.Keys.Concat(Directory.EnumerateDirectories(Repository.Root).Select(folder => Path.GetFileName(folder)!))
        .Distinct().Where(folder => folder[0] != '.' && folder != "artifacts")
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories));

    private static IEnumerable<string> References(string project, params string[] kinds) =>
        XDocument.Load(project).Descendants().Where(item => kinds.Contains(item.Name.LocalName))
            .SelectMany(item => (item.Attribute("Include")?.Value ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
            .Where(path => path.StartsWith("..", StringComparison.Ordinal))
            .Select(path => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, path)));

    private static string Top(string path) => Path.GetRelativePath(Repository.Root, path).Split(Path.DirectorySeparatorChar)[0];
}
