using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.OnnxEncoders;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Tests.Transformers;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>Who computes what by ONNX Runtime, and what is refused.</summary>
[TestClass]
public sealed class EngineChoiceTests : IDisposable
{
    private static readonly ScoringOptions ByOnnx = new() { Engine = ScoringEngine.OnnxRuntime };

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];
    private readonly MLContext _context = new(seed: 1);

    public EngineChoiceTests()
    {
        set_num_threads(1);
        _context.Log += (_, e) => _log.Add(e.Message);
    }

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void PrecisionIsOfLibtorchsProducts()
    {
        using var transformer = Transformers.Scoring.CreateTransformer();
        var message = Assert.ThrowsExactly<NotSupportedException>(
            () => transformer.Scoring = ByOnnx with { Precision = EncoderPrecision.BFloat16 }).Message;
        Assert.Contains("ScoringOptions.Precision is BFloat16, which is of libtorch's products, and Engine is OnnxRuntime", message);
        Assert.AreEqual(new ScoringOptions(), transformer.Scoring, "refused, so nothing is changed");
        if (BFloat16Products.Missing(CPU) is { } reason)
            Skip.Because(TestContext, reason);
        transformer.Scoring = new ScoringOptions { Engine = ScoringEngine.Auto, Precision = EncoderPrecision.BFloat16 };
        var open = ScoringSession.OpenCount;
        Transformers.Scoring.ReadAll(transformer.Transform(Transformers.Scoring.Load(TwoViews.Pairs(20, 1))), "EmbeddingA");
        Assert.AreEqual(open, ScoringSession.OpenCount, "libtorch computes");
        Assert.ThrowsExactly<NotSupportedException>(() => transformer.Scoring = transformer.Scoring with { Engine = ScoringEngine.OnnxRuntime });
    }

    [TestMethod]
    public void TheFirstRowsNeedFewRows()
    {
        using var transformer = Transformers.Scoring.CreateTransformer();
        transformer.Scoring = ByOnnx;
        var upstream = new CountingView(Transformers.Scoring.Load(TwoViews.Pairs(1000, 1)));
        var view = transformer.Transform(upstream);
        var asked = new SortedSet<int>();
        using (var cursor = view.GetRowCursor([view.Schema["EmbeddingA"]]))
        {
            Assert.AreEqual(0, upstream.RowsRead);
            for (var row = 0; row < 168 && cursor.MoveNext(); row++)
                asked.Add(upstream.RowsRead);
        }
        // The third window is computed while the fourth is read.
        CollectionAssert.AreEqual(new[] { 8, 40, 168 + 256 }, asked.ToArray());
    }

    [TestMethod]
    [DataRow(null, 8)]
    [DataRow(4, 8)]
    [DataRow(600, 8)]
    public void EveryRowComesOnceAndInOrder(int? batchSize, int first)
    {
        using var transformer = Transformers.Scoring.CreateTransformer();
        var rows = Transformers.Scoring.Load(Transformers.Scoring.Gaps(1500));
        var expected = Embeddings.Column(transformer.Transform(rows), "EmbeddingA");
        var found = Compared.Column(transformer, rows, "EmbeddingA", ScoringEngine.OnnxRuntime, batchSize);
        Compared.Columns(expected, found, $"batches of {batchSize}");
        var upstream = new CountingView(rows);
        using var cursor = transformer.Transform(upstream).GetRowCursor(transformer.GetOutputSchema(rows.Schema));
        Assert.IsTrue(cursor.MoveNext());
        Assert.AreEqual(first, upstream.RowsRead);
    }

    [TestMethod]
    public void NoTensorIsMadeAndTheSessionGoesWithTheTransformer()
    {
        var transformer = Transformers.Scoring.CreateTransformer();
        transformer.Scoring = ByOnnx;
        var rows = Transformers.Scoring.Load(TwoViews.Pairs(600, 1));
        var view = transformer.Transform(rows);
        Transformers.Scoring.ReadAll(view, "EmbeddingA");
        var (tensors, open) = (Tensor.TotalCount, ScoringSession.OpenCount);
        Assert.IsGreaterThan(0, open);
        Transformers.Scoring.ReadAll(view, "EmbeddingA");
        Assert.AreEqual(tensors, Tensor.TotalCount);
        Assert.AreEqual(open, ScoringSession.OpenCount, "views and cursors share a session");
        transformer.Dispose();
        Assert.AreEqual(open - 1, ScoringSession.OpenCount);
        Assert.Throws<ObjectDisposedException>(() => Transformers.Scoring.ReadAll(view, "EmbeddingA"));
    }

    [TestMethod]
    public async Task ThreadsShareOneSession()
    {
        using var transformer = Transformers.Scoring.CreateTransformer();
        var rows = Transformers.Scoring.Load(TwoViews.Pairs(700, 1));
        var expected = Embeddings.Column(transformer.Transform(rows), "EmbeddingA"); // by libtorch: nobody has opened the session
        transformer.Scoring = ByOnnx;
        var view = transformer.Transform(rows);
        var open = ScoringSession.OpenCount;
        const int threads = 6;
        using var start = new Barrier(threads);
        var found = await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait();
            return Embeddings.Column(view, "EmbeddingA");
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        foreach (var column in found)
            Compared.Columns(expected, column, "threads");
        Assert.AreEqual(open + 1, ScoringSession.OpenCount);
    }

    [TestMethod]
    public async Task GeneratorsEnginesOfPredictionAndFeaturesFollow()
    {
        var options = new VectorEncoderOptions { HiddenDimensions = [12] };
        var rows = _context.Data.LoadFromEnumerable(TwoViews.Mixed(20, 10, 10));
        using var trained = _context.Transforms.GentleClip(new GentleClipOptions
        {
            ModalityA = Modality.Vector("EmbeddingA", "A", options).WithFeatures("FeaturesA"),
            ModalityB = Modality.Vector("EmbeddingB", "B", options),
            MaximumNumberOfSteps = 3,
            EmbeddingDimension = 8,
            NumberOfThreads = 1,
        }).Fit(rows);
        var pairs = TwoViews.Pairs(20, 4);
        var view = _context.Data.LoadFromEnumerable(pairs);
        var (embeddings, features) = (Embeddings.Column(trained.Transform(view), "EmbeddingA"), Embeddings.Column(trained.Transform(view), "FeaturesA"));
        _context.Model.Save(trained, rows.Schema, _folder.File("model.zip"));
        using var plain = Compared.LoadPlain<GentleClipTransformer>(_folder.File("model.zip"));
        trained.Scoring = ByOnnx;
        foreach (var model in new[] { trained, plain })
        {
            Compared.Columns(features, Embeddings.Column(model.Transform(view), "FeaturesA"), "features");
            Compared.Columns(embeddings, Embeddings.Column(model.Transform(view), "EmbeddingA"), "embeddings");
            foreach (var (column, expected) in new[] { ("EmbeddingA", embeddings), ("FeaturesA", features) })
            {
                using var generator = model.CreateEmbeddingGenerator<float[]>("A", outputColumnName: column);
                var generated = await generator.GenerateAsync(pairs.Select(row => row.A!), cancellationToken: TestContext.CancellationToken);
                Compared.Columns(expected, [.. generated.Select(one => one.Vector.ToArray())], $"generator of {column}");
            }
            using var engine = _context.Model.CreatePredictionEngine<TwoViews.Row, Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });
            Compared.Columns(embeddings, [.. pairs.Select(row => engine.Predict(row).EmbeddingA)], "prediction engine");
        }
    }

    [TestMethod]
    [DataRow(FineTuningTask.Multiclass)]
    [DataRow(FineTuningTask.Regression)]
    public void FineTunedHeads(FineTuningTask task)
    {
        var rows = TwoViews.Pairs(60, 3).Select(row => new Labelled { A = row.A!, B = row.B!, Kind = $"kind {row.Cluster % 3}", Number = row.A![0] }).ToList();
        IDataView data = _context.Data.LoadFromEnumerable(rows);
        data = _context.Transforms.Conversion.MapValueToKey("Label", nameof(Labelled.Kind)).Fit(data).Transform(data);
        using var aligned = _context.Transforms.GentleClip(new GentleClipOptions
        {
            ModalityA = Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [12] }),
            ModalityB = Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [] }),
            MaximumNumberOfSteps = 3,
            EmbeddingDimension = 8,
            NumberOfThreads = 1,
        }).Fit(data);
        var options = new FineTuningOptions { MaximumNumberOfSteps = 20, NumberOfThreads = 1 };
        using var model = task == FineTuningTask.Multiclass
            ? _context.MulticlassClassification.Trainers.GentleClipFineTuning(aligned, options).Fit(data)
            : _context.Regression.Trainers.GentleClipFineTuning(aligned, options with { LabelColumnName = nameof(Labelled.Number) }).Fit(data);
        var expected = Scores(model);
        Assert.IsGreaterThan(20, expected.Select(row => row[0]).Distinct().Count());
        _context.Model.Save(model, data.Schema, _folder.File("model.zip"));
        using var plain = Compared.LoadPlain<FineTunedTransformer>(_folder.File("model.zip"));
        Assert.AreEqual(ScoringEngine.OnnxRuntime, plain.Scoring.Engine);
        model.Scoring = ByOnnx;
        Compared.Columns(expected, Scores(model), "ONNX Runtime");
        Compared.Columns(expected, Scores(plain), "without libtorch");
        Assert.Contains("libtorch", Assert.Throws<DllNotFoundException>(
            () => _context.Model.ConvertGentleClipFineTuningToOnnx(plain, _folder.File("m.onnx"))).Message);
        _context.Model.Save(plain, data.Schema, _folder.File("again.zip"));
        using var again = (FineTunedTransformer)_context.Model.Load(_folder.File("again.zip"), out _);
        Compared.Columns(expected, Scores(again), "saved again");

        float[][] Scores(FineTunedTransformer tuned) => task == FineTuningTask.Multiclass ? Embeddings.Column(tuned.Transform(data), "Score")
            : [.. tuned.Transform(data).GetColumn<float>("Score").Select(score => new[] { score })];
    }

    [TestMethod]
    public void AnEncoderWithoutAnOnnxFormIsRefusedByNameAndAutoSaysWhy()
    {
        var file = Graphs.Vectors(_folder.File("vector.onnx"));
        var rows = _context.Data.LoadFromEnumerable(Sample.Create());
        using var model = _context.Transforms.GentleClip(new GentleClipOptions
        {
            ModalityA = Modality.Vector("EmbeddingA", "Vector", new OnnxVectorEncoderOptions { ModelFile = file }),
            ModalityB = Modality.Text("EmbeddingB", "Words", new TextNGramOptions { Buckets = 16, TableDimension = 4, HiddenDimensions = [] }),
            PairedColumnName = nameof(Sample.IsPaired),
            MaximumNumberOfSteps = 2,
            EmbeddingDimension = 4,
            NumberOfThreads = 1,
        }).Fit(rows);
        var expected = Embeddings.Column(model.Transform(rows), "EmbeddingA");
        model.Scoring = ByOnnx;
        var error = Assert.Throws<NotSupportedException>(() => model.Transform(rows));
        Assert.Contains("cannot compute column 'EmbeddingA'", error.Message);
        Assert.Contains("is an ONNX file itself", error.Message);
        Assert.Throws<NotSupportedException>(() => model.GetRowToRowMapper(rows.Schema));
        _log.Clear();
        model.Scoring = new ScoringOptions { Engine = ScoringEngine.Auto };
        CollectionAssert.AreEqual(expected[0], Embeddings.Column(model.Transform(rows), "EmbeddingA")[0]);
        Assert.ContainsSingle(message => message.Contains("Engine = Auto takes libtorch", StringComparison.Ordinal)
            && message.Contains("is an ONNX file itself", StringComparison.Ordinal), _log);

        _context.Model.Save(model, rows.Schema, _folder.File("model.zip"));
        var messages = Compared.Messages(Assert.Throws<Exception>(() => Compared.LoadPlain<GentleClipTransformer>(_folder.File("model.zip"))));
        Assert.Contains("ONNX Runtime cannot take its place for this model", messages);
        Assert.Contains("'Vector'", messages);
    }

    [TestMethod]
    public void WithoutLibtorchOnlyItsOwnThingsAreRefused()
    {
        using (var made = Transformers.Scoring.CreateTransformer())
            _context.Model.Save(made, Transformers.Scoring.Load(TwoViews.Pairs(1, 1)).Schema, _folder.File("model.zip"));
        using var plain = Compared.LoadPlain<GentleClipTransformer>(_folder.File("model.zip"), _context);
        Assert.ContainsSingle(message => message.Contains("scored by ONNX Runtime", StringComparison.Ordinal), _log);
        var rows = Transformers.Scoring.Load(TwoViews.Pairs(5, 1));
        plain.Scoring = new ScoringOptions();
        Assert.Contains("Engine = Torch cannot compute", Assert.Throws<InvalidOperationException>(() => plain.Transform(rows)).Message);
        Assert.Contains("TorchSharp-cpu",
            Assert.Throws<DllNotFoundException>(() => plain.SaveTowerWeights(_folder.File("a.safetensors"), "EmbeddingA")).Message);
        Assert.Contains("TorchSharp-cpu",
            Assert.Throws<DllNotFoundException>(() => _context.Model.ConvertGentleClipToOnnx(plain, _folder.File("a.onnx"), "EmbeddingA")).Message);
        plain.Scoring = ByOnnx;
        Assert.IsTrue(float.IsFinite(Embeddings.Column(plain.Transform(rows), "EmbeddingA")[4][0]));
    }

    [TestMethod]
    public void WeightsThatDoNotFitAreRefusedWithoutLibtorchToo()
    {
        using (var made = Transformers.Scoring.CreateTransformer())
            _context.Model.Save(made, Transformers.Scoring.Load(TwoViews.Pairs(1, 1)).Schema, _folder.File("model.zip"));
        foreach (var (from, to, expected) in new[]
        {
            ("layers.0.bias", "layers.0.bios", "layers.0.bias"), ("head.fc.weight", "head.fc.weighs", "head.fc.weight"),
            ("logit_scale", "logit_scala", "logit_scale"),
        })
        {
            var file = WithWeights(to, bytes => Replace(bytes, from, to));
            Assert.Contains(expected, Compared.Messages(Assert.Throws<Exception>(() => Compared.LoadPlain<GentleClipTransformer>(file))));
        }
    }

    /// <summary>A closed form that lacks a part would give other embeddings: libtorch's reader and the plain one refuse the same files.</summary>
    [TestMethod]
    public void ADamagedClosedFormIsRefusedWithoutLibtorchToo()
    {
        var vector = new VectorEncoderOptions { HiddenDimensions = [8] };
        var rows = _context.Data.LoadFromEnumerable(TwoViews.Mixed(30, 60, 60));
        using (var made = _context.Transforms.GentleClip(new GentleClipOptions
        {
            ModalityA = Modality.Vector("EmbeddingA", "A", vector),
            ModalityB = Modality.Vector("EmbeddingB", "B", vector),
            ClosedForm = new ClosedFormOptions
            {
                Role = ClosedFormRole.Alone,
                Method = ClosedFormMethod.Transport,
                Smoothing = true,
                Spectral = ClosedFormPart.On,
            },
            NumberOfThreads = 1,
        }).Fit(rows))
            _context.Model.Save(made, rows.Schema, _folder.File("model.zip"));
        Compared.LoadPlain<GentleClipTransformer>(_folder.File("model.zip")).Dispose();
        var names = 0;
        foreach (var (name, start) in Tensors())
        {
            names++;
            var renamed = WithWeights($"{name}-renamed", bytes => Replace(bytes, $"\"{name}\"", $"\"{name[..^1]}?\""));
            AssertRefused(renamed, name);
            var notFinite = WithWeights($"{name}-nan", bytes =>
            {
                BitConverter.TryWriteBytes(bytes.AsSpan(start), double.NaN);
                return bytes;
            });
            AssertRefused(notFinite, name);
        }
        Assert.IsGreaterThan(20, names);

        void AssertRefused(string file, string name)
        {
            var byLibtorch = Problem(Assert.Throws<Exception>(() => _context.Model.Load(file, out _), $"{name}, by libtorch"));
            var without = Problem(Assert.Throws<Exception>(() => Compared.LoadPlain<GentleClipTransformer>(file), $"{name}, without"));
            Assert.AreEqual(byLibtorch, without);

            static string Problem(Exception exception) => Compared.Messages(exception).Split('\n').Single(line => line.StartsWith("Saved alignment: "));
        }

        List<(string Name, int Start)> Tensors()
        {
            byte[] weights = [];
            WithWeights("read", bytes => weights = bytes);
            var length = (int)BitConverter.ToInt64(weights);
            using var header = System.Text.Json.JsonDocument.Parse(weights.AsMemory(8, length));
            return [.. header.RootElement.EnumerateObject().Where(tensor => tensor.Name.StartsWith("teacher.", StringComparison.Ordinal))
                .Select(tensor => (tensor.Name, 8 + length + tensor.Value.GetProperty("data_offsets")[0].GetInt32(),
                    tensor.Value.GetProperty("data_offsets")[1].GetInt32() - tensor.Value.GetProperty("data_offsets")[0].GetInt32()))
                .Where(tensor => tensor.Item3 > 0).Select(tensor => (tensor.Name, tensor.Item2))];
        }
    }

    private static byte[] Replace(byte[] bytes, string from, string to)
    {
        var at = bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(from));
        System.Text.Encoding.ASCII.GetBytes(to).CopyTo(bytes, at);
        return bytes;
    }

    private string WithWeights(string name, Func<byte[], byte[]> change)
    {
        var file = _folder.File($"{name.Replace('/', '_')}.zip");
        File.Copy(_folder.File("model.zip"), file, overwrite: true);
        using var zip = System.IO.Compression.ZipFile.Open(file, System.IO.Compression.ZipArchiveMode.Update);
        zip.Entries.Single(entry => entry.Name == "weights.safetensors.sha256").Delete();
        var entry = zip.Entries.Single(entry => entry.Name == "weights.safetensors");
        using var copy = new MemoryStream();
        using (var stream = entry.Open())
            stream.CopyTo(copy);
        var path = entry.FullName;
        entry.Delete();
        using var target = zip.CreateEntry(path).Open();
        target.Write(change(copy.ToArray()));
        return file;
    }

    [TestMethod]
    public void AGraphThatIsTooLargeForMemoryGoesThroughAFile()
    {
        using var transformer = Transformers.Scoring.CreateTransformer();
        using var scope = NewDisposeScope();
        var graph = TowerGraph.Build(transformer.Model, Side.A);
        using var inside = GraphEngine.Open(graph);
        using var outside = GraphEngine.Open(graph, _folder.FullName, largestInside: 0);
        Assert.IsEmpty(Directory.GetFileSystemEntries(_folder.FullName), "deleted");
        var input = new OnnxInput("features", TwoViews.Pairs(1, 3)[0].A!, 1, TwoViews.DimensionA);
        float[] first = [], second = [];
        inside.Run([input], ["embedding"], (_, values) => first = values.ToArray());
        outside.Run([input], ["embedding"], (_, values) => second = values.ToArray());
        CollectionAssert.AreEqual(first, second);

        var nowhere = _folder.File("nowhere");
        File.WriteAllText(nowhere, "no folder");
        var message = Assert.ThrowsExactly<IOException>(() => GraphEngine.Open(graph, nowhere, largestInside: 0)).Message;
        Assert.Contains($"in the folder for temporary files, '{nowhere}'. It ", message);
        Assert.Contains("MLContext.TempFilePath, or TMPDIR", message);
    }

    [TestMethod]
    public void AGraphThatHasNoRoomOnTheDiskSaysSoBeforeItIsWritten()
    {
        var graph = new OnnxGraph(new Dictionary<string, GraphWeight>());
        graph.Constant("vast", new Vast());
        var message = Assert.ThrowsExactly<IOException>(() => GraphEngine.Open(graph, _folder.FullName)).Message;
        Assert.Contains("The model's graph has 1,152,921,504,607 MB of weights", message);
        Assert.MatchesRegex(@"It has [0-9,]+ MB left; expected 1,152,921,504,623 MB\. Name another folder", message);
        Assert.IsEmpty(Directory.GetFileSystemEntries(_folder.FullName));
    }

    [TestMethod]
    public void TheFolderForTemporaryFilesIsTheContexts()
    {
        _context.TempFilePath = _folder.FullName;
        Assert.AreEqual(_folder.FullName, HostSettings.TempFilePath(_context));
        Assert.AreEqual(_folder.FullName, HostSettings.TempFilePath(((IHostEnvironment)_context).Register("child")), "as loaders have it");
        Assert.IsNull(HostSettings.TempFilePath(null));
    }

    private sealed class Vast : GraphWeight
    {
        public override IReadOnlyList<long> Shape => [1L << 58];

        public override OnnxTensor Named(string name, bool transpose) =>
            new(name, OnnxType.Single, [1L << 58], 1L << 60, _ => throw new InvalidOperationException("It is written."));

        public override byte[] ToBytes() => throw new NotSupportedException();
    }

    private sealed class Scored
    {
        public float[] EmbeddingA { get; set; } = [];
    }

    private sealed class Labelled
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];

        [VectorType(TwoViews.DimensionB)]
        public float[] B { get; set; } = [];

        public string Kind { get; set; } = "";

        public float Number { get; set; }
    }
}
