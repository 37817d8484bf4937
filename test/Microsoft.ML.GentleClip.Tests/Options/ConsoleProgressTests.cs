using System.Globalization;

namespace Microsoft.ML.GentleClip.Tests.Options;

/// <summary>What a console shows of a training, as text.</summary>
[TestClass]
public sealed class ConsoleProgressTests
{
    private static readonly TrainingProgress[] Reports =
    [
        At(TrainingPhase.Starting, 0, null, ProgressUnit.None, 0.0),
        At(TrainingPhase.ReadingRows, 0, 200_000, ProgressUnit.Rows, 0.3),
        At(TrainingPhase.ReadingRows, 60_000, 200_000, ProgressUnit.Rows, 2.0),
        At(TrainingPhase.ReadingRows, 160_000, 200_000, ProgressUnit.Rows, 5.5) with { Remaining = TimeSpan.FromSeconds(1.2) },
        At(TrainingPhase.ReadingRows, 200_000, 200_000, ProgressUnit.Rows, 6.6) with { Remaining = TimeSpan.Zero },
        At(TrainingPhase.EncodingRows, 0, 10, ProgressUnit.Rows, 7) with { ColumnName = "Text\r\n\u001b[31m" },
        At(TrainingPhase.EncodingRows, 0, 20, ProgressUnit.Rows, 8) with { ColumnName = "Picture" },
        At(TrainingPhase.FittingClosedForm, 0, null, ProgressUnit.None, 9),
        At(TrainingPhase.Training, 0, 1000, ProgressUnit.Steps, 10),
        At(TrainingPhase.Training, 20, 1000, ProgressUnit.Steps, 11) with { Loss = 4.5678 },
        At(TrainingPhase.Validating, 0, 512, ProgressUnit.Rows, 11.1),
        At(TrainingPhase.Training, 21, 1000, ProgressUnit.Steps, 11.3) with { Loss = 4.5 },
        At(TrainingPhase.Training, 999, 1000, ProgressUnit.Steps, 3755) with
        {
            Loss = 1.5, ValidationRecallAt10 = 0.254, Remaining = TimeSpan.FromSeconds(3.7),
        },
        At(TrainingPhase.Finished, 0, null, ProgressUnit.None, 3760),
    ];

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void RedirectedItWritesALinePerPhaseAndNowAndThen(bool commas)
    {
        CultureInfo.CurrentCulture = commas ? Estimators.PhaseTests.Commas() : CultureInfo.InvariantCulture;
        using var output = new StringWriter { NewLine = "\n" };
        var progress = new ConsoleProgress("seed 1", output);
        foreach (var report in Reports)
            progress.Report(report);
        Assert.AreEqual("""
            seed 1: Starting: 0:00
            seed 1: Reading rows: 0 of 200,000 rows (0 %), 0:00
            seed 1: Reading rows: 160,000 of 200,000 rows (80 %), 0:06, about 0:01 left
            seed 1: Encoding rows of column 'Text???[31m' with the frozen encoder: 0 of 10 rows (0 %), 0:07
            seed 1: Encoding rows of column 'Picture' with the frozen encoder: 0 of 20 rows (0 %), 0:08
            seed 1: Closed form, fitting: 0:09
            seed 1: Training: 0 of 1,000 steps (0 %), 0:10
            seed 1: Training: 999 of 1,000 steps (99 %), loss 1.50, validation recall@10 25 %, 1:02:35, about 0:04 left
            seed 1: Finished after 1:02:40

            """.ReplaceLineEndings("\n"), output.ToString());
    }

    [TestMethod]
    [DataRow(80)]
    [DataRow(24)]
    [DataRow(1)]
    public void ATerminalHasOneLineThatIsNeverTooWide(int width)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var progress = new ConsoleProgress(() => output, () => width, null);
        foreach (var report in Reports)
            progress.Report(report);
        var text = output.ToString();
        Assert.AreEqual(text.Length - 1, text.IndexOf('\n', StringComparison.Ordinal), "one line, ended at the end");
        Assert.IsFalse(text.Any(letter => char.IsControl(letter) && letter is not ('\r' or '\n')));
        var screen = new char[width];
        foreach (var written in text.TrimEnd('\n').Split('\r')[1..])
        {
            Assert.IsLessThan(width, written.Length);
            written.CopyTo(screen);
        }
        if (width == 80)
            Assert.AreEqual("Finished after 1:02:40", new string(screen).Trim('\0', ' '), "nothing of a longer line stays");
    }

    [TestMethod]
    public void AnotherTrainingBeginsANewLineAtOnce()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var progress = new ConsoleProgress(output: output);
        progress.Report(At(TrainingPhase.Training, 500, 1000, ProgressUnit.Steps, 60));
        progress.Report(At(TrainingPhase.Training, 1, 1000, ProgressUnit.Steps, 1));
        Assert.HasCount(2, output.ToString().TrimEnd().Split('\n'));
    }

    [TestMethod]
    public void AClosedPipeEndsTheLinesAndNotTheTraining()
    {
        var calls = 0;
        var broken = new ConsoleProgress(() =>
        {
            calls++;
            throw new IOException("Broken pipe");
        }, null, null);
        foreach (var report in Reports)
            broken.Report(report);
        Assert.AreEqual(1, calls, "silent after the first failure");
        using var closed = new StringWriter();
        closed.Dispose();
        new ConsoleProgress(output: closed).Report(Reports[0]);
        Assert.ThrowsExactly<ArgumentNullException>(() => new ConsoleProgress(output: closed).Report(null!));
    }

    [TestMethod]
    public void ManyThreadsWriteWholeLines()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var progress = new ConsoleProgress("t", output);
        Parallel.For(0, 8, thread =>
        {
            for (var i = 0; i < 200; i++)
                progress.Report(At(i % 2 == 0 ? TrainingPhase.Starting : TrainingPhase.MakingTowers, 0, null, ProgressUnit.None, i));
        });
        var lines = output.ToString().TrimEnd().Split('\n');
        Assert.IsTrue(lines.All(line => line.StartsWith("t: ", StringComparison.Ordinal) && line.Count(letter => letter == ':') == 3));
    }

    [TestMethod]
    public void ItDoesNotWriteToStandardOutput()
    {
        var (formerOut, formerError) = (Console.Out, Console.Error);
        using var standardOutput = new StringWriter();
        using var standardError = new StringWriter();
        Console.SetOut(standardOutput);
        Console.SetError(standardError);
        try
        {
            new ConsoleProgress().Report(Reports[1]);
        }
        finally
        {
            Console.SetOut(formerOut);
            Console.SetError(formerError);
        }
        Assert.AreEqual("", standardOutput.ToString());
        StringAssert.Contains(standardError.ToString(), "Reading rows: 0 of 200,000 rows");
    }

    private static TrainingProgress At(TrainingPhase phase, long done, long? total, ProgressUnit unit, double seconds) =>
        new(phase, done, total, unit, TimeSpan.FromSeconds(seconds));
}
