using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Tests.Transformers;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>Exported encoders of vectors, sequences, texts and pictures in ONNX Runtime against torch, on real inputs.</summary>
[TestClass]
public sealed class OnnxEncoderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("")]
    [DataRow("32")]
    [DataRow("64,32,16")]
    public async Task Vectors(string widths)
    {
        var layers = widths.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToArray();
        using var transformer = OnnxModels.Create(
            Modality.Vector("Embedding", "A", new VectorEncoderOptions { HiddenDimensions = layers }), TwoViews.DimensionA);
        using var session = _folder.Export(transformer, "Embedding");
        var rows = TwoViews.Pairs(300, 3).Select(row => row.A!).ToList();
        await OnnxModels.CompareAsync(TestContext, transformer, session, rows, 1, 7, 300);
    }

    [TestMethod]
    public void AVectorThatIsNotFiniteIsNaNAsInTheColumnAndTheOthersStay()
    {
        using var transformer = Scoring.CreateTransformer();
        using var session = _folder.Export(transformer, "EmbeddingA");
        var rows = TwoViews.Pairs(8, 3);
        rows[1].A = [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)];
        rows[2].A![4] = float.NaN;
        rows[4].A![0] = float.PositiveInfinity;
        rows[6].A![^1] = float.NegativeInfinity;
        var expected = Embeddings.Column(transformer.Transform(OnnxModels.Context.Data.LoadFromEnumerable(rows)), "EmbeddingA");
        var actual = session.Run([new OnnxInput("features", rows.SelectMany(row => row.A!).ToArray(), rows.Count, TwoViews.DimensionA)]);
        for (var i = 0; i < rows.Count; i++)
            OnnxModels.Difference(expected[i], actual[i], $"row {i}");
        Assert.HasCount(4, expected.Where(row => row.All(float.IsNaN)).ToList());
        Assert.IsEmpty(session.Run([new OnnxInput("features", Array.Empty<float>(), 0, TwoViews.DimensionA)]), "a batch of none");
    }

    [TestMethod]
    [DataRow(Esm2Pooling.Mean)]
    [DataRow(Esm2Pooling.BeginningOfSequence)]
    public async Task SequencesOfAllLengths(Esm2Pooling pooling)
    {
        var options = new Esm2Options { Size = new Esm2Size(3, 32, 4), Pooling = pooling, MaximumLength = 150 };
        using var transformer = OnnxModels.Create(Modality.ProteinSequence("Embedding", "Sequence", options));
        using var session = _folder.Export(transformer, "Embedding");
        var sequences = Proteins.Chains(24).Select(row => row.Sequence!).ToList();
        Assert.IsTrue(sequences.Exists(sequence => sequence.Length > options.MaximumLength)
            && sequences.Exists(sequence => sequence.Length < options.MaximumLength), "lengths");
        sequences.AddRange(["M", "AX", "MK<mask>V", "<mask><mask>", "M K V<unk>.-BZUO"]);
        await OnnxModels.CompareAsync(TestContext, transformer, session, sequences, 1, 6, 29);
    }

    [TestMethod]
    public async Task ASequenceNetworkOfAPublishedSize()
    {
        using var transformer = OnnxModels.Create(Modality.ProteinSequence("Embedding", "Sequence", new Esm2Options { Size = Esm2Size.T6_8M }),
            embeddingDimension: 128);
        using var session = _folder.Export(transformer, "Embedding");
        await OnnxModels.CompareAsync(TestContext, transformer, session, Proteins.Chains(4).Select(row => row.Sequence!).ToList(), 1, 4);
    }

    [TestMethod]
    public void PaddingChangesNothingAndARowWithoutTokensIsNaN()
    {
        using var transformer = OnnxModels.Create(Modality.ProteinSequence("Embedding", "Sequence", Proteins.SmallSequence));
        using var session = _folder.Export(transformer, "Embedding");
        var inputs = session.Inputs.Create(["MKV", "MKVLA"]);
        var expected = session.Run(inputs);
        // Three more columns of padding, and a row that is nothing else.
        var (tokens, mask) = ((long[])inputs[0].Values, (long[])inputs[1].Values);
        var (wideTokens, wideMask) = (Enumerable.Repeat(1L, 3 * 10).ToArray(), new long[3 * 10]);
        for (var row = 0; row < 2; row++)
        {
            tokens.AsSpan(7 * row, 7).CopyTo(wideTokens.AsSpan(10 * row));
            mask.AsSpan(7 * row, 7).CopyTo(wideMask.AsSpan(10 * row));
        }
        var actual = session.Run([new OnnxInput("input_ids", wideTokens, 3, 10), new OnnxInput("attention_mask", wideMask, 3, 10)]);
        for (var row = 0; row < 2; row++)
            OnnxModels.Difference(expected[row], actual[row], $"row {row}");
        Assert.IsTrue(actual[2].All(float.IsNaN));
        Assert.Throws<OnnxRuntimeException>(() =>
            session.Run([new OnnxInput("input_ids", wideTokens, 3, 10), new OnnxInput("attention_mask", wideMask[..27], 3, 9)]));
        Assert.Throws<OnnxRuntimeException>(() =>
            session.Run([new OnnxInput("input_ids", new long[] { 0, 33, 2 }, 1, 3), new OnnxInput("attention_mask", new long[] { 1, 1, 1 }, 1, 3)]));
    }

    [TestMethod]
    [DataRow(BertPooling.Mean)]
    [DataRow(BertPooling.ClassificationToken)]
    public async Task TextsOfAllLengths(BertPooling pooling)
    {
        var texts = Texts();
        var options = Captions.SmallBert with { Pooling = pooling };
        options = options with { Vocabulary = TextVocabulary.Learn(texts.Select(text => text.AsMemory()), options) };
        using var transformer = OnnxModels.Create(Modality.Text("Embedding", "Text", options));
        using var session = _folder.Export(transformer, "Embedding");
        await OnnxModels.CompareAsync(TestContext, transformer, session, texts, 1, 9, texts.Count);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task TextsByNGrams(bool isBare)
    {
        var options = isBare
            ? new TextNGramOptions { Buckets = 16, TableDimension = 8, HiddenDimensions = [], MinimumLength = 2, MaximumLength = 1, LowerCase = false }
            : new TextNGramOptions();
        using var transformer = OnnxModels.Create(Modality.Text("Embedding", "Text", options));
        using var session = _folder.Export(transformer, "Embedding");
        var texts = Texts();
        await OnnxModels.CompareAsync(TestContext, transformer, session, texts, 1, 9, texts.Count);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task PicturesByAResidualNetwork(bool isBottleneck)
    {
        var images = new ImageOptions { Size = 33, StoredSize = 36, Fit = ImageFit.Stretch };
        var size = isBottleneck ? new ResNetSize([1, 2, 1, 1], 4, bottleneck: true) : new ResNetSize([2, 1, 1, 1], 8, bottleneck: false);
        using var transformer = OnnxModels.Create(Modality.Image("Embedding", "Image", images, new ResNetOptions { Size = size }));
        using var session = _folder.Export(transformer, "Embedding");
        await ComparePicturesAsync(transformer, session);
    }

    [TestMethod]
    [DataRow(ViTPooling.ClassToken)]
    [DataRow(ViTPooling.Mean)]
    public async Task PicturesByAVisionTransformer(ViTPooling pooling)
    {
        using var transformer = OnnxModels.Create(Modality.Image("Embedding", "Image", Pictures.Images, Pictures.ViT with { Pooling = pooling }));
        using var session = _folder.Export(transformer, "Embedding");
        await ComparePicturesAsync(transformer, session);
        var error = Assert.Throws<OnnxRuntimeException>(() => session.Run([new OnnxInput("pixel_values", new float[3 * 8 * 8], 1, 3, 8, 8)]));
        StringAssert.Contains(error.Message, "pixel_values");
    }

    private async Task ComparePicturesAsync(GentleClipTransformer transformer, OnnxSession session)
    {
        var pictures = Emoji.Pictures("google").Take(12).Concat(Emoji.Pictures("twitter").Take(12))
            .Select((pixels, i) => Picture(pixels, hasHoles: i % 3 == 0)).ToList();
        await OnnxModels.CompareAsync(TestContext, transformer, session, pictures, 1, 5, pictures.Count);
        pictures.ForEach(picture => picture.Dispose());
    }

    // Some with a transparent corner.
    private static MLImage Picture(byte[] pixels, bool hasHoles)
    {
        var colors = new byte[Emoji.Side * Emoji.Side * 4];
        for (var i = 0; i < colors.Length / 4; i++)
        {
            pixels.AsSpan(3 * i, 3).CopyTo(colors.AsSpan(4 * i));
            colors[4 * i + 3] = hasHoles && i < 300 ? (byte)(i % 256) : byte.MaxValue;
        }
        return MLImage.CreateFromPixels(Emoji.Side, Emoji.Side, MLPixelFormat.Rgba32, colors);
    }

    private static List<string> Texts() =>
    [
        .. Emoji.Words.Take(30),
        string.Join(' ', Emoji.Words.Take(95)), // longer than what is read
        "a", "Łódź, naïve café", "日本語のテキスト", "\u200B", "...", "👩‍👩‍👧 family", "ǅ x x x x x",
    ];
}
