using Microsoft.ML.GentleClip.OnnxEncoders;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>ONNX files as encoders: what they compute, how they are saved, and that their sessions are closed.</summary>
[TestClass]
public sealed class OnnxEncoderTests : IDisposable
{
    private static readonly ImageOptions Images = new() { Size = Graphs.Side, StoredSize = Graphs.Side };

    private readonly TemporaryFolder _folder = new();

    public OnnxEncoderTests() => Graphs.WriteVocabulary(_folder.FullName);

    public void Dispose()
    {
        _folder.Dispose();
        Assert.AreEqual(0, OnnxSession.Count, "sessions that are open after the test");
    }

    [TestMethod]
    public void PicturesAndTextsTrainAreSavedByNameAndLoaded()
    {
        var lines = new List<string>();
        var phases = new List<TrainingProgress>();
        var options = Options(Pictures(), Texts());
        options.Progress = new Immediate(phases.Add);
        var (bits, path) = TrainAndSave(options, lines, out var data);
        Assert.IsTrue(
            lines.Exists(line => line.Contains("mean of the tokens, as most sentence transformers", StringComparison.Ordinal)), string.Join('\n', lines));
        Assert.IsTrue(lines.Exists(line => line.Contains("as most networks of pictures take them", StringComparison.Ordinal)));

        // Each row once, whatever the steps.
        var encoding = phases.Where(phase => phase.Phase == TrainingPhase.EncodingRows).ToLookup(phase => phase.ColumnName);
        Assert.AreEqual(29, encoding["Picture"].Max(phase => phase.Done));
        Assert.AreEqual(29, encoding["Words"].Max(phase => phase.Done));

        using var loaded = Load(path);
        Assert.AreEqual(_folder.File("resnet.onnx"), ((OnnxImageEncoderOptions)((ImageModality)loaded.ModalityA).Encoder).ModelFile);
        AssertEqual(bits, loaded, data);
        var scored = loaded.Transform(data);
        Assert.IsTrue(Embeddings.Column(scored, "PictureEmbedding")[Sample.Absent].All(float.IsNaN), "a row without a picture");
        Assert.IsTrue(Embeddings.Column(scored, "WordsEmbedding")[Sample.Absent + 1].All(float.IsNaN), "a row without words");
    }

    [TestMethod]
    public void AModelThatHoldsTheFilesNeedsThemNoMore()
    {
        var options = Options(Pictures(new OnnxImageEncoderOptions { Embed = true }), Texts(new OnnxTextEncoderOptions { Embed = true }));
        var (bits, path) = TrainAndSave(options, [], out var data);
        File.Delete(_folder.File("resnet.onnx"));
        File.Delete(_folder.File("text.onnx"));
        File.Delete(_folder.File("vocab.txt"));
        using var loaded = Load(path);
        Assert.IsNull(((OnnxTextEncoderOptions)((TextModality)loaded.ModalityB).Encoder).ModelFile);
        AssertEqual(bits, loaded, data);
        // And is saved again.
        new MLContext().Model.Save(loaded, data.Schema, _folder.File("again.zip"));
        using var again = Load(_folder.File("again.zip"));
        AssertEqual(bits, again, data);
    }

    [TestMethod]
    public void AFileThatIsGoneOrAnotherIsNamedWithBothHashes()
    {
        var (bits, path) = TrainAndSave(Options(Pictures(), Texts()), [], out var data);
        var file = _folder.File("resnet.onnx");
        var hash = OnnxContent.Read(file).Sha256;
        var moved = Directory.CreateDirectory(_folder.File("moved")).FullName;
        File.Move(file, Path.Combine(moved, "resnet.onnx"));
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => Load(path));
        StringAssert.Contains(error.Message, "column 'Picture' needs the ONNX file");
        StringAssert.Contains(error.Message, hash);

        Graphs.ResNet(file, outputName: "others");
        var other = Assert.ThrowsExactly<InvalidDataException>(() => Load(path));
        StringAssert.Contains(other.Message, hash);
        StringAssert.Contains(other.Message, OnnxContent.Read(file).Sha256);

