using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>
/// To C#, the 0 of TorchSharp's <c>sum(0)</c> is a type of numbers, not a dimension: the sum is over everything, rounded to a byte. A dimension is named.
/// </summary>
[TestClass]
public sealed partial class SumTests
{
    private static readonly string[] Folders = ["src", "extensions", "samples", "studies", "tools", "test"];

    [TestMethod]
    public void NoSumIsOverATypeThatIsMeantAsADimension()
    {
        var files = Folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => Path.GetFileName(file) != "SumTests.cs").ToArray();
        Assert.IsGreaterThan(300, files.Length);
        var found = files.Where(file => !IsBuilt(file) && Wrong().IsMatch(File.ReadAllText(file))).ToArray();
        Assert.IsEmpty(found, string.Join('\n', found));
    }

    [TestMethod]
    [DataRow("x.sum(0)", true)]
    [DataRow("x.sum(0, true)", false)]
    [DataRow("x.sum(dim: 0)", false)]
    [DataRow("x.sum(1)", false)]
    public void TheWrongFormIsFound(string code, bool isWrong) => Assert.AreEqual(isWrong, Wrong().IsMatch(code));

    private static bool IsBuilt(string file) => file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj");

    [GeneratedRegex(@"\.sum\(0\)")]
    private static partial Regex Wrong();
}
