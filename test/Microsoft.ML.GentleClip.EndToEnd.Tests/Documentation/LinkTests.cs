using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>Every link from one page to another leads somewhere, to the heading it names, and every page can be reached.</summary>
[TestClass]
public sealed partial class LinkTests
{
    [TestMethod]
    public void EveryLinkLeadsToAFileAndItsHeading()
    {
        var broken = new List<string>();
        int count = 0;
        foreach (string page in Pages())
            foreach (Match link in Link().Matches(WithoutCode(File.ReadAllText(page))))
            {
                string target = link.Groups[1].Value;
                if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal))
                    continue;
                count++;
                string[] parts = target.Split('#', 2);
                string file = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
                if (!File.Exists(file) && !Directory.Exists(file))
                    broken.Add($"{Relative(page)}: there is no '{target}'");
                else if (parts.Length == 2 && !Anchors(file).Contains(parts[1]))
                    broken.Add($"{Relative(page)}: '{parts[0]}' has no heading '#{parts[1]}'");
            }
        Assert.IsEmpty(broken, string.Join(Environment.NewLine, broken));
        Assert.IsGreaterThan(60, count);
    }

    [TestMethod]
    public void EveryPageIsLinkedFromAnother()
    {
        var linked = Pages().SelectMany(page => Link().Matches(WithoutCode(File.ReadAllText(page)))
            .Select(link => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, link.Groups[1].Value.Split('#')[0])))).ToHashSet();
        string[] orphans =
            [.. Pages()
                .Where(page => page != Path.Combine(Repository.Root, "README.md") && !linked.Contains(page) && !linked.Contains(Path.GetDirectoryName(page)!))
                    .Select(Relative)];
        Assert.IsEmpty(orphans, string.Join(", ", orphans));
    }

    internal static IEnumerable<string> Pages() =>
        new[] { "docs", "samples", "studies" }.SelectMany(
            folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.md", SearchOption.AllDirectories))
            .Where(page => !page.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .Append(Path.Combine(Repository.Root, "CONTRIBUTING.md"))
            .Append(Path.Combine(Repository.Root, "README.md"));

    private static string Relative(string page) => Path.GetRelativePath(Repository.Root, page);

    private static string WithoutCode(string text) => Fence().Replace(text, "");

    // As the usual renderers make them: lower case, blanks to hyphens, no punctuation.
    private static HashSet<string> Anchors(string file) =>
        [.. WithoutCode(File.ReadAllText(file)).Split('\n').Where(line => line.StartsWith('#')).Select(line =>
            Punctuation().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
