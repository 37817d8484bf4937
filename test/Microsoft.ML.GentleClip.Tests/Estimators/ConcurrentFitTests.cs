using System.Collections.Concurrent;
using Microsoft.ML.GentleClip.Tests.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Trainings beside each other and beside scoring: the bits of one after another, and the number of threads that each asked for.</summary>
[TestClass]
public sealed class ConcurrentFitTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    public ConcurrentFitTests() => torch.set_num_threads(1);

    [TestMethod]
    public void ParallelTrainingsOfDifferentSeedsGiveTheBytesOfOneAfterAnother()
    {
        using var folder = new TemporaryFolder();
        var jobs = Jobs(folder);
        var expected = jobs.Select(job => Content(job.Options, job.Data)).ToArray();
        Assert.AreEqual(jobs.Count, expected.Select(Convert.ToHexString).Distinct().Count(), "each training is another");
        Parallel([.. jobs.Select((job, i) => (Action)(() => CollectionAssert.AreEqual(expected[i], Content(job.Options, job.Data), job.Name)))]);
    }

    [TestMethod]
    public void OneEstimatorFitsInSeveralThreadsAtOnce()
    {
        var options = TwoViews.Options(steps: 15);
        options.Validation.Fraction = 0.2;
        var estimator = _mlContext.Transforms.GentleClip(options);
        var data = Rows();
        byte[] expected;
        using (var model = estimator.Fit(data))
            expected = SavedModel.Content(model);
        Parallel([.. Enumerable.Repeat<Action>(() =>
        {
            using var model = estimator.Fit(data);
            CollectionAssert.AreEqual(expected, SavedModel.Content(model));
        }, 4)]);
    }

    [TestMethod]
    [DataRow(GentleClipPreset.Clip)]
    [DataRow(GentleClipPreset.ClosedForm)]
    [DataRow(GentleClipPreset.Recommended)]
    public void ScoringBesideTrainingsGivesTheBitsOfScoringAlone(GentleClipPreset preset)
    {
        var data = Rows();
        var options = Of(preset, steps: 10);
        using var model = _mlContext.Transforms.GentleClip(options).Fit(data);
        var rows = TwoViews.Pairs(700, seed: 9); // windows enough to overlap
        var test = _mlContext.Data.LoadFromEnumerable(rows);
        var (a, b) = (Embeddings.Bits(model.Transform(test), "EmbeddingA"), Embeddings.Bits(model.Transform(test), "EmbeddingB"));
        var single = Predict();
        var training = SavedModel.Content(model);
        Action train = () => CollectionAssert.AreEqual(training, Content(options, data));
        Action transform = () =>
        {
            Embeddings.AssertEqualBits(a, Embeddings.Bits(model.Transform(test), "EmbeddingA"));
            Embeddings.AssertEqualBits(b, Embeddings.Bits(model.Transform(test), "EmbeddingB"));
        };
        Parallel(train, transform, transform, () => CollectionAssert.AreEqual(single, Predict()), train, () => CollectionAssert.AreEqual(single, Predict()));

        int[] Predict()
        {
            using var engine = _mlContext.Model.CreatePredictionEngine<TwoViews.Row, Transformers.Scoring.Scored>(model,
                new PredictionEngineOptions { OwnsTransformer = false });
            return [.. rows.Take(100).Select(engine.Predict).SelectMany(row => row.EmbeddingA.Concat(row.EmbeddingB)).Select(BitConverter.SingleToInt32Bits)];
        }
    }

    [TestMethod]
    public void EachParallelTrainingHasTheNumberOfThreadsItAskedFor()
    {
        var data = Rows();
        var seen = new ConcurrentBag<(int? Asked, int Found)>();
        Action[] fits = [.. new int?[] { 2, 1, 3, 2, null, 1 }.Select((number, i) => (Action)(() =>
        {
            var options = TwoViews.Options(steps: 4);
            (options.NumberOfThreads, options.Seed) = (number, i);
            options.Progress = new DirectProgress(_ => seen.Add((number, torch.get_num_threads())));
            _mlContext.Transforms.GentleClip(options).Fit(data).Dispose();
        }))];
        Parallel(fits);
        Assert.IsGreaterThanOrEqualTo(fits.Length, seen.Count);
        foreach (var (asked, found) in seen)
            Assert.AreEqual(asked ?? 1, found, "null is the process's own");
        Assert.AreEqual((1, 1), (torch.get_num_threads(), OfNewThread()));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ATrainingThatWaitsForItsThreadsStopsWhenItIsCancelled(bool byTheContext)
    {
        using var started = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var cancel = new CancellationTokenSource();
        var holder = Options(2, new DirectProgress(_ =>
        {
            started.Set();
            release.Wait();
        }));
        var first = LongRunning(() => _mlContext.Transforms.GentleClip(holder).Fit(Rows()).Dispose());
        started.Wait();
        var otherContext = new MLContext(seed: 2);
        var waiting = Options(1, progress: null);
        waiting.CancellationToken = cancel.Token;
        var second = LongRunning(() => otherContext.Transforms.GentleClip(waiting).Fit(Rows()).Dispose());
        Assert.IsFalse(second.Wait(100), "the second waits");
        if (byTheContext)
            CancellationTests.CancelExecution(otherContext);
        else
            cancel.Cancel();
        Assert.IsInstanceOfType<OperationCanceledException>(Assert.ThrowsExactly<AggregateException>(() => second.Wait(10_000)).InnerException);
        Assert.IsFalse(first.IsCompleted);
        release.Set();
        first.Wait();
        Assert.AreEqual((1, 1), (torch.get_num_threads(), OfNewThread()));
    }

    [TestMethod]
    public void ATrainingThatFailsGivesItsThreadsBack()
    {
        var failing = Options(3, new DirectProgress(_ => throw new InvalidDataException("from the progress callback")));
        Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Transforms.GentleClip(failing).Fit(Rows()));
        Assert.AreEqual((1, 1), (torch.get_num_threads(), OfNewThread()));
        using var model = _mlContext.Transforms.GentleClip(Options(2, progress: null)).Fit(Rows()); // would wait for ever
        Assert.AreEqual((1, 1), (torch.get_num_threads(), OfNewThread()));
    }

    [TestMethod]
    [DataRow("same thread")]
    [DataRow("task")]
    [DataRow("thread")]
    [DataRow("data view")]
    public void ATrainingWithinAnotherIsRefusedAnotherNumberInsteadOfWaitingForEver(string where)
    {
        var errors = new List<Exception>();
        var outer = Options(2, where == "data view" ? null : new DirectProgress(_ => Nested(3)));
        var data = where != "data view" ? Rows() : _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(20, 10, 10).Select((row, i) =>
        {
            if (i == 5)
                Nested(3);
            return row;
        }));
        var fit = LongRunning(() => _mlContext.Transforms.GentleClip(outer).Fit(data).Dispose());
        Assert.IsTrue(fit.Wait(60_000), "the trainings wait for each other");
        Assert.IsNotEmpty(errors);
        StringAssert.Contains(errors[0].Message, "This training was begun within another");
        StringAssert.Contains(errors[0].Message, "computes with 2 torch threads; this one asks for 3");
        Assert.AreEqual((1, 1), (torch.get_num_threads(), OfNewThread()));

        void Nested(int number)
        {
            Action inner = () =>
            {
                try
                {
                    _mlContext.Transforms.GentleClip(Options(number, progress: null)).Fit(Rows()).Dispose();
                }
                catch (InvalidOperationException exception)
                {
                    errors.Add(exception);
                }
            };
            switch (where)
            {
                case "task":
                    Task.Run(inner).Wait();
                    break;
                case "thread":
                    var thread = new Thread(() => inner());
                    thread.Start();
                    thread.Join();
                    break;
                default:
                    inner();
                    break;
            }
        }
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(null)]
    public void ATrainingWithinAnotherMayHaveTheSameNumberOrNone(int? number)
    {
        byte[] alone = Content(Options(number, progress: null), Rows());
        var inner = new List<byte[]>();
        var outer = Options(2, new DirectProgress(progress =>
        {
            if (progress.Step == 1)
                inner.Add(Task.Run(() => Content(Options(number, progress: null), Rows())).Result);
        }));
        byte[] undisturbed = Content(Options(2, progress: null), Rows());
        CollectionAssert.AreEqual(undisturbed, Content(outer, Rows()), "the outer training goes on as if nothing had been");
        // Without a number it takes its thread's, which is the outer one's or the process's; the bits may differ with it.
        Assert.IsTrue(inner.Single().AsSpan().SequenceEqual(alone) || (number is null && inner.Single().AsSpan().SequenceEqual(undisturbed)),
            "the inner training is neither that of one thread nor that of two");
    }

    [TestMethod]
    public void AThreadThatScoresFirstWhileATrainingRunsDoesNotKeepItsNumber()
    {
        using var model = Transformers.Scoring.CreateTransformer();
        var (during, after) = (0, 0);
        var view = model.Transform(_mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(10, seed: 1)));
        Thread? scorer = null;
        using var ended = new ManualResetEventSlim();
        using var scored = new ManualResetEventSlim();
        var options = Options(3, new DirectProgress(_ =>
        {
            if (scorer is not null)
                return;
            scorer = new Thread(() =>
            {
                Embeddings.Column(view, "EmbeddingA");
                during = torch.get_num_threads();
                scored.Set();
                ended.Wait();
                after = torch.get_num_threads();
            });
            scorer.Start();
            scored.Wait();
        }));
        _mlContext.Transforms.GentleClip(options).Fit(Rows()).Dispose();
        ended.Set();
        scorer!.Join();
        Assert.AreEqual((1, 1), (during, after));
    }

    // Every kind of tower, of loss and of closed form.
    private List<(string Name, GentleClipOptions Options, IDataView Data)> Jobs(TemporaryFolder folder)
    {
        var rows = Rows();
        var jobs = Enum.GetValues<GentleClipPreset>().Select((preset, i) =>
        {
            var options = Of(preset, steps: 12);
            (options.Seed, options.Validation.Fraction) = (10 + i, i % 2 == 0 ? 0.2 : 0);
            return (preset.ToString(), options, rows);
        }).ToList();
        var proteins = Proteins.Options(steps: 3);
        proteins.Seed = 30;
        jobs.Add(("proteins", proteins, _mlContext.Data.LoadFromEnumerable(Proteins.Mixed(8, 4, 4))));
        var texts = Captions.Options(Captions.SmallBert, steps: 3);
        texts.Seed = 31;
        jobs.Add(("texts", texts, _mlContext.Data.LoadFromEnumerable(Captions.Mixed(12, 6, 6))));
        var pictures = Pictures.Options(Pictures.ResNet, steps: 3);
        pictures.Seed = 32;
        var paths = _mlContext.Data.LoadFromEnumerable(Pictures.Mixed(folder, 10, 4, 4));
        jobs.Add(("pictures", pictures, _mlContext.Transforms.LoadImages("Image", folder.FullName, "Path").Fit(paths).Transform(paths)));
        return jobs;
    }

    private static GentleClipOptions Of(GentleClipPreset preset, int steps)
    {
        var options = GentleClipOptions.FromPreset(preset);
        var small = TwoViews.Options(steps);
        (options.ModalityA, options.ModalityB, options.EmbeddingDimension, options.Batches.Size) = (small.ModalityA, small.ModalityB,
            small.EmbeddingDimension, small.Batches.Size);
        (options.MaximumNumberOfSteps, options.Optimizer.LearningRate, options.NumberOfThreads, options.Seed) = (steps, small.Optimizer.LearningRate, 1, 3);
        return options;
    }

    private static GentleClipOptions Options(int? threads, IProgress<TrainingProgress>? progress)
    {
        var options = TwoViews.Options(steps: 3);
        (options.NumberOfThreads, options.Progress, options.Seed) = (threads, progress, 4);
        return options;
    }

    private IDataView Rows() => _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(20, 30, 25));

    private byte[] Content(GentleClipOptions options, IDataView data)
    {
        using var model = _mlContext.Transforms.GentleClip(options).Fit(data);
        return SavedModel.Content(model);
    }

    private static Task LongRunning(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Parallel(params Action[] actions)
    {
        using var start = new Barrier(actions.Length);
        var tasks = actions.Select(action => LongRunning(() =>
        {
            start.SignalAndWait();
            action();
        })).ToArray();
        Task.WaitAll(tasks);
    }

    private static int OfNewThread()
    {
        var number = 0;
        var thread = new Thread(() => number = torch.get_num_threads());
        thread.Start();
        thread.Join();
        return number;
    }
}
