using System.Reflection;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

[TestClass]
public sealed class CancellationTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    public void ACancelledTokenStopsBeforeTheFirstRow()
    {
        using var source = new CancellationTokenSource();
        var options = Options(progress: null, source.Token);
        var estimator = _mlContext.Transforms.GentleClip(options);
        source.Cancel();
        var exception = Assert.ThrowsExactly<OperationCanceledException>(() => estimator.Fit(Data(() => Assert.Fail("a row was read"))));
        Assert.AreEqual(source.Token, exception.CancellationToken);
    }

    [TestMethod]
    public void TheTokenStopsTheReadingOfRows()
    {
        using var source = new CancellationTokenSource();
        var rows = 0;
        var estimator = _mlContext.Transforms.GentleClip(Options(progress: null, source.Token));
        Assert.ThrowsExactly<OperationCanceledException>(() => estimator.Fit(Data(() =>
        {
            if (++rows == 10)
                source.Cancel();
        }, count: 5000)));
        Assert.IsLessThan(1000, rows);
    }

    [TestMethod]
    public void TheTokenStopsAtTheNextStep()
    {
        using var source = new CancellationTokenSource();
        var reported = new List<int>();
        var progress = new DirectProgress(report =>
        {
            reported.Add(report.Step);
            source.Cancel();
        });
        Assert.ThrowsExactly<OperationCanceledException>(() => _mlContext.Transforms.GentleClip(Options(progress, source.Token)).Fit(Data()));
        CollectionAssert.AreEqual(new[] { 1 }, reported);
    }

    [TestMethod]
    public void TheContextStopsAtTheNextStepAndForGood()
    {
        var reported = new List<int>();
        var progress = new DirectProgress(report =>
        {
            reported.Add(report.Step);
            CancelExecution(_mlContext);
        });
        var estimator = _mlContext.Transforms.GentleClip(Options(progress, CancellationToken.None));
        var exception = Assert.ThrowsExactly<OperationCanceledException>(() => estimator.Fit(Data()));
        Assert.AreEqual("The training was cancelled through the MLContext.", exception.Message);
        CollectionAssert.AreEqual(new[] { 1 }, reported);

        // A cancelled context stays so, for this estimator and for new ones.
        Assert.ThrowsExactly<OperationCanceledException>(() => estimator.Fit(Data()));
        Assert.ThrowsExactly<OperationCanceledException>(() => _mlContext.Transforms.GentleClip(Options(progress, CancellationToken.None)).Fit(Data()));
        Assert.HasCount(1, reported);
    }

    [TestMethod]
    public void ACancelledTrainingLeavesNoTensorsBehind()
    {
        using (_mlContext.Transforms.GentleClip(Options(progress: null, CancellationToken.None, steps: 2)).Fit(Data()))
        {
            // What loads once is loaded now.
        }
        var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using var source = new CancellationTokenSource();
        var progress = new DirectProgress(_ => source.Cancel());
        Assert.ThrowsExactly<OperationCanceledException>(() => _mlContext.Transforms.GentleClip(Options(progress, source.Token)).Fit(Data()));
        Assert.AreEqual(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    internal static void CancelExecution(MLContext mlContext) =>
        typeof(MLContext).GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(mlContext, null);

    private static GentleClipOptions Options(IProgress<TrainingProgress>? progress, CancellationToken token, int steps = 1_000_000)
    {
        var options = TwoViews.Options(steps);
        options.Progress = progress;
        options.CancellationToken = token;
        return options;
    }

    private IDataView Data(Action? onRow = null, int count = 40) => _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(count, seed: 1).Select(row =>
    {
        onRow?.Invoke();
        return row;
    }));
}
