using System.Runtime;
using System.Runtime.CompilerServices;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>However a training ends, and whether a model is disposed or forgotten: the process's resident memory goes back.</summary>
[TestClass]
public sealed class FitMemoryTests
{
    // The process has a managed heap and other threads, whose pages come and go. What a training keeps, it keeps every time.
    private const int Attempts = 3;

    private const int Width = 512;
    private const int Layers = 20;

    // A training keeps weights, gradients and two moments, 4 MB a layer of either tower: 160 MB and more; a model a quarter of that.
    private const long TrainingTakes = 120L << 20;
    private const long ModelTakes = 35L << 20;
    private const long Limit = 25L << 20;

    private readonly MLContext _mlContext = new(seed: 1);

    public FitMemoryTests() => set_num_threads(1);

    [TestMethod]
    [DataRow("cancelled")]
    [DataRow("failed in the loop")]
    [DataRow("failed in the data")]
    [DataRow("failed in the callback")]
    [DataRow("disposed")]
    [DataRow("forgotten")]
    public void GivesItsMemoryBack(string how)
    {
        End(how, out _); // what loads once is loaded now
        var leastTaken = how == "failed in the data" ? ModelTakes : TrainingTakes;
        var (kept, taken) = (long.MaxValue, 0L);
        for (var attempt = 0; attempt < Attempts && (kept >= Limit || taken <= leastTaken); attempt++)
        {
            Resident(); // finalizers of what the last one forgot
            NativeHeap.Trim();
            var before = Resident();
            End(how, out var during);
            if (how == "forgotten")
            {
                Resident(); // finalizers
                NativeHeap.Trim(); // as the next training or disposal does
            }
            (kept, taken) = (Resident() - before, during - before);
            Console.WriteLine($"{how}: {(during - before) >> 20} MB meanwhile, {kept >> 20} MB afterwards");
        }
        Assert.IsGreaterThan(leastTaken, taken, "bytes taken meanwhile");
        Assert.IsLessThan(Limit, kept);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void AModelThatWasUsedGivesItsMemoryBack(bool forgotten)
    {
        Use(forgotten);
        var (kept, taken) = (long.MaxValue, 0L);
        for (var attempt = 0; attempt < Attempts && (kept >= Limit || taken <= ModelTakes); attempt++)
        {
            Resident();
            NativeHeap.Trim();
            var (before, tensors) = (Resident(), LiveTensors.Settled());
            var during = Use(forgotten);
            if (forgotten)
            {
                Resident(); // finalizers
                NativeHeap.Trim(); // as the next training or disposal does
            }
            (kept, taken) = (Resident() - before, during - before);
            Console.WriteLine($"{(during - before) >> 20} MB meanwhile, {kept >> 20} MB afterwards");
            // One for each parameter is never taken back by TorchSharp's counter.
            LiveTensors.AssertAtMost(tensors + 2 * (2 * Layers + 6) + 1);
        }
        Assert.IsGreaterThan(ModelTakes, taken, "bytes taken meanwhile");
        Assert.IsLessThan(Limit, kept);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private long Use(bool forgotten)
    {
        var model = _mlContext.Transforms.GentleClip(Options(steps: 1)).Fit(Rows());
        _ = Embeddings.Column(model.Transform(Rows()), "EmbeddingA");
        var during = Resident();
        if (!forgotten)
            model.Dispose();
        return during;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void End(string how, out long during)
    {
        var options = Options(steps: 2);
        var seen = 0L;
        using var cancel = new CancellationTokenSource();
        options.CancellationToken = cancel.Token;
        options.Progress = new DirectProgress(_ =>
        {
            seen = Math.Max(seen, Environment.WorkingSet);
            if (how == "cancelled")
                cancel.Cancel();
            if (how == "failed in the callback")
                throw new InvalidDataException();
        });
        if (how == "failed in the loop")
            (options.Optimizer.LearningRate, options.Optimizer.WarmupFraction, options.MaximumNumberOfSteps) = (1e30, 0, 20);
        var estimator = _mlContext.Transforms.GentleClip(options);
        switch (how)
        {
            case "cancelled":
                Assert.ThrowsExactly<OperationCanceledException>(() => estimator.Fit(Rows()));
                break;
            case "failed in the loop":
                Assert.ThrowsExactly<ArithmeticException>(() => estimator.Fit(Rows()));
                break;
            case "failed in the callback":
                Assert.ThrowsExactly<InvalidDataException>(() => estimator.Fit(Rows()));
                break;
            case "failed in the data":
                var rows = WideRows(1500, () => seen = Environment.WorkingSet);
                Assert.ThrowsExactly<InvalidOperationException>(() => estimator.Fit(_mlContext.Data.LoadFromEnumerable(rows)));
                break;
            case "disposed":
                estimator.Fit(Rows()).Dispose();
                break;
            default:
                estimator.Fit(Rows());
                break;
        }
        during = seen;
    }

    private static long Resident()
    {
        for (var i = 0; i < 3; i++)
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return Environment.WorkingSet;
    }

    private static GentleClipOptions Options(int steps)
    {
        var encoder = new VectorEncoderOptions { HiddenDimensions = [.. Enumerable.Repeat(Width, Layers)] };
        var options = TwoViews.Options(steps);
        (options.ModalityA, options.ModalityB) = (Modality.Vector("EmbeddingA", "A", encoder), Modality.Vector("EmbeddingB", "B", encoder));
        (options.Batches.Size, options.Objectives) = (16, options.Objectives.Without<SelfSupervisedObjective>());
        return options;
    }

    private IDataView Rows() => _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(20, 20, 20));

    private sealed class WideRow
    {
        [VectorType(6000)]
        public float[] A { get; set; } = [];

        [VectorType(6000)]
        public float[] B { get; set; } = [];
    }

    // The last row has one value that is not a number.
    private static IEnumerable<WideRow> WideRows(int count, Action atTheEnd)
    {
        var row = new WideRow { A = [.. Enumerable.Range(0, 6000).Select(i => i % 7f)], B = new float[6000] };
        for (var i = 0; i < count - 1; i++)
            yield return row;
        atTheEnd();
        row.A[17] = float.NaN;
        yield return row;
    }
}
