using Microsoft.ML.GentleClip.OnnxEncoders;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>Files that cannot be encoders, and saved models that cannot be read: each error names file, port, expected and found.</summary>
[TestClass]
public sealed class OnnxEncoderErrorTests : IDisposable
{
    private static readonly ImageOptions Images = new() { Size = Graphs.Side, StoredSize = Graphs.Side };

    private readonly TemporaryFolder _folder = new();

    public OnnxEncoderErrorTests() => Graphs.WriteVocabulary(_folder.FullName);

    public void Dispose()
    {
        _folder.Dispose();
        Assert.AreEqual(0, OnnxSession.Count, "sessions that are open after the test");
    }

    [TestMethod]
    public void WhatIsNoOnnxFileIsToldApart()
    {
        foreach (var (content, said) in new (byte[], string)[]
        {
            ([], "an empty file"),
            ("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3"u8.ToArray(), "a pointer of Git LFS"),
            ("<html>not found</html>"u8.ToArray(), "something else or of a damaged file"),
            (File.ReadAllBytes(Graphs.ResNet(_folder.File("whole.onnx")))[..60], "something else or of a damaged file"),
            ([0x08, 0x09], "without a graph"),
        })
        {
            File.WriteAllBytes(_folder.File("broken.onnx"), content);
            var error = Assert.ThrowsExactly<InvalidDataException>(() => FitPictures(new() { ModelFile = _folder.File("broken.onnx") }));
            StringAssert.Contains(error.Message, _folder.File("broken.onnx"));
            StringAssert.Contains(error.Message, said);
        }
        // Well-formed, and not a graph that can be run.
        File.WriteAllBytes(_folder.File("broken.onnx"), [0x08, 0x09, 0x3a, 0x00]);
        Problem(() => FitPictures(new() { ModelFile = _folder.File("broken.onnx") }), "broken.onnx: ONNX Runtime");
        Assert.ThrowsExactly<FileNotFoundException>(() => FitPictures(new() { ModelFile = _folder.File("none.onnx") }));
        var folder = Assert.ThrowsExactly<FileNotFoundException>(() => FitPictures(new() { ModelFile = _folder.FullName }));
        StringAssert.Contains(folder.Message, "is a folder");
    }

    [TestMethod]
    public void GraphsOfOtherShapesAreRefused()
    {
        Problem(() => FitPictures(new() { ModelFile = Graphs.Vectors(_folder.File("v.onnx")) }), "expected one input for pictures", "'x' (Float [batch, 3])");
        Problem(() => FitPictures(new() { ModelFile = Graphs.ResNet(_folder.File("grey.onnx"), channels: 1) }), "takes 1 channels");
        Problem(() => FitPictures(new() { ModelFile = Graphs.ResNet(_folder.File("big.onnx"), side: 16L) }), "16 x 16 pixels", "Size is 8. Set it to 16");
        Problem(() => FitPictures(new() { ModelFile = Graphs.ResNet(_folder.File("a.onnx")), Pooling = OnnxPooling.FirstToken }),
            "'features' (Float [batch, 3, 1, 1])", "cannot be pooled by FirstToken; expected Mean");
        Problem(() => FitPictures(new() { ModelFile = _folder.File("a.onnx"), InputName = "pixels" }), "there is no input 'pixels'", "'pixel_values'");
        Problem(() => FitPictures(new() { ModelFile = _folder.File("a.onnx"), OutputName = "logits" }), "there is no output 'logits'", "'features'");
        Problem(() => FitTexts(new() { ModelFile = Graphs.ResNet(_folder.File("r.onnx")) }), "expected one input for tokens");
        Problem(() => FitTexts(new() { ModelFile = Graphs.Text(_folder.File("f.onnx"), OnnxWriter.OnnxType.Single, hasMask: false, hasTypes: false) }, false),
            "f.onnx");
        Problem(() => FitTexts(new() { ModelFile = Graphs.Text(_folder.File("clip.onnx"), hasPictures: true) }),
            "also takes 'pixel_values'", "export the part of the model that takes tokens alone");
        Problem(() => FitVectors(new() { ModelFile = Graphs.Vectors(_folder.File("wide.onnx"), width: 5L) }), "takes vectors of 5 numbers; the column has 3");
        Problem(() => FitVectors(new() { ModelFile = _folder.File("v.onnx"), Standardize = true }), "Standardize to be false");
    }

    [TestMethod]
    public void OfSeveralOutputsOneIsTakenAndReported()
    {
        var lines = new List<string>();
        FitPictures(new() { ModelFile = Graphs.ResNet(_folder.File("two.onnx"), hasSecond: true) }, lines);
        Assert.IsTrue(lines.Exists(line => line.Contains("took 'features'", StringComparison.Ordinal)), string.Join('\n', lines));
        FitPictures(new() { ModelFile = _folder.File("two.onnx"), OutputName = "map" });
    }

