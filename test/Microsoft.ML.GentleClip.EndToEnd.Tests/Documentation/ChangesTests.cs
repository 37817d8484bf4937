using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>What a version brought is told in the names that it had, whatever is renamed later.</summary>
[TestClass]
public sealed class ChangesTests
{
    [TestMethod]
    [DataRow("0.1.0", "D8295910ED37A0E5")]
    public void AClosedSectionStaysAsItWas(string version, string hash)
    {
        string section = Section(version);
        Assert.Contains("`TeacherOptions.Method`", section);
        Assert.DoesNotContain("ClosedFormOptions", section);
        Assert.AreEqual(hash, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(section)))[..16],
            $"The section {version} is closed: what changes belongs under Unreleased, with a line for each rename.");
    }

    [TestMethod]
    public void RenamesOfTheClosedSectionAreListed()
    {
        string open = Section("Unreleased");
        foreach (string former in new[] { "`TeacherOptions`", "`TowerInputs`", "`CustomObjective`" })
            Assert.Contains($"| {former}", open);
    }

    // From its heading to the next.
    private static string Section(string version) => string.Join('\n',
        File.ReadLines(Path.Combine(Repository.Root, "CHANGELOG.md")).SkipWhile(line => line != $"## {version}").Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))).Trim();
}
