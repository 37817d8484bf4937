using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Transformers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.EmbeddingGenerators;

[TestClass]
public sealed class EmbeddingGeneratorTests
{
    private const int Count = 40;

    private static readonly MLContext Context = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Token => TestContext.CancellationToken;

    [TestMethod]
    public async Task VectorsEqualTheColumnBitForBit()
    {
        using var transformer = Scoring.CreateTransformer();
        var rows = TwoViews.Pairs(600, 3);
        var expected = Embeddings.Bits(transformer.Transform(Scoring.Load(rows)), "EmbeddingA");
        var arrays = await transformer.CreateEmbeddingGenerator<float[]>("A").GenerateAsync(rows.Select(row => row.A!), cancellationToken: Token);
        var memories = await transformer.CreateEmbeddingGenerator<ReadOnlyMemory<float>>("A").GenerateAsync(rows.Select(row => (ReadOnlyMemory<float>)row.A!),
            cancellationToken: Token);
        Embeddings.AssertEqualBits(expected, Bits(arrays));
        Embeddings.AssertEqualBits(expected, Bits(memories));
        Assert.IsNull(arrays.Usage);
        Assert.AreEqual("gentle-clip/A", arrays[0].ModelId);
    }

    [TestMethod]
    public async Task SequencesAndStructuresOfMixedLengthsEqualTheColumns()
    {
        using var transformer = Create(
            Modality.ProteinSequence("SequenceEmbedding", "Sequence", Proteins.SmallSequence),
            Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons", encoder: Proteins.SmallStructure));
        var rows = Proteins.Chains(Count)
            .Select((row, i) => new Proteins.Row { Sequence = row.Sequence![..(10 + i * 7 % 50)], AlphaCarbons = row.AlphaCarbons![..(3 * (10 + i * 7 % 50))] })
                .ToList();
        var view = transformer.Transform(Context.Data.LoadFromEnumerable(rows));
        transformer.Scoring = new() { BatchSize = 7 }; // other passes, ordered by length
        var sequences = await transformer.CreateEmbeddingGenerator<string>().GenerateAsync(rows.Select(row => row.Sequence!), cancellationToken: Token);
        var structures = await transformer.CreateEmbeddingGenerator<AlphaCarbonTrace>()
            .GenerateAsync(rows.Select(row => new AlphaCarbonTrace(row.AlphaCarbons)), cancellationToken: Token);
        Assert.AreEqual((Count + 6) / 7, transformer.Columns[0].ForwardPasses);
        AssertClose(Embeddings.Column(view, "SequenceEmbedding"), sequences);
        AssertClose(Embeddings.Column(view, "StructureEmbedding"), structures);
        Assert.AreEqual(2 * Count, transformer.Columns[0].Tower.ComputedRows, "each row once by the generator, and once for the view");
    }

    [TestMethod]
    public async Task StructuresTakeTheirSequenceWhereTheModalityDoes()
    {
        using var transformer = Create(
            Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons", "Sequence", Proteins.SmallStructure),
            Modality.Text("TextEmbedding", "Text", Captions.SmallNGrams));
        var row = Proteins.Pieces(1, 20)[0];
        var generator = transformer.CreateEmbeddingGenerator<AlphaCarbonTrace>();
        var embeddings = await generator.GenerateAsync([new(row.AlphaCarbons, row.Sequence), new(row.AlphaCarbons), new(row.AlphaCarbons, row.Sequence)],
            cancellationToken: Token);
        // The same chain at another place of a batch: equal but for the order in which a processor sums.
        Assert.IsLessThan(1e-5f, embeddings[0].Vector.ToArray().Zip(embeddings[2].Vector.ToArray(), (x, y) => Math.Abs(x - y)).Max());
        CollectionAssert.AreNotEqual(embeddings[0].Vector.ToArray(), embeddings[1].Vector.ToArray());
        var error = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => generator.GenerateAsync([new(row.AlphaCarbons, row.Sequence + "A")], cancellationToken: Token));
        StringAssert.Contains(error.Message, "21 letters");
    }

