using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

[TestClass]
public sealed class ParallelScoringTests
{
    private const int Threads = 8;

    [TestMethod]
    public void EightThreadsTransformBitEqually()
    {
        using var transformer = CreateTransformer();
        var rows = Gaps(1000);
        var (a, b) = (Embeddings.Bits(transformer.Transform(Load(rows)), "EmbeddingA"), Embeddings.Bits(transformer.Transform(Load(rows)), "EmbeddingB"));
        var shared = transformer.Transform(Load(rows));
        RunOnThreads(thread =>
        {
            for (var round = 0; round < 3; round++)
            {
                var view = thread % 2 == 0 ? shared : transformer.Transform(Load(rows));
                Embeddings.AssertEqualBits(a, Embeddings.Bits(view, "EmbeddingA"));
                Embeddings.AssertEqualBits(b, Embeddings.Bits(view, "EmbeddingB"));
            }
        });
    }

    [TestMethod]
    public void EightPredictionEnginesAreBitEqual()
    {
        using var transformer = CreateTransformer();
        var rows = Gaps(300);
        using var single = Engine(transformer);
        var expected = rows.ConvertAll(row => single.Predict(row));
        RunOnThreads(_ =>
        {
            using var engine = Engine(transformer);
            for (var i = 0; i < rows.Count; i++)
            {
                var scored = engine.Predict(rows[i]);
                CollectionAssert.AreEqual(Bits(expected[i].EmbeddingA), Bits(scored.EmbeddingA));
                CollectionAssert.AreEqual(Bits(expected[i].EmbeddingB), Bits(scored.EmbeddingB));
            }
        });
    }

    [TestMethod]
    public void OneRowAtATimeEqualsAWindow()
    {
        using var transformer = CreateTransformer();
        var rows = Gaps(500);
        var view = transformer.Transform(Load(rows));
        var (a, b) = (Embeddings.Column(view, "EmbeddingA"), Embeddings.Column(view, "EmbeddingB"));
        var single = View(transformer, Load(rows), window: 1);
        var (singleA, singleB) = (Embeddings.Column(single, "EmbeddingA"), Embeddings.Column(single, "EmbeddingB"));
        using var engine = Engine(transformer);
        for (var i = 0; i < rows.Count; i++)
        {
            var scored = engine.Predict(rows[i]);
            AssertClose(a[i], singleA[i], $"A of row {i}");
            AssertClose(b[i], singleB[i], $"B of row {i}");
            // The engine's rows go through batches of one as well.
            CollectionAssert.AreEqual(Bits(singleA[i]), Bits(scored.EmbeddingA));
            CollectionAssert.AreEqual(Bits(singleB[i]), Bits(scored.EmbeddingB));
        }
        var differences = a.Concat(b).Zip(singleA.Concat(singleB), (x, y) => x.Zip(y, (p, q) => Math.Abs(p - q)).Max());
        Console.WriteLine($"largest difference {differences.Where(float.IsFinite).Max():E2}");
    }

    [TestMethod]
    public void AnEngineComputesOnlyWhatItsOutputClassAsksFor()
    {
        using var transformer = CreateTransformer();
        using var engine = Context.Model.CreatePredictionEngine<TwoViews.Row, ScoredA>(transformer, new PredictionEngineOptions { OwnsTransformer = false });
        foreach (var row in TwoViews.Pairs(10, 1))
            engine.Predict(row);
        Assert.AreEqual((10L, 0L), Passes(transformer));
        // One row object, other contents: an engine must not remember the former.
        var same = TwoViews.Pairs(1, 1)[0];
        var first = engine.Predict(same).EmbeddingA;
        same.A = TwoViews.Pairs(1, 2)[0].A;
        CollectionAssert.AreNotEqual(first, engine.Predict(same).EmbeddingA);
    }

    private static PredictionEngine<TwoViews.Row, Scored> Engine(GentleClipTransformer transformer) =>
        Context.Model.CreatePredictionEngine<TwoViews.Row, Scored>(transformer, new PredictionEngineOptions { OwnsTransformer = false });

    private static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);

    private static void RunOnThreads(Action<int> action)
    {
        var failures = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        using var start = new Barrier(Threads);
        var threads = Enumerable.Range(0, Threads).Select(k => new Thread(() =>
        {
            start.SignalAndWait();
            try
            {
                action(k);
            }
            catch (Exception exception)
            {
                failures.Enqueue(exception);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.IsEmpty(failures, string.Join('\n', failures));
    }
}
