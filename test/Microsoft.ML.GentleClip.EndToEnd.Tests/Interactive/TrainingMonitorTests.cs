using Microsoft.ML.GentleClip.Interactive;

namespace Microsoft.ML.GentleClip.Tests.Interactive;

/// <summary>The live display of a training: not at every step, always at the last, and with the whole loss curve.</summary>
[TestClass]
public sealed class TrainingMonitorTests
{
    [TestMethod]
    public void UpdatesAreFewAndTheLastStepIsShown()
    {
        var shown = new List<TrainingState>();
        var monitor = new TrainingMonitor(state => shown.Add((TrainingState)state));
        for (int step = 1; step <= 200; step++)
            monitor.Report(Progress(step, 200, loss: 5 - step / 50.0));
        monitor.Report(new(TrainingPhase.Finished, 0, null, ProgressUnit.None, TimeSpan.FromSeconds(20)) { Step = 200, TotalSteps = 200 });
        Assert.IsLessThan(20, shown.Count, "a display is redrawn some times a second, not at every step");
        Assert.AreEqual("Finished after 0:20: 200 steps, loss 1.00", shown[^1].ToString());
        StringAssert.Contains(shown[^1].Html, "<rect width=\"360\" height=\"8\" rx=\"4\" fill=\"#0072b2\"/>", "the bar is full");
        int points = shown[^1].Html.Split("<path d=\"M")[1].Split('"')[0].Split('L').Length;
        Assert.IsTrue(points is >= 80 and <= 120, $"{points} points of the loss curve");
    }

    [TestMethod]
    public void ASecondTrainingBeginsANewCurve()
    {
        var shown = new List<TrainingState>();
        var monitor = new TrainingMonitor(state => shown.Add((TrainingState)state));
        monitor.Report(Progress(1, 2, 3));
        monitor.Report(Progress(2, 2, 2));
        monitor.Report(new(TrainingPhase.Finished, 0, null, ProgressUnit.None, TimeSpan.FromSeconds(20)) { Step = 2, TotalSteps = 2 });
        StringAssert.Contains(shown[^1].Html, "<path");
        monitor.Report(Progress(1, 1, 9));
        Assert.DoesNotContain("<path", shown[^1].Html, "one point is no curve: that of the first training is gone");
    }

    [TestMethod]
    public void AClosedFormHasNoLoss()
    {
        Assert.AreEqual("Training has not begun.", TrainingMonitor.Waiting.ToString());
        var shown = new List<string>();
        new TrainingMonitor(state => shown.Add(state.ToString()!)).Report(
            new(TrainingPhase.FittingClosedForm, 3, 15, ProgressUnit.Rounds, TimeSpan.FromSeconds(2)) { Remaining = TimeSpan.FromSeconds(8) });
        CollectionAssert.AreEqual(new[] { "Closed form, fitting: 3 of 15 rounds (20 %), 0:02, about 0:08 left" }, shown);
    }

    private static TrainingProgress Progress(int step, int total, double loss) =>
        new(TrainingPhase.Training, step, total, ProgressUnit.Steps, TimeSpan.FromSeconds(step / 10.0))
        {
            Step = step,
            TotalSteps = total,
            Loss = loss,
            ValidationRecallAt10 = 0.25,
            Remaining = TimeSpan.FromSeconds((total - step) / 10.0),
        };
}
