using System.Text.Json;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>Raw inputs as arrays: layouts, and what is wrong with metadata and inputs.</summary>
[TestClass]
public sealed class OnnxPreprocessorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void TokensArePaddedAndMasked()
    {
        var inputs = InputsOf(Modality.ProteinSequence("Embedding", "Sequence", Proteins.SmallSequence with { MaximumLength = 3 })).Create(["LA", "LAGV", "L"]);
        CollectionAssert.AreEqual(new long[] { 0, 4, 5, 2, 1, 0, 4, 5, 6, 2, 0, 4, 2, 1, 1 }, inputs[0].Values);
        CollectionAssert.AreEqual(new long[] { 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 }, inputs[1].Values);
        CollectionAssert.AreEqual(new[] { "input_ids", "attention_mask" }, inputs.Select(input => input.Name).ToArray());
        CollectionAssert.AreEqual(new long[] { 3, 5 }, inputs[0].Shape.ToArray());
    }

    [TestMethod]
    public void NeighbourListsOfAStraightChain()
    {
        // 4 angstrom from residue to residue, radius 8: each sees itself and the next one either way, as a pair at exactly the radius is none.
        var options = new CdConvOptions { Channels = [8, 8], Radii = [8, 12], KernelChannels = [4], SequentialKernelSize = 3, ResidueDimension = 4 };
        var chain = new AlphaCarbonTrace(new float[] { 0, 0, 0, 4, 0, 0, 8, 0, 0 });
        var inputs = InputsOf(Modality.ProteinStructure("Embedding", "AlphaCarbons", encoder: options))
            .Create([chain, new AlphaCarbonTrace(new float[] { 1, 2, 3 })]).ToDictionary(input => input.Name);
        CollectionAssert.AreEqual(new long[] { 4, 11 }, inputs["local_geometry"].Shape.ToArray());
        CollectionAssert.AreEqual(new long[] { 4, 3 }, inputs["neighbors_0"].Shape.ToArray());
        CollectionAssert.AreEqual(new long[] { 0, 1, 0, 0, 1, 2, 1, 2, 2, 3, 3, 3 }, inputs["neighbors_0"].Values);
        CollectionAssert.AreEqual(new long[] { 1, 2, 0, 0, 1, 2, 0, 1, 0, 1, 0, 0 }, inputs["offsets_0"].Values);
        var fading = (float[])inputs["fading_0"].Values;
        for (var slot = 0; slot < fading.Length; slot++)
            Assert.AreEqual(slot is not (2 or 8 or 10 or 11), fading[slot] > 0, $"slot {slot}");
        CollectionAssert.AreEqual(new long[] { 4, 3, 7 }, inputs["geometry_0"].Shape.ToArray());
        Assert.AreEqual(4, ((float[])inputs["geometry_0"].Values)[13], 1e-6);
        CollectionAssert.AreEqual(new long[] { 0, 0, 1, 2 }, inputs["pooled_0"].Values);
        CollectionAssert.AreEqual(new long[] { 2, 1, 1 }, inputs["pooled_nodes_0"].Values);
        CollectionAssert.AreEqual(new long[] { 0, 0, 1 }, inputs["chain"].Values);
        CollectionAssert.AreEqual(new long[] { 2, 1 }, inputs["chain_nodes"].Values);
    }

    [TestMethod]
    public void ThreadsMayShareThem()
    {
        var texts = Enumerable.Range(0, 200).Select(i => $"{Captions.Things[i % 8]} {Captions.Colours[i % 6]} {i}").ToList();
        var bert = Captions.SmallBert with { Vocabulary = TextVocabulary.Learn(texts.Select(text => text.AsMemory()), Captions.SmallBert) };
        var inputs = InputsOf(Modality.Text("Embedding", "Text", bert));
        var expected = inputs.Create(texts)[0].Values;
        Parallel.For(0, 16, _ => CollectionAssert.AreEqual(expected, inputs.Create(texts)[0].Values));
    }

    [TestMethod]
    public void MetadataThatClaimMillionsOfFeaturesReserveNothing()
    {
        var metadata = Metadata(Modality.Vector("Embedding", "A"), 3);
        Assert.Contains("\"inputDimension\":3,", metadata[TowerMetadata.Tower]);
        metadata[TowerMetadata.Tower] = metadata[TowerMetadata.Tower].Replace("\"inputDimension\":3,", "\"inputDimension\":100000000,",
            StringComparison.Ordinal);
        var vectors = OnnxPreprocessor.FromMetadata(metadata);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.ThrowsExactly<ArgumentException>(() => vectors.Create([new float[12]]));
        Assert.IsLessThan(1 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
        StringAssert.Contains(error.Message, "expected 100000000 finite features, found 12 of them");
    }

    [TestMethod]
    public void BadInputsAreNamedByIndex()
    {
        var sequences = InputsOf(Modality.ProteinSequence("Embedding", "Sequence", Proteins.SmallSequence));
        AssertError(() => sequences.Create(["MKV", "MK7"]), "Input 1 cannot be embedded as 'Sequence'", "'7'");
        AssertError(() => sequences.Create(["MKV", " "]), "Input 1", "missing sample");
        AssertError(() => sequences.Create(["MKV", null!]), "Input 1", "found null");
        AssertError(() => sequences.Create(Array.Empty<string>()), "Expected one input or more");
        AssertError(() => sequences.Create([new float[3]]), "Column 'Sequence' takes string, found Single[]");
        var vectors = InputsOf(Modality.Vector("Embedding", "A"), 3);
        AssertError(() => vectors.Create([new float[3], new float[2]]), "Input 1", "expected 3 finite features, found 2 of them");
        AssertError(() => vectors.Create<float[]>([[1, float.NaN, 3]]), "Input 0", "slot 1");
        var chains = InputsOf(Modality.ProteinStructure("Embedding", "AlphaCarbons", encoder: Proteins.SmallStructure));
        AssertError(() => chains.Create([new AlphaCarbonTrace(new float[4])]), "Input 0", "multiple of 3");
        AssertError(() => chains.Create([new AlphaCarbonTrace(ReadOnlyMemory<float>.Empty)]), "Input 0", "missing sample");

        static void AssertError(Func<object> act, params string[] parts)
        {
            var error = Assert.ThrowsExactly<ArgumentException>(act);
            foreach (var part in parts)
                StringAssert.Contains(error.Message, part);
        }
    }

    [TestMethod]
    public void MetadataOfAnotherFileAreRefused()
    {
        var good = Metadata(Modality.Vector("Embedding", "A"), 3);
        Assert.AreEqual(16, OnnxPreprocessor.FromMetadata(good).EmbeddingDimension);
        AssertError([], "no entry 'gentleclip.format'");
        AssertError(With("gentleclip.format", "2"), "format '2'; expected '1'");
        AssertError(With("gentleclip.embedding_dimension", "-3"), "'-3'");
        AssertError(With("gentleclip.tower", "null"), "null");
        AssertError(With("gentleclip.tower", "{\"modality\":\"smell\"}"), "cannot be used");
        AssertError(With("gentleclip.tower", good["gentleclip.tower"].Replace("\"inputDimension\":3", "\"inputDimension\":0", StringComparison.Ordinal)),
            "expected 1 or more, found 0");

        Dictionary<string, string> With(string key, string value) => new(good) { [key] = value };

        static void AssertError(Dictionary<string, string> metadata, string part) =>
            StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => OnnxPreprocessor.FromMetadata(metadata)).Message, part);
    }

    [TestMethod]
    public void TorchsNativeLibrariesAreNotNeeded()
    {
        var bert = Captions.SmallBert with { Vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "mkv"] };
        string[] files = [.. new (Modality Modality, int Dimension)[]
        {
            (Modality.Vector("Embedding", "Vector"), 3),
            (Modality.ProteinSequence("Embedding", "Sequence", Proteins.SmallSequence), 0),
            (Modality.ProteinStructure("Embedding", "Structure", encoder: Proteins.SmallStructure), 0),
            (Modality.Text("Embedding", "Words", bert), 0),
            (Modality.Text("Embedding", "NGrams", Captions.SmallNGrams), 0),
        }.Select((tower, i) =>
        {
            var file = _folder.File($"{i}.json");
            File.WriteAllText(file, JsonSerializer.Serialize(Metadata(tower.Modality, tower.Dimension)));
            return file;
        })];
        using var bare = new TemporaryFolder();
        ChildProcess.CopyManaged(bare.FullName);
        var result = ChildProcess.Run(bare.FullName, ["tower-inputs", .. files]);
        Assert.AreEqual(0, result.ExitCode, result.ToString());
        CollectionAssert.AreEqual(new[]
        {
            "Vector: features [1 3]",
            "Sequence: input_ids [2 7], attention_mask [2 7]",
            "Structure: local_geometry [3 11], neighbors_0 [3 3], offsets_0 [3 3], geometry_0 [3 3 7], fading_0 [3 3], pooled_0 [3], pooled_nodes_0 [2], "
                + "neighbors_1 [2 2], offsets_1 [2 2], geometry_1 [2 2 7], fading_1 [2 2], chain [2], chain_nodes [1]",
            "Words: input_ids [2 3], attention_mask [2 3]",
            "NGrams: ngram_ids [2 16], ngram_counts [2 16]",
        }, result.Lines.ToArray(), result.ToString());
    }

    private OnnxPreprocessor InputsOf(Modality modality, int inputDimension = 0) => OnnxPreprocessor.FromMetadata(Metadata(modality, inputDimension));

    private Dictionary<string, string> Metadata(Modality modality, int inputDimension)
    {
        using var transformer = OnnxModels.Create(modality, inputDimension);
        using var session = _folder.Export(transformer, "Embedding");
        return session.Session.ModelMetadata.CustomMetadataMap;
    }
}
