using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>Habits that make a reader read twice are kept out of pages and XML comments.</summary>
[TestClass]
public sealed partial class LanguageTests
{
    private const string Units = "side|epoch|class|step|residue|label|fold|seed|row|batch|stage|line";

    // What is wrong, and what to write instead.
    private static readonly (Regex Habit, string Instead)[] Habits =
    [
        (new($@"\b(?:\d[\d,]* (?:rows|samples|pairs|chains|vectors|bytes)|rows|samples|pairs|chains|numbers|vectors|letter|one) an? (?:{Units})\b"
            + "(?! that| gets| holds| takes| from| in which| under)", RegexOptions.IgnoreCase), "'per side', 'per epoch'"),
        (new(@"\b(?:is|are|was|were|be) to be had\b|\bdata to be had\b", RegexOptions.IgnoreCase), "'there is', 'is available'"),
        (new(@"\bof one's own\b", RegexOptions.IgnoreCase), "'of your own'"),
        (new(@"\bas far as\b", RegexOptions.IgnoreCase), "say what the limit is: 'if', 'unless', 'all that'"),
        (new(@"\b(?:pairs|rows|images|spectra|pictures|words|names|library) alone(?=[:;,.)]| by| of)", RegexOptions.IgnoreCase), "'only the pairs'"),
    ];

    // A term that measurements use as the name of a baseline, and quotations of the tables' rows.
    private static readonly string[] Allowed = ["over the pairs alone", "with the pairs alone", "minus pairs alone", "*pairs alone*", "better left alone"];

    [TestMethod]
    public void PagesAreFreeOfTheWorstHabits()
    {
        var found = new List<string>();
        foreach (string page in LinkTests.Pages())
        {
            // Code and tables of figures are quoted, not written.
            string[] lines = Fence().Replace(File.ReadAllText(page), code => new string('\n', code.Value.Count(letter => letter == '\n'))).Split('\n');
            for (int i = 0; i < lines.Length; i++)
                if (!lines[i].StartsWith('|'))
                    found.AddRange(Found(lines[i]).Select(what => $"{Path.GetRelativePath(Repository.Root, page)}:{i + 1}: {what}"));
        }
        Assert.IsEmpty(found, string.Join('\n', found));
    }

    [TestMethod]
    public void XmlCommentsAreFreeOfTheWorstHabits()
    {
        var found = new List<string>();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")))
        {
            string[] lines = File.ReadAllLines(file);
            for (int i = 0; i < lines.Length; i++)
                if (lines[i].TrimStart().StartsWith("///", StringComparison.Ordinal))
                    found.AddRange(Found(lines[i]).Select(what => $"{Path.GetRelativePath(Repository.Root, file)}:{i + 1}: {what}"));
        }
        Assert.IsEmpty(found, string.Join('\n', found));
    }

    [TestMethod]
    [DataRow("740 unpaired rows a side", true)]
    [DataRow("one model a label", false)]
    [DataRow("one a residue", true)]
    [DataRow("no encoders are to be had", true)]
    [DataRow("an encoder of one's own", true)]
    [DataRow("as far as the file tells", true)]
    [DataRow("learnt from the pairs alone.", true)]
    [DataRow("always compare with the pairs alone.", false)]
    [DataRow("a pair is a row that has both sides", false)]
    [DataRow("740 unpaired rows per side", false)]
    public void AHabitIsSeen(string text, bool expected) => Assert.AreEqual(expected, Found(text).Any(), text);

    private static IEnumerable<string> Found(string line)
    {
        string text = Allowed.Aggregate(line, (rest, allowed) => rest.Replace(allowed, "", StringComparison.OrdinalIgnoreCase));
        return Habits.SelectMany(habit => habit.Habit.Matches(text).Select(match => $"'{match.Value}': write {habit.Instead}"));
    }

    [GeneratedRegex(@"```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
