using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>The page of errors quotes messages as the library words them.</summary>
[TestClass]
public sealed partial class ErrorPageTests
{
    private const int ShortestFragment = 12;

    // Worded by ML.NET and by the system's loader.
    private static readonly string[] Foreign = ["Could not find input column", "not found", "OperationCanceledException", "Read-only file system",
        "Access to the path", "Could not find file"];

    [TestMethod]
    public void EveryQuotedMessageIsInTheSources()
    {
        string sources = Blank().Replace(string.Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .Select(File.ReadAllText)
            .Select(text => Joint().Replace(NameOf().Replace(text, match => match.Groups[1].Value.Split('.')[^1]), ""))
            .Select(text => Hole().Replace(text, "\u0001"))), " ");
        var missing = new List<string>();
        int count = 0;
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, "docs", "faq-errors.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)))
            foreach (Match message in Quoted().Matches(line.Split('|')[1]))
                foreach (string fragment in Variable().Split(message.Groups[1].Value).Select(part => part.Trim(' ', '\'', '.', ':', ',', ';'))
                    .Where(part => part.Length >= ShortestFragment))
                {
                    if (Foreign.Any(fragment.Contains))
                        continue;
                    count++;
                    if (!sources.Contains(fragment, StringComparison.Ordinal))
                        missing.Add($"'{fragment}' of {message.Value}");
                }
        Assert.IsEmpty(missing, string.Join(Environment.NewLine, missing));
        Assert.IsGreaterThan(15, count);
    }

    [GeneratedRegex(@"`([^`]+)`")]
    private static partial Regex Quoted();

    // What depends on the data: dots, single capitals, numbers.
    [GeneratedRegex(@"\.\.\.|\b[A-Z]\b|\b\d+(?: x \d+)?\b|'gpu'|'cpu'|'cuda'|'cuda:N'|NaN")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\{nameof\(([\w.]+)\)\}")]
    private static partial Regex NameOf();

    [GeneratedRegex(@"\{[^{}""]*\}")]
    private static partial Regex Hole();

    // Literals that are joined over lines.
    [GeneratedRegex("\"\\s*\\+\\s*\\$?\"")]
    private static partial Regex Joint();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}
