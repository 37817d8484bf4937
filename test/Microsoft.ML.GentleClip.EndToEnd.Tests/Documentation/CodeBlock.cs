using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>A fence of a page: its language, its text, and what the comment just before it says of it.</summary>
/// <param name="Page">Path from the root.</param>
/// <param name="Line">Of the fence, from 1.</param>
/// <param name="Language">As the fence says it; for one that says nothing, sh where a command begins it, else text.</param>
/// <param name="Text">The lines between.</param>
/// <param name="CompileOnly">Why C# is not run.</param>
/// <param name="NotRun">Why another language is not run.</param>
/// <param name="IsProgram">Whether it is a whole program.</param>
internal sealed partial record CodeBlock(string Page, int Line, string Language, string Text, string? CompileOnly, string? NotRun, bool IsProgram)
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
            string text = string.Join('\n',
                lines[(i + 1)..end].Select(line => line.StartsWith(indent, StringComparison.Ordinal) ? line[indent.Length..] : line)) + "\n";
            string language = lines[i].Trim()[3..].Trim();
            if (language.Length == 0)
                language = Command().IsMatch(text) ? "sh" : "text";
            Match mark = Mark().Match(before);
            string? Reason(string kind) => mark.Success && mark.Groups[1].Value == kind ? mark.Groups[2].Value : null;
            blocks.Add(new CodeBlock(name, i + 1, language, text, Reason("compile only"), Reason("not run"), before == "<!-- program -->"));
            i = end;
        }
        return blocks;
    }

    /// <summary>The fences of the README, the documentation and the samples' pages.</summary>
    public static IEnumerable<CodeBlock> All() => LinkTests.Pages().Order(StringComparer.Ordinal).SelectMany(Of);

    [GeneratedRegex(@"^<!-- (compile only|not run): (.+) -->$")]
    private static partial Regex Mark();

    [GeneratedRegex(@"^(?:[A-Z_]+=\S+ )*(?:dotnet|cd|git|curl) ")]
    private static partial Regex Command();
}
