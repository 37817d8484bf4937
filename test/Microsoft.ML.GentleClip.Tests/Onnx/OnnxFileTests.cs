using System.Collections;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Tests.Transformers;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>The exported file: what it says, weights beside it, replacing, stopping, errors, ML.NET's own reader.</summary>
[TestClass]
public sealed class OnnxFileTests : IDisposable
{
    private static readonly MLContext Context = OnnxModels.Context;

    private readonly TemporaryFolder _folder = new();
    private readonly string _file;

    public OnnxFileTests() => _file = _folder.File("tower.onnx");

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void TheFileSaysWhatItIsIsTheSameEachTimeAndLeavesNoTensor()
    {
        using var transformer = OnnxModels.Create(Modality.ProteinSequence("Embedding", "Sequence", Proteins.SmallSequence));
        var before = LiveTensors.Settled();
        Context.Model.ConvertGentleClipToOnnx(transformer, _file, "Embedding");
        LiveTensors.AssertAtMost(before);
        var bytes = File.ReadAllBytes(_file);
        Context.Model.ConvertGentleClipToOnnx(transformer, _file, "Embedding");
        CollectionAssert.AreEqual(bytes, File.ReadAllBytes(_file));
        CollectionAssert.AreEqual(new[] { "tower.onnx" }, Names());

        using var session = new OnnxSession(_file);
        var metadata = session.Session.ModelMetadata;
        Assert.AreEqual("Microsoft.ML.GentleClip", metadata.ProducerName);
        Assert.AreEqual("protein sequence", metadata.CustomMetadataMap["gentleclip.modality"]);
        Assert.AreEqual("ESM-2", metadata.CustomMetadataMap["gentleclip.encoder"]);
        Assert.AreEqual("16", metadata.CustomMetadataMap["gentleclip.embedding_dimension"]);
        Assert.AreEqual("Sequence", metadata.CustomMetadataMap["gentleclip.input_column"]);
        StringAssert.Contains(metadata.CustomMetadataMap["gentleclip.preprocessing"], "1022 residues");
        Assert.IsGreaterThan(0, metadata.CustomMetadataMap["gentleclip.library_version"].Length);
        CollectionAssert.AreEqual(new[] { "input_ids", "attention_mask" }, session.Session.InputNames.ToArray());
        CollectionAssert.AreEqual(new[] { "batch", "length" }, session.Session.InputMetadata["input_ids"].SymbolicDimensions);
        CollectionAssert.AreEqual(new[] { "embedding" }, session.Session.OutputNames.ToArray());
        CollectionAssert.AreEqual(new[] { -1, 16 }, session.Session.OutputMetadata["embedding"].Dimensions);
        Assert.AreEqual(Proteins.SmallSequence.Size, ((Esm2Options)((ProteinSequenceModality)session.Inputs.Modality).Encoder).Size);
    }

    [TestMethod]
    public async Task WeightsBesideTheFileBelongToItAndGoWithIt()
    {
        var sequences = Proteins.Chains(5).Select(row => row.Sequence![..40]).ToList();
        using var first = OnnxModels.Create(Modality.ProteinSequence("Embedding", "Sequence", Proteins.SmallSequence));
        using var second = OnnxModels.Create(Modality.ProteinSequence("Embedding", "Sequence", new Esm2Options { Size = new Esm2Size(1, 48, 3) }));
        File.WriteAllText(_file + ".notes.data", "someone else's");
        string[] before;
        using (var session = _folder.Export(first, "Embedding", threshold: 0))
        {
            before = Names();
            Assert.HasCount(3, before);
            await OnnxModels.CompareAsync(TestContext, first, session, sequences, 2);
        }
        Assert.IsLessThan(60_000, new FileInfo(_file).Length);
        using (var session = _folder.Export(second, "Embedding", threshold: 1000))
        {
            Assert.HasCount(3, Names(), "the former weights are gone, the others' file is not");
            Assert.HasCount(2, Names().Intersect(before).ToList());
            await OnnxModels.CompareAsync(TestContext, second, session, sequences, 2);
        }
        using (var session = _folder.Export(first, "Embedding"))
        {
            Assert.HasCount(2, Names(), "weights are inside again");
            await OnnxModels.CompareAsync(TestContext, first, session, sequences, 2);
        }
        CollectionAssert.Contains(Names(), "tower.onnx.notes.data");
    }

    [TestMethod]
    public void WeightsThatExceedTheThresholdByAByteGoBeside()
    {
        using var transformer = OnnxModels.Create(Modality.Vector("Embedding", "A", new VectorEncoderOptions { HiddenDimensions = [64] }), 20);
        using var scope = NewDisposeScope();
        var total = TowerGraph.Build(transformer.Model, Side.A).Tensors.Sum(tensor => tensor.Length);
        Context.Model.ConvertGentleClipToOnnx(transformer, _file, "Embedding", total);
        Assert.HasCount(1, Names());
        Context.Model.ConvertGentleClipToOnnx(transformer, _file, "Embedding", total - 1);
        Assert.HasCount(2, Names());
        new OnnxSession(_file).Dispose();
        File.Delete(Directory.GetFiles(_folder.FullName, "*.data").Single());
        Assert.Throws<OnnxRuntimeException>(() => new OnnxSession(_file));
    }

