using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>
/// Every sample of samples/Basics prints what its closing comment says: the same lines and words, the same whole numbers, and numbers with a point that differ
/// by 0.1 at most. Each is one file of 150 lines or fewer.
/// </summary>
[TestClass]
public sealed partial class BasicSampleTests
{
    private const double Tolerance = 0.1;

    private static string Folder => Path.Combine(Repository.Root, "samples", "Basics");

    public static IEnumerable<object[]> Names => Basics.Samples.All.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void PrintsWhatItsCommentSays(string name)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Folder, name + ".cs"));
        Assert.IsLessThanOrEqualTo(150, lines.Length, name);
        string[] expected = [.. lines.SkipWhile(line => line != "// Expected output:").Skip(1).Select(line => line[3..])];
        Assert.IsNotEmpty(expected, $"{name} has no closing comment");
        var console = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            Basics.Samples.All[name]();
        }
        finally
        {
            Console.SetOut(console);
        }
        string found = output.ToString().TrimEnd();
        Assert.IsNull(Difference(expected, found.Split('\n')), $"{name} printed\n{found}");
    }

    [TestMethod]
    public void EveryFileIsASampleOfTheList() => CollectionAssert.AreEquivalent(
        Basics.Samples.All.Keys.ToArray(),
        Directory.GetFiles(Folder, "*.cs").Select(file => Path.GetFileNameWithoutExtension(file)).Except(["Program", "Samples"]).ToArray());

    [TestMethod]
    [DataRow("recall 0.70 of 5", "recall 0.65 of 5", true)]
    [DataRow("recall 0.70 of 5", "recall 0.59 of 5", false)]
    [DataRow("recall 0.70 of 5", "recall 0.70 of 6", false)]
    [DataRow("recall 0.70 of 5", "precision 0.70 of 5", false)]
    [DataRow("recall 0.70 of 5", "recall 0.70 of 5\nmore", false)]
    [DataRow("recall 0.70 of 5", "recall 0.70 of 5 0.1", false)]
    public void TheRuleIsAsStated(string expected, string found, bool isEqual) =>
        Assert.AreEqual(isEqual, Difference(expected.Split('\n'), found.Split('\n')) is null);

    private static string? Difference(string[] expected, string[] found)
    {
        if (expected.Length != found.Length)
            return $"expected {expected.Length} lines, found {found.Length}";
        for (int i = 0; i < expected.Length; i++)
        {
            if (Measured().Replace(expected[i], "#") != Measured().Replace(found[i], "#"))
                return $"expected '{expected[i]}', found '{found[i]}'";
            foreach (var (one, other) in Measured().Matches(expected[i]).Zip(Measured().Matches(found[i])))
                if (Math.Abs(double.Parse(one.Value, CultureInfo.InvariantCulture) - double.Parse(other.Value, CultureInfo.InvariantCulture)) > Tolerance)
                    return $"expected '{expected[i]}', found '{found[i]}'";
        }
        return null;
    }

    [GeneratedRegex(@"-?\d+\.\d+")]
    private static partial Regex Measured();
}
