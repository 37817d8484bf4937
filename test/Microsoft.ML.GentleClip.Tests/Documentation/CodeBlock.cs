using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>A fence of a page: its language, its text, and what the comment just before it says of it.</summary>
internal sealed partial record CodeBlock(string Page, int Line, string Language, string Text, string? CompileOnly, bool IsProgram)
{
    /// <summary>The page and the line of the fence, as an editor opens it.</summary>
    public string Place => $"{Page}:{Line}";

    /// <summary>The fences of a page in their order.</summary>
    /// <param name="page">Full path.</param>
    public static IReadOnlyList<CodeBlock> Of(string page)
    {
        var blocks = new List<CodeBlock>();
        string name = Path.GetRelativePath(Repository.Root, page).Replace('\\', '/');
        string[] lines = File.ReadAllLines(page);
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal))
                continue;
            string indent = lines[i][..^lines[i].TrimStart().Length];
            int end = Array.FindIndex(lines, i + 1, line => line.Trim() == "```");
            if (end < 0)
                throw new InvalidDataException($"{name}:{i + 1}: the fence has no end.");
            string before = i > 0 ? lines[i - 1].Trim() : "";
            var text = lines[(i + 1)..end].Select(line => line.StartsWith(indent, StringComparison.Ordinal) ? line[indent.Length..] : line);
            blocks.Add(new CodeBlock(name, i + 1, lines[i].Trim()[3..].Trim(), string.Join('\n', text) + "\n",
                CompileOnlyMark().Match(before) is { Success: true } mark ? mark.Groups[1].Value : null, before == "<!-- program -->"));
            i = end;
        }
        return blocks;
    }

    /// <summary>The fences of the README, the documentation and the samples' pages.</summary>
    public static IEnumerable<CodeBlock> All() => LinkTests.Pages().Order(StringComparer.Ordinal).SelectMany(Of);

    [GeneratedRegex(@"^<!-- compile only: (.+) -->$")]
    private static partial Regex CompileOnlyMark();
}