    [TestMethod]
    [DataRow(0L)]
    [DataRow(2_000_000_000L)]
    public void StoppedItLeavesTheFormerModelAndNothingElse(long threshold)
    {
        using var former = OnnxModels.Create(Modality.Vector("Embedding", "A", new VectorEncoderOptions { HiddenDimensions = [40] }), 20);
        using var later = OnnxModels.Create(Modality.Vector("Embedding", "A", new VectorEncoderOptions { HiddenDimensions = [64] }), 20);
        Context.Model.ConvertGentleClipToOnnx(former, _file, "Embedding", threshold);
        var (names, bytes) = (Names(), File.ReadAllBytes(_file));
        using (var stopped = new CancellationTokenSource())
        {
            stopped.Cancel();
            Assert.Throws<OperationCanceledException>(() => Context.Model.ConvertGentleClipToOnnx(later, _file, "Embedding", threshold, stopped.Token));
            AssertUnchanged();
        }
        // In the middle: after the weights beside the file, before those in it.
        using (var stopped = new CancellationTokenSource())
        {
            var count = LiveTensors.Settled();
            using (NewDisposeScope())
            {
                var graph = TowerGraph.Build(later.Model, Side.A);
                Assert.Throws<OperationCanceledException>(() => OnnxFile.Write(_file, graph, new Stopping(stopped), "1", threshold, stopped.Token));
            }
            Assert.IsTrue(stopped.IsCancellationRequested);
            LiveTensors.AssertAtMost(count);
            AssertUnchanged();
        }
        using var session = new OnnxSession(_file);
        Assert.HasCount(1, session.Embed([new float[20]]));

        void AssertUnchanged()
        {
            CollectionAssert.AreEqual(names, Names());
            CollectionAssert.AreEqual(bytes, File.ReadAllBytes(_file));
        }
    }

    [TestMethod]
    public void WhatCannotBeExportedIsNamed()
    {
        var transformer = OnnxModels.Create(Modality.Vector("Embedding", "A"), 20);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Export(transformer, "Embeddings")).Message,
            "No tower writes column 'Embeddings'; expected 'Embedding' or 'OtherEmbedding'");
        var empty = new TransformerChain<ITransformer>();
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Export(empty, "Embedding")).Message,
            "Expected a GentleClipTransformer or a chain with one");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Context.Model.ConvertGentleClipToOnnx(transformer, _file, "Embedding", -1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Context.Model.ConvertGentleClipToOnnx(transformer, _file, "Embedding", 2_000_000_001));
        Assert.Throws<IOException>(() => Context.Model.ConvertGentleClipToOnnx(transformer, Path.Combine(_folder.FullName, "none", "tower.onnx"), "Embedding"));
        transformer.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => Export(transformer, "Embedding"));
        Assert.IsEmpty(Names());

        void Export(ITransformer model, string column) => Context.Model.ConvertGentleClipToOnnx(model, _file, column);
    }

    [TestMethod]
    public void AnEncoderOfAnotherKindIsNamed()
    {
        using var transformer = OnnxModels.Create(Modality.Vector("Embedding", "A"), 20);
        foreach (var modality in new[] { new ForeignModality(), (Modality)Modality.Text("Embedding", "Sounds", new ForeignText()) })
        {
            var spec = transformer.Model.Spec with { A = new TowerSpec(modality, 0) };
            var error = Assert.ThrowsExactly<NotSupportedException>(
                () => TowerGraph.Encoder(new OnnxGraph(new Dictionary<string, Tensor>()), spec.A.Modality, null));
            StringAssert.Contains(error.Message, $"The encoder of column 'Sounds' ({nameof(ForeignText)}) cannot be written as ONNX");
        }
    }

    [TestMethod]
    public void MlNetsOwnTransformRunsVectorTowers()
    {
        using var transformer = Scoring.CreateTransformer();
        Context.Model.ConvertGentleClipToOnnx(transformer, _file, "EmbeddingA");
        var rows = TwoViews.Pairs(50, 3);
        rows[7].A = [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)];
        var data = Context.Data.LoadFromEnumerable(rows);
        var pipeline = Context.Transforms.CopyColumns("features", "A")
            .Append(Context.Transforms.ApplyOnnxModel("embedding", "features", _file,
                new Dictionary<string, int[]> { ["features"] = [1, TwoViews.DimensionA], ["embedding"] = [1, 16] }));
        var view = pipeline.Fit(data).Transform(data);
        Assert.AreEqual(16, ((VectorDataViewType)view.Schema["embedding"].Type).Size);
        var (expected, actual) = (Embeddings.Column(transformer.Transform(data), "EmbeddingA"), Embeddings.Column(view, "embedding"));
        for (var i = 0; i < rows.Count; i++)
            OnnxModels.Difference(expected[i], actual[i], $"row {i}");
        Assert.IsTrue(actual[7].All(float.IsNaN));
    }

    private string[] Names() => [.. Directory.GetFiles(_folder.FullName).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    private sealed class ForeignModality() : Modality("Embedding", "Sounds")
    {
        internal override IEncoderOptions EncoderOptions { get; } = new ForeignText();
    }

    private sealed record ForeignText : TextEncoderOptions
    {
        internal override int LargestCost => 1;
    }

    /// <summary>Cancels when it is read.</summary>
    private sealed class Stopping(CancellationTokenSource source) : IReadOnlyDictionary<string, string>
    {
        public int Count => 0;

        public IEnumerable<string> Keys => [];

        public IEnumerable<string> Values => [];

        public string this[string key] => throw new KeyNotFoundException(key);

        public bool ContainsKey(string key) => false;

        public bool TryGetValue(string key, out string value) => throw new NotSupportedException();

        public IEnumerator<KeyValuePair<string, string>> GetEnumerator()
        {
            source.Cancel();
            yield break;
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
