using System.Collections.Concurrent;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

[TestClass]
public sealed class DisposedTransformerTests
{
    [TestMethod]
    public void EverythingThatComputesRefuses()
    {
        var transformer = CreateTransformer();
        var source = Load(TwoViews.Pairs(600, 1));
        var view = transformer.Transform(source);
        using var live = view.GetRowCursor(view.Schema);
        Assert.IsTrue(live.MoveNext());
        using var engine = Engine(transformer, owns: false);
        var row = TwoViews.Pairs(1, 1)[0];
        engine.Predict(row);
        transformer.Dispose();
        transformer.Dispose();

        Refuses(() => transformer.Transform(source));
        Refuses(() => transformer.GetOutputSchema(source.Schema));
        Refuses(() => transformer.GetRowToRowMapper(source.Schema));
        Refuses(() => live.MoveNext());
        Refuses(() => live.MoveNext());
        Refuses(() => ReadAll(view, "EmbeddingB"));
        Refuses(() => engine.Predict(row));
        Refuses(() => Context.Model.Save(transformer, source.Schema, Stream.Null));
        // What needs no weights stays readable, and what the transformer knows of itself too.
        Assert.AreEqual(600, ReadAll(view, "Name", "A"));
        Assert.AreEqual(16, transformer.EmbeddingDimension);
        StringAssert.Contains(Assert.ThrowsExactly<ObjectDisposedException>(() => transformer.Transform(source)).Message, nameof(GentleClipTransformer));

        static void Refuses(Action action) => Assert.ThrowsExactly<ObjectDisposedException>(action);
    }

    [TestMethod]
    public void AnEngineThatOwnsItsTransformerSaysWhy()
    {
        using var transformer = CreateTransformer();
        var row = TwoViews.Pairs(1, 1)[0];
        using (var owner = Engine(transformer, owns: true))
            owner.Predict(row);
        StringAssert.Contains(Assert.ThrowsExactly<ObjectDisposedException>(() => Engine(transformer, owns: false)).Message, "OwnsTransformer = false");
    }

    [TestMethod]
    public void DisposingWhileOtherThreadsScoreEndsThemCleanly()
    {
        var source = Load(TwoViews.Pairs(2000, 1));
        var rows = TwoViews.Pairs(50, 1);
        var outcomes = new ConcurrentDictionary<string, int>();
        for (var round = 0; round < 25; round++)
        {
            var transformer = CreateTransformer();
            var withoutWeights = LiveTensors.Settled() - WeightTensors;
            var view = transformer.Transform(source);
            using var engine = Engine(transformer, owns: false);
            using var ready = new Barrier(4);
            Thread[] threads =
            [
                Scorer(() => ReadAll(view, "EmbeddingA", "EmbeddingB")),
                Scorer(() => ReadAll(view, "EmbeddingB")),
                Scorer(() => rows.ForEach(row => engine.Predict(row))),
            ];
            Array.ForEach(threads, thread => thread.Start());
            ready.SignalAndWait();
            Thread.Sleep(round % 5);
            transformer.Dispose();
            Array.ForEach(threads, thread => thread.Join());
            LiveTensors.AssertAtMost(withoutWeights, "the last user frees the weights");

            Thread Scorer(Action score) => new(() =>
            {
                try
                {
                    score(); // once before, so that the race finds everything warm
                    ready.SignalAndWait();
                    while (true)
                        score();
                }
                catch (Exception exception)
                {
                    outcomes.AddOrUpdate(exception.GetType().Name, 1, (_, count) => count + 1);
                }
            });
        }
        Assert.AreEqual("ObjectDisposedException 75", string.Join(", ", outcomes.Select(outcome => $"{outcome.Key} {outcome.Value}")));
    }

    [TestMethod]
    public void DisposingWhileOtherThreadsSaveExportAndGenerateEndsThemCleanly()
    {
        using var folder = new TemporaryFolder();
        var data = Load(TwoViews.Mixed(20, 10, 10));
        var options = TwoViews.Options(steps: 1);
        options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.BesideTowers };
        var inputs = TwoViews.Pairs(20, 1).ConvertAll(row => row.A!);
        var outcomes = new ConcurrentDictionary<string, int>();
        for (var round = 0; round < 8; round++)
        {
            var transformer = Context.Transforms.GentleClip(options).Fit(data);
            var generator = transformer.CreateEmbeddingGenerator<float[]>("A");
            var file = folder.File($"{round}.safetensors");
            using var ready = new Barrier(5);
            Thread[] threads =
            [
                Worker(() => Context.Model.Save(transformer, data.Schema, Stream.Null)),
                Worker(() => transformer.SaveTowerWeights(file, "EmbeddingB")),
                Worker(() => transformer.WithTowerWeights(file, "EmbeddingB").Dispose()),
                Worker(() => generator.GenerateAsync(inputs).GetAwaiter().GetResult()),
            ];
            transformer.SaveTowerWeights(file, "EmbeddingB");
            Array.ForEach(threads, thread => thread.Start());
            ready.SignalAndWait();
            Thread.Sleep(round % 4);
            transformer.Dispose();
            Array.ForEach(threads, thread => thread.Join());
            Assert.IsTrue(((IEnumerable<string>)Directory.GetFiles(folder.FullName)).All(path => path.EndsWith(".safetensors", StringComparison.Ordinal)),
                "no half-written file stays");

            Thread Worker(Action work) => new(() =>
            {
                try
                {
                    work();
                    ready.SignalAndWait();
                    while (true)
                        work();
                }
                catch (Exception exception)
                {
                    outcomes.AddOrUpdate(exception.GetType().Name, 1, (_, count) => count + 1);
                }
            });
        }
        Assert.AreEqual("ObjectDisposedException 32", string.Join(", ", outcomes.Select(outcome => $"{outcome.Key} {outcome.Value}")));
    }

    [TestMethod]
    public void AViewKeepsItsTransformersWeightsAlive()
    {
        var view = Forgotten();
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.IsTrue(Embeddings.Column(view, "EmbeddingA").All(row => row.All(float.IsFinite)));

        static IDataView Forgotten() => CreateTransformer().Transform(Load(TwoViews.Pairs(10, 1)));
    }

    private static PredictionEngine<TwoViews.Row, Scored> Engine(GentleClipTransformer transformer, bool owns) =>
        Context.Model.CreatePredictionEngine<TwoViews.Row, Scored>(transformer, new PredictionEngineOptions { OwnsTransformer = owns });
}