    [TestMethod]
    public async Task PicturesAndTextsEqualTheColumns()
    {
        using var transformer = Create(Modality.Image("ImageEmbedding", "Image", Pictures.Images, Pictures.ResNet),
            Modality.Text("TextEmbedding", "Text", Captions.SmallNGrams));
        var images = Enumerable.Range(0, 9).Select(i => Pictures.Create(i % Pictures.Colors, 18 + i, 30 - i)).ToList();
        var view = transformer.Transform(
            Context.Data.LoadFromEnumerable(images.Select((image, i) => new Pictured { Image = image, Text = new string('a', i + 1) }).ToList()));
        AssertClose(Embeddings.Column(view, "TextEmbedding"),
            await transformer.CreateEmbeddingGenerator<string>().GenerateAsync(images.Select((_, i) => new string('a', i + 1)), cancellationToken: Token));
        AssertClose(Embeddings.Column(view, "ImageEmbedding"),
            await transformer.CreateEmbeddingGenerator<MLImage>().GenerateAsync(images, cancellationToken: Token));

        // A picture's file, whole and cut.
        var file = PictureFiles.Turned(PictureFiles.Create("jpg"), "jpg", 6);
        using var upright = PictureFiles.Shown(PictureFiles.Create("jpg"), 6);
        var (fromFile, fromImage) = (await transformer.CreateEmbeddingGenerator<byte[]>().GenerateAsync([file], cancellationToken: Token),
            await transformer.CreateEmbeddingGenerator<MLImage>().GenerateAsync([upright], cancellationToken: Token));
        CollectionAssert.AreEqual(fromImage[0].Vector.ToArray(), fromFile[0].Vector.ToArray());
        var cut = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => transformer.CreateEmbeddingGenerator<ReadOnlyMemory<byte>>().GenerateAsync([file, file.AsMemory(0, file.Length / 2)],
                cancellationToken: Token));
        StringAssert.StartsWith(cut.Message,
            "Input 1 cannot be embedded as 'Image': expected the content of a picture file, whole and undamaged, found one that cannot be used: the file is "
                + "cut short");