    [TestMethod]
    public void WeightsInAFileBesideAreFoundOrMissed()
    {
        var file = Graphs.External(_folder.File("external.onnx"));
        FitVectors(new() { ModelFile = file });
        Problem(() => FitVectors(new() { ModelFile = file, Embed = true }), "a saved model cannot hold it", "Embed = false");
        var weights = Directory.GetFiles(_folder.FullName, "*.data").Single();
        var before = OnnxContent.Read(file).Sha256;
        var bytes = File.ReadAllBytes(weights);
        bytes[17] ^= 1;
        File.WriteAllBytes(weights, bytes);
        Assert.AreNotEqual(before, OnnxContent.Read(file).Sha256, "the hash is over the weights, too");
        File.Delete(weights);
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => FitVectors(new() { ModelFile = file }));
        StringAssert.Contains(error.Message, Path.GetFileName(weights));
    }

    [TestMethod]
    public void SettingsThatCannotBeAreRefused()
    {
        var missing = Assert.ThrowsExactly<ArgumentException>(() => FitPictures(new()));
        StringAssert.Contains(missing.Message, "ModelFile is not set");
        var weights = Assert.ThrowsExactly<ArgumentException>(() => FitPictures(new() { ModelFile = "a.onnx", WeightsFile = "b.pt" }));
        StringAssert.Contains(weights.Message, "leave WeightsFile and WeightsKey out");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new OnnxTextEncoderOptions { BatchSize = 0 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new OnnxTextEncoderOptions { MaximumLength = 1 });
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new OnnxImageEncoderOptions { Normalization = (OnnxNormalization)99 });
    }

    [TestMethod]
    public void TokenizersThatAreNotThereAreRefusedByName()
    {
        var text = Graphs.Text(_folder.File("text.onnx"));
        foreach (var (json, said) in new[]
        {
            ("""{"model": {"type": "Unigram", "vocab": []}}""", "a tokenizer of type 'Unigram'"),
            ("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}""", "BPE over characters"),
            ("""{"pre_tokenizer": {"type": "Metaspace"}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}""", "the pre_tokenizer 'Metaspace'"),
            ("""{"normalizer": {"type": "Precompiled"}, "model": {"type": "WordPiece", "vocab": {"a": 0}}}""", "the normalizer 'Precompiled'"),
            ("""{"model": {"type": "WordPiece", "vocab": {"a": -1}}}""", "numbers of tokens from -1"),
            ("{", "expected"),
        })
        {
            File.WriteAllText(_folder.File("tokenizer.json"), json);
            Problem(() => FitTexts(new() { ModelFile = text, TokenizerFile = _folder.File("tokenizer.json") }), "tokenizer.json", said);
        }
        File.Delete(_folder.File("vocab.txt"));
        File.Delete(_folder.File("tokenizer.json"));
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => FitTexts(new() { ModelFile = text }));
        StringAssert.Contains(error.Message, "has no file of tokens beside it");
    }

    private void FitPictures(OnnxImageEncoderOptions options, List<string>? lines = null) =>
        Fit(Modality.Image("PictureEmbedding", "Picture", Images, options), lines);

    private void FitTexts(OnnxTextEncoderOptions options, bool runs = true)
    {
        Fit(Modality.Text("WordsEmbedding", "Words", options), null);
        Assert.IsTrue(runs, "it was to be refused");
    }

    private void FitVectors(OnnxVectorEncoderOptions options) => Fit(Modality.Vector("OtherEmbedding", "Other", options), null);

    private void Fit(Modality modality, List<string>? lines)
    {
        var mlContext = new MLContext(1);
        if (lines is not null)
            mlContext.Log += (_, e) => lines.Add(e.Message);
        var options = new GentleClipOptions
        {
            ModalityA = modality,
            ModalityB = Modality.Vector("VectorEmbedding", "Vector"),
            EmbeddingDimension = 8,
            Batches = new() { Size = 12 },
            MaximumNumberOfSteps = 2,
            NumberOfThreads = 1,
        };
        var data = mlContext.Transforms.CopyColumns("Other", "Vector").Fit(_data.Value).Transform(_data.Value);
        using var model = mlContext.Transforms.GentleClip(options).Fit(data);
        Assert.IsNotNull(model);
    }

    private readonly Lazy<IDataView> _data = new(() => new MLContext(1).Data.LoadFromEnumerable(Sample.Create()));

    private static void Problem(Action fit, params string[] said)
    {
        var error = Assert.ThrowsExactly<InvalidDataException>(fit);
        foreach (var part in said)
            StringAssert.Contains(error.Message, part);
    }
}
