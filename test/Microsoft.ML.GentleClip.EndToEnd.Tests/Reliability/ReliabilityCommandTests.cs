using System.Security.Cryptography;
using Microsoft.ML.GentleClip.Programs;
using Microsoft.ML.GentleClip.Reliability;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Reliability;

/// <summary>Short forms of the commands of tools/Microsoft.ML.GentleClip.Reliability; docs/reliability.md has the long ones.</summary>
[TestClass]
public sealed class ReliabilityCommandTests
{
    [TestMethod]
    [Timeout(600_000)]
    public void TwoKillsLoseNothing() => Succeeds("kill: 2 kills survived", "kill", "--count", "2", "--training", "frozen");

    [TestMethod]
    [Timeout(600_000)]
    public void BrokenFilesAreReadOrRefused() => Succeeds("broken files (seed 3): checkpoint 5, fasta 298", "fuzz", "--count", "2000", "--seed", "3");

    [TestMethod]
    [Timeout(600_000)]
    public void MemoryStaysFlat()
    {
        // In a process of its own: what other tests leave to finalizers would be counted.
        using var process = ChildProgram.Start(["soak", "--steps", "200", "--rows", "2000"]);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, output);
        Assert.Contains("soak: 200 steps with ", output);
        Assert.Contains("; 2000 rows with ", output);
    }

    [TestMethod]
    public void StructuresAreComparedWithAnotherReadersTable()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.FullName, "files", "a.pdb");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "ATOM      2  CA  ALA A   1       0.250   2.000  -3.000\nATOM      6  CA  GLY A   2       1.750   2.500  -1.750\n");
        var table = folder.File("table.tsv");
        string[] command = ["structures", "--folder", Path.GetDirectoryName(file)!, "--table", table];
        File.WriteAllText(table, "a.pdb\tA\tAG\t1,2\n");
        Succeeds("structures: 1 files, 1 equal", command);

        File.WriteAllText(table, "a.pdb\tA\tAGS\t1,2,3\n");
        using var output = new StringWriter();
        Assert.AreEqual(1, Run(command, output, output));
        Assert.Contains("a.pdb: with another number of residues: here A:AG[1,2], there A:AGS[1,2,3]", output.ToString());
    }

    [TestMethod]
    [DataRow("kill --counts 5")]
    [DataRow("kill --count 0")]
    [DataRow("kill --training nothing")]
    [DataRow("fuzz --format docx")]
    [DataRow("fuzz --count")]
    [DataRow("soak --steps many")]
    [DataRow("disk --count 1")]
    [DataRow("structures --folder .")]
    [DataRow("structures --folder none --table none")]
    [DataRow("burn")]
    [DataRow("")]
    public void AWrongCommandLineIsAnError(string arguments)
    {
        using StringWriter output = new(), error = new();
        Assert.AreEqual(2, Run(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), output, error));
        Assert.Contains("Usage:", error.ToString());
        Assert.AreEqual("", output.ToString());
        Assert.AreEqual(0, Run(["--help"], output, error));
        Assert.Contains("Usage:", output.ToString());
    }

    [TestMethod]
    public void ACheckpointThatIsNotWhatItsNameSaysIsALoss()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File(KillFolder.Checkpoints));
        byte[] content = [1, 2, 3];
        var hash = Convert.ToHexStringLower(SHA256.HashData(content))[..32];
        var file = Path.Combine(folder.File(KillFolder.Checkpoints), $"checkpoint-0-000000007-run-{hash}.safetensors");
        File.WriteAllBytes(file, content);
        var left = new KillFolder(Path.GetDirectoryName(folder.File(KillFolder.Checkpoints))!);
        Assert.AreEqual(new KillProgress(0, 7, false), left.Newest()[0].Progress);
        File.WriteAllBytes(file, [1, 2]);
        Assert.ThrowsExactly<LossException>(() => left.Newest());
    }

    private static int Run(string[] arguments, TextWriter output, TextWriter error) =>
        ConsoleProgram.RunAsync(ReliabilityCommand.Create(output), arguments, output, error).GetAwaiter().GetResult();

    private static void Succeeds(string counts, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        Assert.AreEqual(0, Run(arguments, output, error), $"{output}\n{error}");
        Assert.Contains(counts, output.ToString().TrimEnd().Split('\n')[^1]);
    }
}