        images.ForEach(image => image.Dispose());
        var error = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => transformer.CreateEmbeddingGenerator<MLImage>().GenerateAsync([images[0]], cancellationToken: Token));
        StringAssert.Contains(error.Message, "Input 0");
        StringAssert.Contains(error.Message, "disposed");
    }

    [TestMethod]
    public async Task BadInputsAreNamedByIndex()
    {
        using var transformer = Scoring.CreateTransformer();
        var generator = transformer.CreateEmbeddingGenerator<float[]>("A");
        var good = new float[TwoViews.DimensionA];
        var partly = new float[TwoViews.DimensionA];
        partly[4] = float.PositiveInfinity;
        foreach (var (bad, found) in new (float[]?, string)[]
        {
            (null, "found null"), ([1, 2, 3], "expected 12 finite features, found 3 of them"), (partly, "slot 4"),
            ([.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)], "missing sample"), ([], "found 0 of them"),
        })
        {
            var error = await Assert.ThrowsExactlyAsync<ArgumentException>(() => generator.GenerateAsync([good, good, bad!], cancellationToken: Token));
            StringAssert.Contains(error.Message, "Input 2 cannot be embedded as 'A'");
            StringAssert.Contains(error.Message, found);
        }
        await Assert.ThrowsExactlyAsync<ArgumentNullException>(() => generator.GenerateAsync(null!, cancellationToken: Token));
    }

    [TestMethod]
    public async Task BlankTextsAndUnknownResiduesAreNamedByIndex()
    {
        using var transformer = Create(Modality.Text("TextEmbedding", "Text", Captions.SmallNGrams),
            Modality.ProteinSequence("SequenceEmbedding", "Sequence", Proteins.SmallSequence));
        var text = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => transformer.CreateEmbeddingGenerator<string>("Text").GenerateAsync(["a", " "], cancellationToken: Token));
        StringAssert.Contains(text.Message, "Input 1");
        var sequence = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => transformer.CreateEmbeddingGenerator<string>("Sequence").GenerateAsync(["MKV", "MK7"], cancellationToken: Token));
        StringAssert.Contains(sequence.Message, "Input 1");
        StringAssert.Contains(sequence.Message, "7");
    }

    [TestMethod]
    public async Task NoInputsGiveNoEmbeddings()
    {
        using var transformer = Scoring.CreateTransformer();
        Assert.IsEmpty(await transformer.CreateEmbeddingGenerator<float[]>("A").GenerateAsync([], cancellationToken: Token));
        Assert.AreEqual(0, transformer.Columns[0].ForwardPasses);
    }

    [TestMethod]
    public void TheSideMustFitTheType()
    {
        using var transformer = Scoring.CreateTransformer();
        Contains(() => transformer.CreateEmbeddingGenerator<float[]>(), "Both sides of the model take Single[]");
        Contains(() => transformer.CreateEmbeddingGenerator<string>(), "No side of the model takes String; it has 'A', which takes float[]");
        Contains(() => transformer.CreateEmbeddingGenerator<string>("B"), "Column 'B' takes String");
        Contains(() => transformer.CreateEmbeddingGenerator<float[]>("C"), "no input column 'C'");

        static void Contains(Func<object> create, string message) => StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(create).Message, message);
    }

    [TestMethod]
    public async Task MetadataServicesAndOptions()
    {
        using var transformer = Scoring.CreateTransformer();
        using var generator = transformer.CreateEmbeddingGenerator<float[]>("B", "my-model");
        var metadata = generator.GetService<EmbeddingGeneratorMetadata>()!;
        Assert.AreEqual(("Microsoft.ML.GentleClip", "my-model", 16), (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.AreSame(transformer, generator.GetService<GentleClipTransformer>());
        Assert.AreSame(generator, generator.GetService<IEmbeddingGenerator<float[], Embedding<float>>>());
        Assert.IsNull(generator.GetService<string>());
        Assert.IsNull(generator.GetService(typeof(GentleClipTransformer), "key"));
        var input = new float[TwoViews.DimensionB];
        Assert.HasCount(1, await generator.GenerateAsync([input], new() { Dimensions = 16, ModelId = "my-model" }, Token));
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => generator.GenerateAsync([input], new() { Dimensions = 8 }, Token));
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => generator.GenerateAsync([input], new() { ModelId = "other" }, Token));
    }

    [TestMethod]
    public async Task CancellationStopsBetweenPasses()
    {
        using var transformer = Scoring.CreateTransformer();
        using var source = new CancellationTokenSource();
        var generator = transformer.CreateEmbeddingGenerator<ReadOnlyMemory<float>>("A");
        await source.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => generator.GenerateAsync([new float[TwoViews.DimensionA]], cancellationToken: source.Token));
        Assert.AreEqual(0, transformer.Columns[0].ForwardPasses);

        using var later = new CancellationTokenSource();
        transformer.Scoring = new() { BatchSize = 1 };
        var running = generator.GenerateAsync(Enumerable.Repeat((ReadOnlyMemory<float>)new float[TwoViews.DimensionA], 100_000),
            cancellationToken: later.Token);
        while (transformer.Columns[0].ForwardPasses < 3)
            await Task.Yield();
        await later.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.IsLessThan(100_000, transformer.Columns[0].ForwardPasses);
    }

    [TestMethod]
    public async Task ADisposedTransformerRefusesAndADisposedGeneratorDoesNot()
    {
        var transformer = Scoring.CreateTransformer();
        var generator = transformer.CreateEmbeddingGenerator<float[]>("A");
        generator.Dispose();
        Assert.HasCount(1, await generator.GenerateAsync([new float[TwoViews.DimensionA]], cancellationToken: Token));
        transformer.Dispose();
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => generator.GenerateAsync([new float[TwoViews.DimensionA]], cancellationToken: Token));
        Assert.ThrowsExactly<ObjectDisposedException>(() => transformer.CreateEmbeddingGenerator<float[]>("A"));
    }

    [TestMethod]
    public async Task ConcurrentCallsAreRightAndLeaveNoTensors()
    {
        using var transformer = Scoring.CreateTransformer();
        var generator = transformer.CreateEmbeddingGenerator<float[]>("A");
        var rows = TwoViews.Pairs(300, 3);
        var expected = Bits(await generator.GenerateAsync(rows.Select(row => row.A!), cancellationToken: Token));
        var before = LiveTensors.Settled();
        var calls = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => generator.GenerateAsync(rows.Select(row => row.A!), cancellationToken: Token)));
        foreach (var call in calls)
            Embeddings.AssertEqualBits(expected, Bits(call));
        LiveTensors.AssertAtMost(before);
    }

    [TestMethod]
    public async Task AContainerHandsGeneratorsOut()
    {
        using var transformer = Scoring.CreateTransformer();
        await using var provider = new ServiceCollection()
            .AddSingleton(transformer)
            .AddGentleClipEmbeddingGenerator<float[]>(inputColumnName: "A")
            .AddGentleClipEmbeddingGenerator<float[]>(transformer, "B", "model-b", "b")
            .BuildServiceProvider();
        var a = provider.GetRequiredService<IEmbeddingGenerator<float[], Embedding<float>>>();
        Assert.AreSame(a, provider.GetRequiredService<IEmbeddingGenerator<float[], Embedding<float>>>());
        Assert.HasCount(1, await a.GenerateAsync([new float[TwoViews.DimensionA]], cancellationToken: Token));
        var b = provider.GetRequiredKeyedService<IEmbeddingGenerator<float[], Embedding<float>>>("b");
        Assert.AreEqual("model-b", b.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelId);
        Assert.HasCount(1, await b.GenerateAsync([new float[TwoViews.DimensionB]], cancellationToken: Token));
    }

    private static GentleClipTransformer Create(Modality a, Modality b)
    {
        set_num_threads(1);
        using var generator = new Generator(5);
        var spec = new TwoTowerSpec(new TowerSpec(a, 0), new TowerSpec(b, 0), EmbeddingDimension: 16, Temperature: 0.07);
        return new GentleClipTransformer(new FittedModel(new TwoTowerModel(spec, generator), Seed: 5, TrainingRows.All, History: []), CPU);
    }

    private static int[][] Bits(GeneratedEmbeddings<Embedding<float>> embeddings) =>
        [.. embeddings.Select(embedding => Array.ConvertAll(embedding.Vector.ToArray(), BitConverter.SingleToInt32Bits))];

    private static void AssertClose(float[][] expected, GeneratedEmbeddings<Embedding<float>> actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (var i = 0; i < expected.Length; i++)
            Scoring.AssertClose(expected[i], actual[i].Vector.ToArray(), $"input {i}");
        Assert.AreNotEqual(expected[0][0], expected[^1][0], 1e-5f, "inputs that differ");
    }

    private sealed class Pictured
    {
        [Microsoft.ML.Transforms.Image.ImageType(32, 32)]
        public MLImage? Image { get; set; }

        public string Text { get; set; } = "";
    }
}
