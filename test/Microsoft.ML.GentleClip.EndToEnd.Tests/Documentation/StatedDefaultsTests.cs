using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>The defaults that pages state, in tables with a column "default" and in brackets behind an option's name, are those of the options.</summary>
[TestClass]
public sealed partial class StatedDefaultsTests
{
    // Words for null, each of which the page explains.
    private static readonly string[] WordsForNull = ["none", "all", "median", "learnt", "null", "unset", "half", "by"];

    private const int Beginning = 600;

    private static readonly object[] Options =
    [
        new GentleClipOptions(), new FineTuningOptions(), new ClosedFormOptions(), new VectorEncoderOptions(), new TextNGramOptions(),
        new BertEncoderOptions(), new Esm2Options(), new CdConvOptions(), new ProteinWindowOptions(), new EmbedOptions(),
        .. typeof(Objective).Assembly.GetExportedTypes()
            .Where(type => type.IsSubclassOf(typeof(Objective)) && !type.IsAbstract && type.GetConstructor([]) is not null)
            .Select(type => Activator.CreateInstance(type)!),
        new KeywordObjective(new KeywordOptions("K", [[1]])), new WeightRamp(),
        new ImageOptions(), new ResNetOptions(), new ViTOptions(), new ScoringOptions(), new ProteinStructureLoadOptions(), new FastaLoadOptions(),
    ];

    [TestMethod]
    public void AreThoseOfTheCode()
    {
        var (wrong, count) = (new List<string>(), 0);
        foreach (string page in LinkTests.Pages()
            .Where(page => page.Contains($"{Path.DirectorySeparatorChar}docs{Path.DirectorySeparatorChar}", StringComparison.Ordinal)))
        {
            string text = File.ReadAllText(page);
            // A page about one class of options means that one.
            object[] own =
                [.. Options.Where(option => text[..Math.Min(text.Length, Beginning)].Contains($"`{option.GetType().Name}", StringComparison.Ordinal))];
            foreach (var (full, stated) in Stated(text))
            {
                // `Batches.Size` is in that group, `SddObjective.Weight` in one of the classes.
                var (group, name) = full.Split('.') is [var before, var last] ? (Group(before), last) : (null, full);
                // A name that no option has is a heading or a setting of something else.
                var actual =
                    (group is not null ? [group] : own.Any(option => option.GetType().GetProperty(name) is not null) ? own : Options)
                        .Select(option => option.GetType().GetProperty(name) is { CanRead: true } property ? (Found: true, Value: property.GetValue(option))
                            : default).Where(option => option.Found).ToArray();
                if (actual.Length == 0)
                    continue;
                count++;
                if (!actual.Any(option => Agrees(stated, option.Value)))
                    wrong.Add(
                        $"{Path.GetRelativePath(Repository.Root, page)}: {name} is said to be '{stated}' by default; it is "
                            + $"{string.Join(" or ", actual.Select(option => Shown(option.Value)))}");
            }
        }
        Assert.IsEmpty(wrong, string.Join(Environment.NewLine, wrong));
        Assert.IsGreaterThan(70, count);
    }

    [TestMethod]
    [DataRow("0.5", 0.5, true)]
    [DataRow("0.5", 0.3, false)]
    [DataRow("10,000", 10000, true)]
    [DataRow("half of the batch", null, true)]
    [DataRow("`Mean`", BertPooling.Mean, true)]
    [DataRow("`Mean`", BertPooling.ClassificationToken, false)]
    [DataRow("true", false, false)]
    public void WordsAndValuesAreCompared(string stated, object? value, bool agree) => Assert.AreEqual(agree, Agrees(stated, value));

    /// <summary>Option and default, from tables whose heading has a column "default", and from text of the form `Option` (value).</summary>
    private static IEnumerable<(string Name, string Stated)> Stated(string page)
    {
        int column = -1;
        foreach (string line in page.Split('\n'))
        {
            string[] cells = line.StartsWith('|') ? [.. line.Trim().Trim('|').Split('|').Select(cell => cell.Trim())] : [];
            if (cells.Length == 0)
                column = -1;
            else if (Array.IndexOf(cells, "default") is > 0 and var found)
                column = found;
            else if (column > 0 && column < cells.Length && cells[column].Length > 0 && !cells[0].StartsWith("---", StringComparison.Ordinal))
            {
                string[] names = [.. Name().Matches(cells[0]).Select(match => match.Groups[1].Value)];
                // Several options in a row have their defaults in the same order.
                string[] values = names.Length == 1 ? [cells[column]] : cells[column].Split(", ");
                for (int i = 0; i < names.Length && names.Length == values.Length; i++)
                    yield return (names[i], values[i]);
            }
            foreach (Match match in InBrackets().Matches(line))
                yield return (match.Groups[1].Value, match.Groups[2].Value);
        }
    }

    private static object? Group(string name) => typeof(TrainingOptions).GetProperty(name)?.GetValue(new GentleClipOptions());

    private static bool Agrees(string stated, object? value)
    {
        string words = stated.Replace("`", "", StringComparison.Ordinal).Trim();
        string first = words.Split(' ', ';')[0].TrimEnd(',');
        return value switch
        {
            null => WordsForNull.Contains(first, StringComparer.Ordinal),
            // A group of settings, described in words.
            ClosedFormOptions closedForm => words == "Chosen, optional" && closedForm is { Role: ClosedFormRole.Chosen, Optional: true },
            bool flag => first.Equals(flag.ToString(), StringComparison.OrdinalIgnoreCase) || first == (flag ? "on" : "off"),
            Enum => first == value.ToString(),
            string text => text.Length == 0 ? first == "none" : words == text,
            IEnumerable list => words == string.Join(", ", list.Cast<IFormattable>().Select(item => item.ToString(null, CultureInfo.InvariantCulture))),
            IConvertible number =>
                double.TryParse(first.TrimEnd('.'), NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out double parsed)
                    && parsed == Convert.ToDouble(number, CultureInfo.InvariantCulture),
            // "`Base` with a weights file, else `Tiny`", both sizes that the type names.
            _ => value.Equals(value.GetType().GetProperty(words.Split(' ')[^1])?.GetValue(null)),
        };
    }

    private static string Shown(object? value) => value switch
    {
        null => "null",
        string text => text,
        IEnumerable list => string.Join(", ", list.Cast<object>()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    [GeneratedRegex(@"`([A-Z]\w+(?:\.[A-Z]\w+)?)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"`([A-Z]\w+(?:\.[A-Z]\w+)?)` \((?:[a-z]+, )?(?:default )?(`?[A-Z][A-Za-z]+`|[\d.,]+\d|\d|true|false)\)")]
    private static partial Regex InBrackets();
}
