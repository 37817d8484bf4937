using Experiments;
using Experiments.Running;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>A folder of results belongs to one run at a time.</summary>
[TestClass]
public sealed class ExperimentLockTests : ExperimentTest
{
    private string LockFile => Folder.File($"out/{OutputLock.FileName}");

    [TestMethod]
    public async Task SecondRunnerOnTheFolderFailsAtOnceAndTheFirstGoesOn()
    {
        var commandLine = global::Experiments.CommandLine.Parse([Write(Json("")), "--out", Folder.File("out"), "--parallel", "1"]);
        using var output = new HeldOutput();
        var first = Task.Run(() => Experiment.Run(commandLine, output, CancellationToken.None));
        await Task.WhenAny(first, output.Reached.Task); // the first runner has a cell, and waits
        try
        {
            var problem = Assert.ThrowsExactly<IOException>(() => Experiment.Run(commandLine, TextWriter.Null, CancellationToken.None));
            StringAssert.Contains(problem.Message, Folder.File("out"));
            StringAssert.Contains(problem.Message, "another run");
            Assert.AreEqual(0,
                Experiment.Run(global::Experiments.CommandLine.Parse([Folder.File("config.json"), "--out", Folder.File("out"), "--plan"]), TextWriter.Null,
                    CancellationToken.None), "A plan writes nothing.");
        }
        finally
        {
            output.Continue.Set();
        }

        Assert.AreEqual(0, await first);
        Assert.IsFalse(File.Exists(LockFile), "The lock is left behind.");
        StringAssert.Contains(Run(Json("")), "0 cells computed, 2 taken over");
    }

    [TestMethod]
    public void FileOfAKilledRunDoesNotBlock()
    {
        Directory.CreateDirectory(Folder.File("out"));
        File.WriteAllText(LockFile, "");
        StringAssert.Contains(Run(Json("")), "2 cells computed");
        Assert.IsFalse(File.Exists(LockFile));
    }

    [TestMethod]
    public void FailedRunLetsGo()
    {
        Assert.ThrowsExactly<FileNotFoundException>(() => Run(Json("", data: """{ "name": "t", "file": "nowhere.tsv", "columnA": "a", "columnB": "b" }""")));
        Assert.IsFalse(File.Exists(LockFile));
    }

    // Holds its writer at the first line until it may go on.
    private sealed class HeldOutput : StringWriter
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Continue { get; } = new();

        public override void WriteLine(string? value)
        {
            Reached.TrySetResult();
            Continue.Wait();
            base.WriteLine(value);
        }

        protected override void Dispose(bool disposing)
        {
            Continue.Dispose();
            base.Dispose(disposing);
        }
    }
}
