using System.Globalization;
using Microsoft.ML.GentleClip.Mpi;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Mpi;

/// <summary>Trainings in several processes, under the launchers that the machine has; without one a test is skipped, and says so.</summary>
[TestClass]
public sealed class MpiTests
{
    private const string Training = "shards=4 steps=30 rows=240 batch=48";

    private static readonly Lazy<string> Alone = new(() =>
    {
        using var run = MpiRun.Start(null, 1, Training);
        return run.Weights(1);
    });

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(MpiRun.OpenMpi, 1)]
    [DataRow(MpiRun.OpenMpi, 2)]
    [DataRow(MpiRun.OpenMpi, 4)]
    [DataRow(MpiRun.Mpich, 2)]
    [DataRow(MpiRun.Mpich, 4)]
    public void AnyNumberOfProcessesGivesTheSameWeights(string launcher, int processes)
    {
        MpiRun.Require(launcher, TestContext);
        using var run = MpiRun.Start(launcher, processes, Training);
        string weights = run.Weights(processes);
        TestContext.WriteLine($"{launcher} -n {processes}: {weights}");
        Assert.AreEqual(Alone.Value, weights);
        Assert.AreEqual(launcher == MpiRun.OpenMpi, run.Lines.Any(line => line.Contains("libmpi.so.40, Open MPI", StringComparison.Ordinal)), run.ToString());
        Assert.HasCount(processes, run.Lines.Where(line => line == "a null reference was caught").ToArray(), "MPI takes no signal away from .NET");
        // Progress is not told of each step where they are fast.
        var steps = run.Steps;
        Assert.IsGreaterThan(2, steps.Count, run.ToString());
        Assert.HasCount(steps.Distinct().Count(), steps, "one rank reports");
    }

    [TestMethod]
    [DataRow(MpiRun.OpenMpi)]
    [DataRow(MpiRun.Mpich)]
    public void ATrainingThatEndedGoesOnWithHalfTheProcesses(string launcher)
    {
        MpiRun.Require(launcher, TestContext);
        using var folder = new TemporaryFolder();
        string settings = $"{Training} every=7 checkpoints={folder.File("checkpoints")}";
        using (var four = MpiRun.Start(launcher, 4, $"{settings} throw=2 throw-at=23"))
        {
            Assert.AreNotEqual(0, four.WaitForEnd().Code);
            Assert.Contains(line => line.Contains("row 17 is bad", StringComparison.Ordinal), four.Reasons, four.ToString());
        }
        Assert.HasCount(1, Directory.GetFiles(folder.File("checkpoints"), "*-000000021-run-*"));
        using var two = MpiRun.Start(launcher, 2, settings);
        Assert.AreEqual(Alone.Value, two.Weights(2));
        Assert.IsNotEmpty(two.Steps, two.ToString());
        Assert.IsGreaterThan(21, two.Steps.Min(), "it began anew");
    }

    [TestMethod]
    [DataRow(MpiRun.OpenMpi, "a process is killed")]
    [DataRow(MpiRun.OpenMpi, "a process is stopped")]
    [DataRow(MpiRun.OpenMpi, "a process throws")]
    [DataRow(MpiRun.OpenMpi, "a process throws outside of Fit")]
    [DataRow(MpiRun.OpenMpi, "a process leaves early")]
    [DataRow(MpiRun.OpenMpi, "a process has other rows")]
    [DataRow(MpiRun.Mpich, "a process is killed")]
    [DataRow(MpiRun.Mpich, "a process is stopped")]
    [DataRow(MpiRun.Mpich, "a process throws")]
    public void AFaultEndsAllWithinTheLimit(string launcher, string fault)
    {
        MpiRun.Require(launcher, TestContext);
        const int limit = 6;
        string settings = "shards=2 steps=100000 batch=32 rows=120 sleep=10 " + fault switch
        {
            "a process throws" => "throw=1 throw-at=5",
            "a process throws outside of Fit" => "throw-outside=1",
            "a process leaves early" => "leave-early=1",
            "a process has other rows" => "other-rows=1",
            "a process is stopped" => $"timeout={limit}",
            _ => "",
        };
        using var run = MpiRun.Start(launcher, 2, settings);
        bool fromOutside = fault is "a process is killed" or "a process is stopped";
        if (fromOutside)
        {
            run.WaitForSteps(3);
            MpiRun.Kill(run.Processes[1], fault == "a process is killed" ? "KILL" : "STOP");
        }
        var (code, time) = run.WaitForEnd();
        string reason = run.Reasons.FirstOrDefault() ?? "(the launcher's own message)";
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{launcher}, {fault}: all ended, code {code}{(fromOutside ? $", after {time.TotalSeconds:0.0} s" : "")}: {reason}"));
        Assert.AreNotEqual(0, code, run.ToString());
        string? expected = fault switch
        {
            "a process is killed" => null,
            "a process is stopped" => "Rank 0 of 2 on ",
            "a process throws" => "Rank 1 of 2 on ",
            "a process throws outside of Fit" => "thrown outside of Fit",
            "a process leaves early" => "The process ends without having left the group",
            _ => "rank 1 differs from rank 0 (training rows is content",
        };
        if (expected is null)
            Assert.IsLessThan(10, time.TotalSeconds, "the launcher sees it at once");
        else
        {
            Assert.HasCount(1, run.Reasons, $"one message: {run}");
            Assert.Contains(expected, reason);
        }
        if (fault == "a process is stopped")
        {
            Assert.Contains($"has waited {limit} s for the others", reason);
            Assert.IsGreaterThan(limit - 1, time.TotalSeconds);
            Assert.IsLessThan(limit + 10, time.TotalSeconds);
        }
    }

    [TestMethod]
    public void ACutCableEndsTheProcessesOfBothHosts()
    {
        MpiRun.Require(MpiRun.OpenMpi, TestContext);
        var (hosts, obstacle) = TwoHosts.Create();
        if (hosts is null)
            Skip.Because(TestContext, $"{obstacle}.");
        using var both = hosts;
        const int limit = 5;
        using var run = MpiRun.Start(hosts.Launch([.. MpiRun.Command(), $"shards=2 steps=100000 batch=32 rows=120 sleep=10 timeout={limit}"]), hosts.Settings);
        run.WaitForSteps(3);
        hosts.Cut();
        var (_, time) = run.WaitForEnd();
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a cut cable: all ended after {time.TotalSeconds:0.0} s: {run.Reasons[0]}"));
        Assert.IsLessThan(limit + 10, time.TotalSeconds);
        Assert.Contains("Rank 0 of 2 on gc", run.Reasons[0]);
    }

    [TestMethod]
    [DataRow("SLURM_NTASKS", "4")]
    [DataRow("OMPI_COMM_WORLD_SIZE", "2")]
    public void AWorldOfOneUnderALauncherIsRefused(string variable, string value)
    {
        MpiRun.Require(MpiRun.OpenMpi, TestContext);
        var environment = new Dictionary<string, string> { [variable] = value, ["GENTLECLIP_MPI_LIBRARY"] = "libmpi.so.40" };
        using var run = MpiRun.Start(null, 1, Training, environment);
        Assert.AreNotEqual(0, run.WaitForEnd().Code);
        Assert.Contains(line => line.Contains($"The launcher promised {value} processes ({variable}), but MPI (libmpi.so.40", StringComparison.Ordinal),
            run.Lines, run.ToString());
    }

    [TestMethod]
    public void TheSampleTrainsInTwoProcessesAndScoresInParts()
    {
        MpiRun.Require(MpiRun.OpenMpi, TestContext);
        using var folder = new TemporaryFolder();
        string model = folder.File("model.zip"), program = MpiRun.Newest(Path.Combine("samples", "Distributed"), "Distributed");
        using (var run = MpiRun.Start(MpiRun.OpenMpi, 2, $"train --model {model} --steps 20 --shards 2", program: program))
        {
            Assert.AreEqual(0, run.WaitForEnd().Code, run.ToString());
            Assert.HasCount(1, run.Lines.Where(line => line.StartsWith("2 processes (libmpi.so.40", StringComparison.Ordinal)).ToArray(), run.ToString());
        }
        string scored = folder.File("scored");
        Directory.CreateDirectory(scored);
        using var output = new StringWriter();
        var scoring = new Distributed.Scoring(output);
        for (int i = 0; i < 3; i++)
            scoring.Run(model, scored, 100, new Distributed.Part(i, 3), CancellationToken.None);
        scoring.Run(model, scored, 100, new Distributed.Part(0, 1), CancellationToken.None);
        string[] parts = [.. Enumerable.Range(1, 3).SelectMany(i => File.ReadLines(Path.Combine(scored, $"part-0000{i}-of-00003.tsv")))];
        string[] whole = File.ReadAllLines(Path.Combine(scored, "part-00001-of-00001.tsv"));
        Assert.HasCount(100, whole);
        CollectionAssert.AreEquivalent(Rounded(whole), Rounded(parts));
        // A part that is there is not scored again, and one that broke off leaves nothing behind.
        var before = File.GetLastWriteTimeUtc(Path.Combine(scored, "part-00002-of-00003.tsv"));
        scoring.Run("none.zip", scored, 100, new Distributed.Part(1, 3), CancellationToken.None);
        Assert.AreEqual(before, File.GetLastWriteTimeUtc(Path.Combine(scored, "part-00002-of-00003.tsv")));
        Assert.Contains("part-00002-of-00003.tsv is there already.", output.ToString());
        Assert.ThrowsExactly<OperationCanceledException>(() => scoring.Run(model, scored, 100, new Distributed.Part(1, 4), new CancellationToken(true)));
        Assert.HasCount(4, Directory.GetFiles(scored));

        // The batch that a row is scored in may move its last bits.
        static string[] Rounded(IEnumerable<string> lines) => [.. lines.Select(line => string.Join(' ', line.Split('\t').Select((value, i) =>
            i == 0 ? value : double.Parse(value, CultureInfo.InvariantCulture).ToString("F3", CultureInfo.InvariantCulture).Replace("-0.000", "0.000"))))];
    }

    [TestMethod]
    public void APartOfAnotherNumberOfRowsIsNotTakenForThisOne()
    {
        using var folder = new TemporaryFolder();
        var part = new Distributed.Part(0, 2);
        File.WriteAllLines(folder.File(part.FileName), ["0\t1.5", "2\t1.5"]);
        var output = new StringWriter();
        Assert.AreEqual(0, new Distributed.Scoring(output).Run("no.zip", folder.FullName, rows: 4, part, default));
        Assert.Contains("is there already", output.ToString());
        Assert.Contains("is there already with 2 rows, expected 5: it is of another --rows.", Assert.ThrowsExactly<IOException>(
            () => new Distributed.Scoring(output).Run("no.zip", folder.FullName, rows: 10, part, default)).Message);
    }

    [TestMethod]
    public void APartComesFromOptionsOrFromTheScheduler()
    {
        Assert.AreEqual(new Distributed.Part(0, 1), Of([]));
        Assert.AreEqual(new Distributed.Part(2, 8), Of([], 3, 8));
        Assert.AreEqual(new Distributed.Part(4, 10), Of([("SLURM_ARRAY_TASK_ID", "5"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "10")]));
        Assert.AreEqual(new Distributed.Part(5, 10), Of([("SLURM_ARRAY_TASK_ID", "5"), ("SLURM_ARRAY_TASK_COUNT", "10")]));
        Assert.AreEqual(new Distributed.Part(7, 8), Of([("JOB_COMPLETION_INDEX", "7")], null, 8));
        foreach (var wrong in new Action[]
        {
            () => Of([("JOB_COMPLETION_INDEX", "7")]), () => Of([("JOB_COMPLETION_INDEX", "8")], null, 8), () => Of([], 9, 8),
            () => Of([("SLURM_ARRAY_TASK_ID", "many")]),
            () => Of([("SLURM_ARRAY_TASK_ID", "9"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "5")]),
        })
            Assert.ThrowsExactly<ArgumentException>(wrong);
        CollectionAssert.AreEqual(new long[] { 2, 5, 8 }, new Distributed.Part(2, 3).Rows(10).ToArray());

        static Distributed.Part Of((string Name, string Value)[] environment, int? part = null, int? parts = null) =>
            Distributed.Part.Of(part, parts, name => environment.FirstOrDefault(entry => entry.Name == name).Value);
    }

    [TestMethod]
    public void TheLauncherDecidesTheLibrary()
    {
        Assert.AreEqual(new MpiLauncher(null, null, null), Of());
        Assert.AreEqual(new MpiLauncher(4, "OMPI_COMM_WORLD_SIZE", true), Of(("OMPI_COMM_WORLD_SIZE", "4"), ("SLURM_NTASKS", "8")));
        Assert.AreEqual(new MpiLauncher(2, "PMI_SIZE", false), Of(("PMI_SIZE", "2")));
        if (OperatingSystem.IsLinux())
        {
            Assert.AreEqual("libmpich.so.12", Of(("PMI_SIZE", "2")).Libraries().First());
            Assert.AreEqual("libmpi.so.40", Of().Libraries().First());
        }
        var alone = new MpiOptions { AllowAlone = true };
        Of(("SLURM_NTASKS", "8")).Check(8, "library", new MpiOptions());
        Of(("SLURM_NTASKS", "8")).Check(1, "library", alone);
        Assert.ThrowsExactly<InvalidOperationException>(() => Of(("SLURM_NTASKS", "8")).Check(1, "library", new MpiOptions()));
        Assert.ThrowsExactly<InvalidOperationException>(() => Of(("SLURM_NTASKS", "8")).Check(4, "library", alone));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new MpiOptions { Timeout = TimeSpan.Zero });
        Assert.Contains("tried libno-such.so", Assert.ThrowsExactly<DllNotFoundException>(() => MpiLibrary.Load(["libno-such.so"])).Message);

        static MpiLauncher Of(params (string Name, string Value)[] environment) =>
            MpiLauncher.Of(name => environment.FirstOrDefault(entry => entry.Name == name).Value);
    }
}