        OnnxModelFiles.AddFolder(moved);
        using var loaded = Load(path);
        AssertEqual(bits, loaded, data);
    }

    [TestMethod]
    public void AClosedFormIsFedByTheFeatures()
    {
        var options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
        options.ModalityA = Pictures();
        options.ModalityB = Texts();
        options.PairedColumnName = "IsPaired";
        options.NumberOfThreads = 1;
        var (bits, path) = TrainAndSave(options, [], out var data);
        using var loaded = Load(path);
        AssertEqual(bits, loaded, data);
    }

    [TestMethod]
    public void VectorsAndSequencesGoThroughFilesAsWell()
    {
        var mlContext = new MLContext(1);
        string[] sequences = ["MKVLA", "ACDEFG", "MKTAYIAKQR", "GG"];
        var data = mlContext.Data.LoadFromEnumerable(Sample.Create().Select((row, i) => new Chain { Vector = row.Vector, Sequence = sequences[i % 4] }));
        var options = Options(
            Modality.Vector("VectorEmbedding", "Vector", new OnnxVectorEncoderOptions { ModelFile = Graphs.Vectors(_folder.File("v.onnx"), width: "any") }),
            Modality.ProteinSequence("SequenceEmbedding", "Sequence",
                new OnnxProteinSequenceEncoderOptions { ModelFile = Graphs.Text(_folder.File("esm.onnx")), MaximumLength = 4 }));
        options.PairedColumnName = null;
        using var model = mlContext.Transforms.GentleClip(options).Fit(data);
        var features = Encoding.Features(options.ModalityA!, data);
        CollectionAssert.AreEqual(Sample.Create()[3].Vector.Select(value => 2 * value).ToArray(), features[3]);
        int[] tokens = [0, .. Modalities.Esm2Alphabet.Encode("MKVL"), 2];
        var expected = Enumerable.Range(0, Graphs.Width).Select(slot => tokens.Average(token => Graphs.Table(token, slot))).ToArray();
        AssertClose(expected, Encoding.Features(options.ModalityB!, data)[0]);
        mlContext.Model.Save(model, data.Schema, _folder.File("chains.zip"));
        using var loaded = Load(_folder.File("chains.zip"));
        Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(data), "SequenceEmbedding"), Embeddings.Bits(loaded.Transform(data), "SequenceEmbedding"));
    }

    [TestMethod]
    public void FeaturesOfTextsAreTheMeanOfTheirTokensWhateverTheirCompany()
    {
        var (cat, a) = (5, 7);
        int[] tokens = [2, a, 9, cat, 11, 3]; // [CLS] a red cat runs [SEP]
        foreach (var (settings, file) in new (OnnxTextEncoderOptions, string)[]
        {
            (new() { Normalize = false }, Graphs.Text(_folder.File("a.onnx"))),
            (new() { Normalize = false, BatchSize = 1 }, Graphs.Text(_folder.File("b.onnx"), batch: 1L)),
            (new() { Normalize = false }, Graphs.Text(_folder.File("c.onnx"), batch: 4L, length: 12L)),
            (new() { Normalize = false }, Graphs.Text(_folder.File("d.onnx"), Graphs.Int32, hasTypes: false)),
            (new() { Normalize = false }, Graphs.Text(_folder.File("e.onnx"), hasMask: false, hasTypes: false)),
            (new() { Normalize = false }, Graphs.Text(_folder.File("f.onnx"), output: OnnxWriter.OnnxType.Double)),
        })
        {
            var features = Features(Modality.Text("WordsEmbedding", "Words", settings with { ModelFile = file }));
            var expected = Enumerable.Range(0, Graphs.Width).Select(slot => tokens.Average(token => Graphs.Table(token, slot))).ToArray();
            AssertClose(expected, features[0], file);
            AssertClose(features[0], features[6], file);
        }
        var half = Features(Modality.Text("WordsEmbedding", "Words",
            new OnnxTextEncoderOptions { Normalize = false, ModelFile = Graphs.Text(_folder.File("g.onnx"), output: Graphs.Half) }));
        AssertClose([.. Enumerable.Range(0, Graphs.Width).Select(slot => tokens.Average(token => Graphs.Table(token, slot)))], half[0], "half", 1e-3f);
        var first = Features(Modality.Text("WordsEmbedding", "Words",
            new OnnxTextEncoderOptions { Pooling = OnnxPooling.FirstToken, Normalize = true, ModelFile = _folder.File("a.onnx") }));
        var length = Math.Sqrt(Enumerable.Range(0, Graphs.Width).Sum(slot => Graphs.Table(2, slot) * Graphs.Table(2, slot)));
        AssertClose([.. Enumerable.Range(0, Graphs.Width).Select(slot => (float)(Graphs.Table(2, slot) / length))], first[3]);
    }

    [TestMethod]
    public void PixelsComeAsTheGraphTakesThem()
    {
        var color = Sample.Create()[3].Picture;
        float[] bytes = [color[0], color[Graphs.Side * Graphs.Side], color[2 * Graphs.Side * Graphs.Side]];
        foreach (var (settings, file, expected) in new (OnnxImageEncoderOptions, string, float[])[]
        {
            (new(), Graphs.ResNet(_folder.File("a.onnx")),
                [.. bytes.Select((value, i) => (value / 255 - (float)Images.Mean[i]) / (float)Images.StandardDeviation[i])]),
            (new() { Normalization = OnnxNormalization.MinusOneToOne }, Graphs.ResNet(_folder.File("b.onnx"), batch: 1L),
                [.. bytes.Select(value => value / 255 * 2 - 1)]),
            (new() { Normalization = OnnxNormalization.BlueGreenRedLessMean }, Graphs.ResNet(_folder.File("c.onnx"), side: "side"),
                [bytes[2] - 103.06262f, bytes[1] - 115.902885f, bytes[0] - 123.151634f]),
            (new(), Graphs.ChannelsLast(_folder.File("d.onnx"), Graphs.UInt8), bytes),
            (new() { Normalization = OnnxNormalization.ZeroToOne }, Graphs.ChannelsLast(_folder.File("e.onnx"), OnnxWriter.OnnxType.Single),
                [.. bytes.Select(value => value / 255)]),
        })
        {
            var features = Features(Modality.Image("PictureEmbedding", "Picture", Images, settings with { ModelFile = file }));
            AssertClose(expected, features[3], file, 2e-3f);
        }
        // A configuration as it is downloaded decides.
        File.WriteAllText(_folder.File("preprocessor_config.json"), """{"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.5, 0.25], "do_normalize": true}""");
        var configured = Features(
            Modality.Image("PictureEmbedding", "Picture", Images, new OnnxImageEncoderOptions { ModelFile = _folder.File("a.onnx") }));
        AssertClose([(bytes[0] / 255 - 0.1f) / 0.5f, (bytes[1] / 255 - 0.2f) / 0.5f, (bytes[2] / 255 - 0.3f) / 0.25f], configured[3], "configured", 2e-3f);
    }

    [TestMethod]
    public void TheExportSaysWhatToDoInstead()
    {
        var mlContext = new MLContext(1);
        var data = mlContext.Data.LoadFromEnumerable(Sample.Create());
        using var model = mlContext.Transforms.GentleClip(Options(Pictures(), Texts())).Fit(data);
        var error = Assert.ThrowsExactly<NotSupportedException>(
            () => mlContext.Model.ConvertGentleClipToOnnx(model, _folder.File("tower.onnx"), "PictureEmbedding"));
        StringAssert.Contains(error.Message, "resnet.onnx");
        StringAssert.Contains(error.Message, "Modality.Vector");
    }

    private ImageModality Pictures(OnnxImageEncoderOptions? options = null) => Modality.Image("PictureEmbedding", "Picture", Images,
        (options ?? new()) with { ModelFile = Graphs.ResNet(_folder.File("resnet.onnx")) });

    private TextModality Texts(OnnxTextEncoderOptions? options = null) =>
        Modality.Text("WordsEmbedding", "Words", (options ?? new()) with { ModelFile = Graphs.Text(_folder.File("text.onnx")) });

    private static GentleClipOptions Options(Modality a, Modality b) => new()
    {
        ModalityA = a,
        ModalityB = b,
        PairedColumnName = "IsPaired",
        EmbeddingDimension = 8,
        Batches = new() { Size = 12 },
        MaximumNumberOfSteps = 5,
        NumberOfThreads = 1,
        Seed = 3,
    };

    private static float[][] Features(Modality modality) => Encoding.Features(modality, new MLContext(1).Data.LoadFromEnumerable(Sample.Create()));

    private (Dictionary<string, int[][]> Bits, string Path) TrainAndSave(GentleClipOptions options, List<string> lines, out IDataView data)
    {
        var mlContext = new MLContext(1);
        mlContext.Log += (_, e) => lines.Add(e.Message);
        data = mlContext.Data.LoadFromEnumerable(Sample.Create());
        using var model = mlContext.Transforms.GentleClip(options).Fit(data);
        var path = _folder.File("model.zip");
        mlContext.Model.Save(model, data.Schema, path);
        var scored = model.Transform(data);
        return (new[] { "PictureEmbedding", "WordsEmbedding" }.ToDictionary(column => column, column => Embeddings.Bits(scored, column)), path);
    }

    private static GentleClipTransformer Load(string path)
    {
        try
        {
            return (GentleClipTransformer)new MLContext().Model.Load(path, out _);
        }
        catch (System.Reflection.TargetInvocationException exception) // ML.NET's
        {
            throw exception.InnerException!;
        }
    }

    private static void AssertEqual(Dictionary<string, int[][]> expected, GentleClipTransformer model, IDataView data)
    {
        foreach (var (column, bits) in expected)
            Embeddings.AssertEqualBits(bits, Embeddings.Bits(model.Transform(data), column));
    }

    private static void AssertClose(float[] expected, float[] actual, string message = "", float tolerance = 1e-5f)
    {
        Assert.HasCount(expected.Length, actual, message);
        for (var i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], tolerance * Math.Max(1, Math.Abs(expected[i])), $"{message}, slot {i}");
    }

    private sealed class Chain
    {
        [Microsoft.ML.Data.VectorType(3)]
        public float[] Vector { get; set; } = [];

        public string Sequence { get; set; } = "";
    }

    private sealed class Immediate(Action<TrainingProgress> take) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => take(value);
    }
}
