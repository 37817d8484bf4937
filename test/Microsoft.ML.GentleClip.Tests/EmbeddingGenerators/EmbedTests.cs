using Microsoft.Extensions.AI;
using Microsoft.ML.GentleClip.EmbeddingGenerators;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.EmbeddingGenerators;

/// <summary>Columns of a generator's embeddings: batches, repeated calls, cancellation, the cache, saving, and answers that are refused.</summary>
[TestClass]
public sealed class EmbedTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void TextsGoInBatchesAndEachOnce()
    {
        using var generator = new Generator();
        var view = Embed(generator, new EmbedOptions { BatchSize = 4 }, Texts(10));
        var vectors = Embeddings.Column(view, "Vector");
        for (var row = 0; row < 10; row++)
            CollectionAssert.AreEqual(row % 6 == 3 ? [float.NaN, float.NaN, float.NaN] : Generator.Of(Text(row)), vectors[row], $"row {row}");
        // Rows 0 to 9 have the texts 0, 1, 2, blank, 4, 5, 0, 1, 2, 4: five are asked for.
        CollectionAssert.AreEqual(new[] { 4, 1 }, generator.Calls.Select(call => call.Length).ToArray());
        // One at a time, as prediction engines do, and in any order.
        var engine = new MLContext(1).Model.CreatePredictionEngine<Row, Result>(Fit(generator, new EmbedOptions(), Texts(1)));
        CollectionAssert.AreEqual(Generator.Of("another"), engine.Predict(new Row { Text = "another" }).Vector);
    }

    [TestMethod]
    public void ASecondFitCostsNoCall()
    {
        var options = new EmbedOptions { CacheDirectory = _folder.File("cache"), BatchSize = 4 };
        using var first = new Generator();
        var expected = Embeddings.Bits(Embed(first, options, Texts(30)), "Vector");
        Assert.IsNotEmpty(first.Calls);
        EmbedProgress? told = null;
        using var second = new Generator();
        var found = Embeddings.Bits(Embed(second, options with { Progress = new Immediate(progress => told = progress) }, Texts(30)), "Vector");
        Assert.IsEmpty(second.Calls);
        Embeddings.AssertEqualBits(expected, found);
        Assert.AreEqual((0, 5, 0), (told!.Embedded, told.FromCache, told.Calls));
        // Another model, or another length, has entries of its own.
        using var other = new Generator { Model = "other" };
        Embed(other, options, Texts(30)).GetRowCount();
        Embeddings.Column(Embed(other, options, Texts(30)), "Vector");
        Assert.IsNotEmpty(other.Calls);
    }

    [TestMethod]
    public void DamagedEntriesAreMadeAnew()
    {
        var cache = new EmbeddingCache(_folder.FullName, "model");
        float[] vector = [1, -2, float.Epsilon];
        Assert.IsNull(cache.Find("a"));
        cache.Keep("a", vector);
        CollectionAssert.AreEqual(vector, cache.Find("a"));
        var whole = File.ReadAllBytes(cache.PathOf("a"));
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(cache.PathOf("a"), whole[..length]);
            Assert.IsNull(cache.Find("a"), $"cut to {length} of {whole.Length} bytes");
        }
        for (var at = 0; at < whole.Length; at++)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 0x40;
            File.WriteAllBytes(cache.PathOf("a"), damaged);
            Assert.IsNull(cache.Find("a"), $"byte {at}");
        }
        Assert.AreEqual(2L * whole.Length, cache.Damaged);
        // Another text's entry under this one's name.
        cache.Keep("b", vector);
        File.Copy(cache.PathOf("b"), cache.PathOf("a"), overwrite: true);
        Assert.IsNull(cache.Find("a"));
        cache.Keep("a", vector);
        CollectionAssert.AreEqual(vector, cache.Find("a"));
        // Parts do not run into each other.
        Assert.AreNotEqual(new EmbeddingCache(_folder.FullName, "ab", "c").PathOf("d"), new EmbeddingCache(_folder.FullName, "a", "bc").PathOf("d"));
        Assert.IsEmpty(Directory.GetFiles(_folder.FullName, "*.tmp", SearchOption.AllDirectories));
    }

    [TestMethod]
    public void ManyWritersAgree()
    {
        var texts = Enumerable.Range(0, 20).Select(i => $"text {i}").ToArray();
        Parallel.For(0, 8, writer =>
        {
            var cache = new EmbeddingCache(_folder.FullName, "model");
            foreach (var text in texts)
            {
                if (cache.Find(text) is { } found)
                    CollectionAssert.AreEqual(Generator.Of(text), found);
                cache.Keep(text, Generator.Of(text));
            }
            Assert.AreEqual(0, cache.Damaged);
        });
    }

    [TestMethod]
    public void TransientFailuresAreRepeatedAndOthersAreNot()
    {
        var quick = new EmbedOptions { FirstDelay = TimeSpan.FromMilliseconds(1), MaximumRetries = 2 };
        using var twice = new Generator { Failures = new([new HttpRequestException("busy"), new TimeoutException("slow")]) };
        Embeddings.Column(Embed(twice, quick, Texts(2)), "Vector");
        Assert.HasCount(3, twice.Calls);

        using var often = new Generator { Failures = new(Enumerable.Repeat(new HttpRequestException("busy"), 9)) };
        var failed = Assert.ThrowsExactly<InvalidOperationException>(() => Embeddings.Column(Embed(often, quick, Texts(2)), "Vector"));
        StringAssert.Contains(failed.Message, "failed 3 times");
        StringAssert.Contains(failed.Message, "row 0");

        using var refused = new Generator { Failures = new([new HttpRequestException("no key", null, System.Net.HttpStatusCode.Unauthorized)]) };
        Assert.ThrowsExactly<HttpRequestException>(() => Embeddings.Column(Embed(refused, quick, Texts(2)), "Vector"));
        Assert.HasCount(1, refused.Calls);

        using var own = new Generator { Failures = new([new FormatException("odd")]) };
        Embeddings.Column(Embed(own, quick with { IsTransient = exception => exception is FormatException }, Texts(2)), "Vector");
        Assert.HasCount(2, own.Calls);
    }

    [TestMethod]
    public async Task AWaitIsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var generator = new Generator { Failures = new(Enumerable.Repeat(new HttpRequestException("busy"), 9)) };
        var options = new EmbedOptions { FirstDelay = TimeSpan.FromHours(1), MaximumDelay = TimeSpan.FromHours(1), CancellationToken = cancellation.Token };
        var reading = Task.Run(() => Embeddings.Column(Embed(generator, options, Texts(2)), "Vector"), TestContext.CancellationToken);
        while (generator.Calls.Count == 0)
            await Task.Delay(5, TestContext.CancellationToken);
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => reading);
    }

    [TestMethod]
    public void AnswersThatCannotBeNameTheRow()
    {
        Refused(texts => [.. texts.Skip(1).Select(Generator.Of)], "Row 0, column 'Text': the generator gave 3 embeddings for 4 texts");
        Refused(texts => [.. texts.Select(text => text == Text(2) ? [1f, 2f] : Generator.Of(text))],
            "Row 2, column 'Text': the generator gave 2 numbers; expected 3");
        Refused(texts => [.. texts.Select(text => text == Text(4) ? [1f, float.NaN, 2f] : Generator.Of(text))],
            "Row 4, column 'Text': the generator gave NaN in slot 1; expected finite numbers");

        void Refused(Func<string[], float[][]> answer, string expected)
        {
            using var generator = new Generator { Answer = answer };
            var error = Assert.ThrowsExactly<InvalidOperationException>(
                () => Embeddings.Column(Embed(generator, new EmbedOptions { BatchSize = 4, CacheDirectory = _folder.File("cache") }, Texts(10)), "Vector"));
            StringAssert.Contains(error.Message, expected);
        }
    }

    [TestMethod]
    public void ALoadedModelWantsItsGeneratorAgain()
    {
        var mlContext = new MLContext(1);
        using var generator = new Generator();
        var data = mlContext.Data.LoadFromEnumerable(Texts(12));
        var model = mlContext.Transforms.Embed(generator, "Vector", "Text").Append(mlContext.Transforms.NormalizeMinMax("Scaled", "Vector")).Fit(data);
        var expected = Embeddings.Bits(model.Transform(data), "Scaled");
        mlContext.Model.Save(model, data.Schema, _folder.File("model.zip"));

        var loaded = mlContext.Model.Load(_folder.File("model.zip"), out _);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Embeddings.Column(loaded.Transform(data), "Vector"));
        StringAssert.Contains(error.Message, "UseEmbeddingGenerator");
        using var wrong = new Generator { Model = "other" };
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => loaded.UseEmbeddingGenerator(wrong)).Message, "embedded by the model 'toy'");
        loaded.UseEmbeddingGenerator(generator);
        Embeddings.AssertEqualBits(expected, Embeddings.Bits(loaded.Transform(data), "Scaled"));
        Assert.ThrowsExactly<ArgumentException>(() => loaded.UseEmbeddingGenerator(generator), "no step wants one any more");
        var step = ((IEnumerable<ITransformer>)loaded).OfType<TextEmbeddingTransformer>().Single();
        Assert.AreEqual(("toy", "tests", 3, true), (step.ModelId, step.ProviderName, step.Dimension, step.HasGenerator));
    }

    [TestMethod]
    public void TheColumnFeedsAVectorModality()
    {
        var mlContext = new MLContext(1);
        using var generator = new Generator();
        var data = mlContext.Data.LoadFromEnumerable(Texts(40));
        var options = new GentleClipOptions
        {
            ModalityA = Modality.Vector("TextEmbedding", "Vector"),
            ModalityB = Modality.Vector("OtherEmbedding", "Other"),
            MaximumNumberOfSteps = 3,
            NumberOfThreads = 1,
            Batches = new() { Size = 12 },
            EmbeddingDimension = 4,
        };
        var model = mlContext.Transforms.Embed(generator, "Vector", "Text").Append(mlContext.Transforms.CopyColumns("Other", "Vector"))
            .Append(mlContext.Transforms.GentleClip(options)).Fit(data);
        var embedded = Embeddings.Column(model.Transform(data), "TextEmbedding");
        Assert.IsTrue(embedded[3].All(float.IsNaN), "a blank text is a missing sample");
        Assert.IsFalse(embedded[0].Any(float.IsNaN));
        (model.LastTransformer as IDisposable)?.Dispose();
    }

    [TestMethod]
    public void WhatCannotBeIsRefusedBeforeAnyCall()
    {
        var mlContext = new MLContext(1);
        using var nameless = new Generator { Model = null };
        var error = Assert.ThrowsExactly<ArgumentException>(() => mlContext.Transforms.Embed(nameless, "V", "Text", new EmbedOptions { CacheDirectory = "c" }));
        StringAssert.Contains(error.Message, "does not say which model it is");
        using var silent = new Generator { Dimensions = null };
        var blank = mlContext.Data.LoadFromEnumerable(new[] { new Row { Text = " " } });
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => mlContext.Transforms.Embed(silent, "V", "Text").Fit(blank)).Message, "no text in any row");
        Assert.AreEqual(3, mlContext.Transforms.Embed(silent, "V", "Text").Fit(mlContext.Data.LoadFromEnumerable(Texts(4))).Dimension);
        Assert.HasCount(1, silent.Calls);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => mlContext.Transforms.Embed(nameless, "V", "Nothing").Fit(blank));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new EmbedOptions { BatchSize = 0 });
    }

    public TestContext TestContext { get; set; } = null!;

    private static IDataView Embed(Generator generator, EmbedOptions options, IEnumerable<Row> rows) =>
        Fit(generator, options, rows).Transform(new MLContext(1).Data.LoadFromEnumerable(rows));

    private static TextEmbeddingTransformer Fit(Generator generator, EmbedOptions options, IEnumerable<Row> rows)
    {
        var mlContext = new MLContext(1);
        return mlContext.Transforms.Embed(generator, "Vector", "Text", options).Fit(mlContext.Data.LoadFromEnumerable(rows));
    }

    private static string Text(int row) => row % 6 == 3 ? " \t" : $"text {row % 6}";

    private static Row[] Texts(int count) => [.. Enumerable.Range(0, count).Select(row => new Row { Text = Text(row) })];

    private sealed class Row
    {
        public string Text { get; set; } = "";
    }

    private sealed class Result
    {
        [Microsoft.ML.Data.VectorType(3)]
        public float[] Vector { get; set; } = [];
    }

    private sealed class Immediate(Action<EmbedProgress> take) : IProgress<EmbedProgress>
    {
        public void Report(EmbedProgress value) => take(value);
    }

    private sealed class Generator : IEmbeddingGenerator<string, Embedding<float>>
    {
        public string? Model { get; init; } = "toy";

        public int? Dimensions { get; init; } = 3;

        public Queue<Exception> Failures { get; init; } = new();

        public Func<string[], float[][]>? Answer { get; init; }

        public List<string[]> Calls { get; } = [];

        public static float[] Of(string text) => [text.Length, text[^1], text[0] / 7f];

        public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
            IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
        {
            string[] texts = [.. values];
            lock (Calls)
                Calls.Add(texts);
            await Task.Yield();
            if (Failures.TryDequeue(out var failure))
                throw failure;
            return [.. (Answer?.Invoke(texts) ?? [.. texts.Select(Of)]).Select(vector => new Embedding<float>(vector))];
        }

        public object? GetService(Type serviceType, object? serviceKey = null) =>
            serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("tests", null, Model, Dimensions) : null;

        public void Dispose()
        {
        }
    }
}
