using System.Reflection;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>
/// Every name in code font, such as <c>ValidationFraction</c>, is one of the library's public names, of ML.NET's or the system's, or one that a page's code or
/// a folder has.
/// </summary>
[TestClass]
public sealed partial class NameTests
{
    private static readonly string[] Foreign =
    [
        "TorchRuntime", "PackageProjectUrl", "RuntimeHostConfigurationOption", // properties and items of the build
        "LoadWithoutTorch", // the last part of a switch of the runtime
        "BertModel", "WeightNet", // in the reference code
        "OrderedDict", // Python's
        "TrainingInfo", // a folder of ML.NET's zip files
        "EmbeddingA", "EmbeddingB", // the two columns of metrics
        "PublicAPI", "ZipArchive", // a list of the build; a type of an assembly that is not looked through
        "LoadableClassAttribute", "ModelLoadContext", "IgnoresAccessChecksTo", // ML.NET's internals and what opens them
    ];

    // Pages for whoever changes the library, which may name its internals.
    private static readonly string[] Inside = ["architecture.md", "architecture-walk.md"];

    [TestMethod]
    public void EveryNameInCodeFontIsThere()
    {
        string[] assemblies = ["System.Private.CoreLib", "TorchSharp"];
        HashSet<string> known = [.. Foreign];
        foreach (Assembly assembly in ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Where(name => assemblies.Contains(name) || name.StartsWith("Microsoft.ML", StringComparison.Ordinal)
                || name.StartsWith("Microsoft.Extensions", StringComparison.Ordinal))
            .Where(name => !name.EndsWith(".Tests", StringComparison.Ordinal) && !name.EndsWith(".Benchmarks", StringComparison.Ordinal))
                .Select(name => Assembly.Load(name)))
            foreach (Type type in assembly.GetExportedTypes())
            {
                known.Add(type.Name.Split('`')[0]);
                known.UnionWith(type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy)
                    .Select(member => member.Name));
            }
        known.UnionWith(TestNames.All.Select(name => name[(name.LastIndexOf('.') + 1)..]));
        known.UnionWith(CodeBlock.All().SelectMany(block => Word().Matches(block.Text)).Select(match => match.Value));
        known.UnionWith(
            new[] { "samples", "studies", "tools", "docs", "test", "src", "extensions" }.SelectMany(
                folder => Directory.EnumerateFileSystemEntries(Path.Combine(Repository.Root, folder), "*", SearchOption.AllDirectories))
            .SelectMany(path => Path.GetFileName(path).Split('.').Append(Path.GetFileNameWithoutExtension(path))));
        // Column names, as the loaders and samples write them in literals.
        known.UnionWith(
            new[] { "src", "samples", "studies" }.SelectMany(
                folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .SelectMany(file => Literal().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value));
        known.UnionWith(typeof(GentleClip.Data.ProteinChainRow).GetProperties().Select(property => property.Name));

        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        HashSet<string> inside = [.. typeof(GentleClipOptions).Assembly.GetTypes()
            .SelectMany(type => type.GetMembers(all).Select(member => member.Name).Append(type.Name)).Select(name => name.Split('`')[0])];

        var (unknown, count) = (new List<string>(), 0);
        foreach (string page in LinkTests.Pages()
            .Where(page => !page.Contains($"{Path.DirectorySeparatorChar}samples{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            && !page.Contains($"{Path.DirectorySeparatorChar}studies{Path.DirectorySeparatorChar}", StringComparison.Ordinal)))
            foreach (Match code in Inline().Matches(Fence().Replace(File.ReadAllText(page), "")))
                foreach (Match name in Name().Matches(code.Value))
                {
                    count++;
                    if (!known.Contains(name.Value) && !(Inside.Contains(Path.GetFileName(page)) && inside.Contains(name.Value)))
                        unknown.Add($"{Path.GetRelativePath(Repository.Root, page)}: {code.Value}: there is no {name.Value}");
                }
        Assert.IsEmpty(unknown, string.Join(Environment.NewLine, unknown.Distinct()));
        Assert.IsGreaterThan(400, count);
    }

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex Inline();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    // Two capitals and more: a single word may be anything.
    [GeneratedRegex(@"\b[A-Z][a-z]+[A-Z]\w*\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"""([A-Z]\w+)""")]
    private static partial Regex Literal();
}
