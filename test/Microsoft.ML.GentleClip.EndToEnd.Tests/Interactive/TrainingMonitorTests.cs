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
        Assert.IsLessThan(20, shown.Count, "a display is redrawn some times a second, not at every step");
        Assert.AreEqual("step 200 of 200, loss 1.00, validation recall@10 25 %, 20 s", shown[^1].ToString());
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
        StringAssert.Contains(shown[^1].Html, "<path");
        monitor.Report(Progress(1, 1, 9));
        Assert.DoesNotContain("<path", shown[^1].Html, "one point is no curve: that of the first training is gone");
    }

    [TestMethod]
    public void AClosedFormHasNoLoss()
    {
        Assert.AreEqual("Training has not begun.", TrainingMonitor.Waiting.ToString());
        var shown = new List<string>();
        new TrainingMonitor(state => shown.Add(state.ToString()!)).Report(new TrainingProgress(3, 15, 0, double.NaN, null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(8)));
        CollectionAssert.AreEqual(new[] { "step 3 of 15, 2 s, 8 s left" }, shown);
    }

    private static TrainingProgress Progress(int step, int total, double loss) =>
        new(step, total, 0, loss, 0.25, TimeSpan.FromSeconds(step / 10.0), TimeSpan.FromSeconds((total - step) / 10.0));
}
