using System.Diagnostics;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

[TestClass]
public sealed class NativeMemoryTests
{
    // A store takes 1 MB with its first example, and the tests below open one for each tower: leaked, 400 rounds come to 800 MB.
    private const int Rounds = 400;
    private const long Limit = 200L << 20;

    [TestMethod]
    public void TenThousandRowsLeaveTheLiveTensorsAlone()
    {
        using var transformer = CreateTransformer();
        // A window that is being computed has tensors: between two rows there are none only where nothing overlaps.
        transformer.Scoring = new() { Overlap = false };
        var view = transformer.Transform(Load(TwoViews.Pairs(10_000, 1)));
        ReadAll(Context.Data.TakeRows(view, 1), "EmbeddingA", "EmbeddingB");
        var before = LiveTensors.Settled();
        var counts = new List<long>();
        using (var cursor = view.GetRowCursor(Columns(view, "EmbeddingA", "EmbeddingB")))
        {
            while (cursor.MoveNext())
            {
                if (cursor.Position % 500 == 0)
                    counts.Add(Tensor.TotalCount);
            }
        }
        Assert.HasCount(20, counts);
        LiveTensors.AssertNeverMore([before, .. counts]);
        LiveTensors.AssertAtMost(before);
        transformer.Scoring = new();
        ReadAll(transformer.Transform(Load(TwoViews.Pairs(10_000, 1))), "EmbeddingA", "EmbeddingB");
        LiveTensors.AssertAtMost(before, "with overlap");
    }

    [TestMethod]
    public void TenThousandPredictionsLeaveTheLiveTensorsAlone()
    {
        using var transformer = CreateTransformer();
        using var engine = Engine(transformer);
        var rows = TwoViews.Pairs(100, 1);
        engine.Predict(rows[0]);
        var before = LiveTensors.Settled();
        for (var i = 0; i < 10_000; i++)
        {
            engine.Predict(rows[i % rows.Count]);
            if (i % 500 == 0)
                LiveTensors.AssertAtMost(before);
        }
    }

    [TestMethod]
    public void CursorsLeftEarlyFreeTheirExamples()
    {
        using var transformer = CreateTransformer();
        var view = transformer.Transform(Load(TwoViews.Pairs(300, 1)));
        AssertFreed(() =>
        {
            using var cursor = view.GetRowCursor(Columns(view, "EmbeddingA", "EmbeddingB"));
            Assert.IsTrue(cursor.MoveNext());
        }, byFinalizers: false);
    }

    [TestMethod]
    public void CursorsThatFailInTheMiddleFreeTheirExamples()
    {
        using var transformer = CreateTransformer();
        var upstream = new CountingView(Load(TwoViews.Pairs(300, 1))) { OnGet = (_, position) => { if (position == 3) throw new InvalidDataException(); } };
        var view = transformer.Transform(upstream);
        AssertFreed(() => Assert.ThrowsExactly<InvalidDataException>(() => ReadAll(view, "EmbeddingA", "EmbeddingB")), byFinalizers: false);
        Assert.AreEqual(0, upstream.OpenCursors);
    }

    [TestMethod]
    public void CursorsThatNobodyDisposesFreeTheirExamples()
    {
        using var transformer = CreateTransformer();
        var view = transformer.Transform(Load(TwoViews.Pairs(300, 1)));
        AssertFreed(() => Assert.IsTrue(view.GetRowCursor(Columns(view, "EmbeddingA", "EmbeddingB")).MoveNext()), byFinalizers: true);
    }

    // ML.NET's engine disposes the row that it gives us, never the one that it gets.
    [TestMethod]
    public void PredictionEnginesHoldNoExamples()
    {
        using var transformer = CreateTransformer();
        var row = TwoViews.Pairs(1, 1)[0];
        var engines = new List<PredictionEngine<TwoViews.Row, Scored>>();
        AssertFreed(() =>
        {
            engines.Add(Engine(transformer));
            engines[^1].Predict(row);
        }, byFinalizers: false);
        engines.ForEach(engine => engine.Dispose());
    }

    [TestMethod]
    public void ATransformerFreesItsWeights()
    {
        long withWeights;
        using (var transformer = CreateTransformer())
        {
            // Counted from here: making a parameter of a tensor leaves TorchSharp's counter one too high.
            withWeights = LiveTensors.Settled();
            ReadAll(transformer.Transform(Load(TwoViews.Pairs(300, 1))), "EmbeddingA", "EmbeddingB");
        }
        LiveTensors.AssertAtMost(withWeights - WeightTensors);
    }

    private static PredictionEngine<TwoViews.Row, Scored> Engine(GentleClipTransformer transformer) =>
        Context.Model.CreatePredictionEngine<TwoViews.Row, Scored>(transformer, new PredictionEngineOptions { OwnsTransformer = false });

    private static void AssertFreed(Action round, bool byFinalizers)
    {
        // The C library keeps what is freed and uses it again: what finalizers free late must be taken once before the measurement.
        for (var i = 0; i < (byFinalizers ? Rounds : 1); i++)
            round();
        var tensors = LiveTensors.Settled();
        if (!byFinalizers)
            Assert.IsTrue(GC.TryStartNoGCRegion(100L << 20));
        var bytes = PrivateBytes();
        for (var i = 0; i < Rounds; i++)
            round();
        if (byFinalizers)
            Collect();
        var grown = PrivateBytes() - bytes;
        LiveTensors.AssertAtMost(tensors);
        if (!byFinalizers)
            GC.EndNoGCRegion(); // throws if there was a collection after all
        Console.WriteLine($"grown by {grown >> 20} MB");
        Assert.IsLessThan(Limit, grown);
    }

    private static long PrivateBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PrivateMemorySize64;
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }
}
