namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>No line of code is longer than a screen. Lines of raw string literals are data, which a break would change; those are left out.</summary>
[TestClass]
public sealed class LineLengthTests
{
    private const int Longest = 160;

    private static readonly string[] Folders = ["src", "test", "samples", "studies", "tools", "extensions", "eng"];

    [TestMethod]
    public void NoLineIsLongerThan160()
    {
        var (files, tooLong) = (0, new List<string>());
        foreach (var folder in Folders)
            foreach (var file in Files(folder, "*.cs").Concat(Files(folder, "*.csx")))
            {
                files++;
                tooLong.AddRange(LongLines(File.ReadAllLines(file)).Select(line => $"{Path.GetRelativePath(Repository.Root, file)}:{line}"));
            }
        Assert.IsGreaterThan(300, files);
        Assert.IsEmpty(tooLong, string.Join(Environment.NewLine, tooLong));
    }

    // Blocks of text quote what a program prints.
    [TestMethod]
    public void NoLineOfCodeInAPageIsLongerThan160()
    {
        string[] pages = [.. Directory.GetFiles(Repository.Root, "*.md"),
            .. new[] { "docs", "samples", "studies", "extensions" }.SelectMany(folder => Files(folder, "*.md"))];
        var tooLong = new List<string>();
        foreach (var page in pages)
        {
            var isCode = false;
            foreach (var (line, number) in File.ReadLines(page).Select((line, i) => (line, i + 1)))
                if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                    isCode = line.Trim() is not ("```" or "```text");
                else if (isCode && line.Length > Longest)
                    tooLong.Add($"{Path.GetRelativePath(Repository.Root, page)}:{number}: {line.Length} characters");
        }
        Assert.IsGreaterThan(30, pages.Length);
        Assert.IsEmpty(tooLong, string.Join(Environment.NewLine, tooLong));
    }

    [TestMethod]
    public void RawStringsAreLeftOutAndNothingElse()
    {
        string tooLong = new('x', Longest + 1), fits = new('x', Longest), quotes = new('"', 3);
        Assert.AreEqual("1: 161 characters", string.Join(", ", LongLines([tooLong, fits])));
        Assert.IsEmpty(LongLines([$"var a = {quotes}", tooLong, $"{quotes};"]));
        Assert.IsEmpty(LongLines([$"var a = {quotes}{tooLong}{quotes};"]));
        Assert.AreEqual("4: 161 characters", string.Join(", ", LongLines([$"var a = {quotes}", tooLong, $"{quotes};", tooLong])));
    }

    private static IEnumerable<string> LongLines(string[] lines)
    {
        const string quotes = "\"\"\"";
        var isRaw = false;
        for (var i = 0; i < lines.Length; i++)
        {
            var wasRaw = isRaw;
            var marks = lines[i].Split(quotes).Length - 1;
            isRaw ^= marks % 2 == 1;
            if (lines[i].Length > Longest && !wasRaw && marks == 0)
                yield return $"{i + 1}: {lines[i].Length} characters";
        }
    }

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), pattern, SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));
}
