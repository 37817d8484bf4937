using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML.GentleClip.Weights;
using static Microsoft.ML.GentleClip.Tests.Weights.Checkpoints;

namespace Microsoft.ML.GentleClip.Tests.Weights;

[TestClass]
public sealed class PyTorchCheckpointTests
{
    private static readonly string Zoo = GoldenWeights.PathOf("loader_zoo", "zoo.pt");

    [TestMethod]
    public void ReadsEveryTypeViewAndSharedStorageThatTheReferenceWrote()
    {
        var live = LiveTensors.Settled();
        using (var tensors = PyTorchCheckpointReader.Read(Zoo))
        {
            using var json = JsonDocument.Parse(File.ReadAllText(GoldenWeights.PathOf("loader_zoo", "zoo.json")));
            Assert.HasCount(21, tensors);
            GoldenWeights.AssertEqual(json.RootElement.GetProperty("zoo.pt"), tensors);
            LiveTensors.AssertAtMost(live + 21);
            tensors["base"].fill_(7);
            Assert.AreNotEqual(7, GoldenWeights.Doubles(tensors["view_rows_2_to_5"])[0]); // no two names share memory
        }
        LiveTensors.AssertAtMost(live);
    }

    [TestMethod]
    public void EveryCheckpointEqualsItsSafetensorsTwin()
    {
        var pairs = Directory.GetFiles(GoldenWeights.PathOf(), "*.pt*", SearchOption.AllDirectories)
            .Select(file => (Checkpoint: file, Twin: Path.ChangeExtension(file, ".safetensors")))
                .Where(pair => File.Exists(pair.Twin) && !pair.Twin.Contains("zoo")).ToArray();
        Assert.IsGreaterThanOrEqualTo(3, pairs.Length);
        foreach (var (checkpoint, twin) in pairs)
        {
            using var found = PyTorchCheckpointReader.Read(checkpoint);
            using var expected = SafetensorsReader.Read(twin);
            GoldenWeights.AssertSame(expected, found, checkpoint);
        }
    }

    [TestMethod]
    public void ReadsTheFormatBeforeZip()
    {
        var live = LiveTensors.Settled();
        using (var found = PyTorchCheckpointReader.Read(GoldenWeights.PathOf("projection_head", "head.legacy_nonzip.pt")))
        using (var expected = SafetensorsReader.Read(GoldenWeights.PathOf("projection_head", "head.safetensors")))
            GoldenWeights.AssertSame(expected, found);
        LiveTensors.AssertAtMost(live);
    }

    [TestMethod]
    public void NestedDictionariesGetDottedNamesAndOtherValuesBecomeMetadata()
    {
        using var tensors = PyTorchCheckpointReader.Read(GoldenWeights.PathOf("loader_zoo", "nested.pt"));
        CollectionAssert.AreEqual(new[] { "a", "b.c" }, tensors.Keys.ToArray());
        CollectionAssert.AreEqual(new[] { 1.0, 2.0 }, GoldenWeights.Doubles(tensors["a"]));
        Assert.AreEqual(5, tensors["b.c"].item<long>());
        CollectionAssert.AreEquivalent(new[] { "epoch=3", "best=0.5", "name=x" }, tensors.Metadata.Select(pair => $"{pair.Key}={pair.Value}").ToArray());
    }

    [TestMethod]
    public void SettingsBesideTheWeightsAreKept()
    {
        using var tensors = PyTorchCheckpointReader.Read(GoldenWeights.PathOf("esm2", "esm2_tiny.fairesm_raw.pt"));
        Assert.AreEqual("3", tensors.Metadata["cfg.model.encoder_layers"]);
        Assert.AreEqual("True", tensors.Metadata["cfg.model.token_dropout"]);
        Assert.IsTrue(tensors.ContainsKey("encoder.sentence_encoder.embed_tokens.weight"));
    }

    [TestMethod]
    public void TheUsualKeysAreSearchedInOrder()
    {
        string[] keys = ["module", "model_state_dict", "state_dict", "model"];
        for (var count = 1; count <= keys.Length; count++)
        {
            var pickle = Start + "}(" + Text("step") + Tensor([1], [1])
                + string.Concat(keys.Take(count).Select(key => $"{Text(key)}}}{Text(key + ".w")}{Tensor([6], [1])}s")) + "u.";
            using var tensors = Read(Zip(pickle));
            Assert.AreEqual(keys[count - 1] + ".w", tensors.Keys.Single());
        }
    }

    [TestMethod]
    public void ADictionaryMayBeNamedByItsKeys()
    {
        var file = Zip($"{Start}}}{Text("ema")}}}{Text("net.0")}}}{Text("w")}{Tensor([2, 3], [1, 2])}sss.");
        using (var tensors = Read(file, "ema", "net.0"))
            CollectionAssert.AreEqual(new[] { 0.0, 2, 4, 1, 3, 5 }, GoldenWeights.Doubles(tensors["w"]));
        Assert.Contains("no dictionary 'net.1'; keys found: 'net.0'", Assert.ThrowsExactly<InvalidDataException>(() => Read(file, "ema", "net.1")).Message);
        AssertRefused(file, "no dictionary of tensors at the top or under 'model', 'state_dict', 'model_state_dict', 'module'; keys found: 'ema'");
    }

    [TestMethod]
    public void WhatIsNoDictionaryOfTensorsIsRefused()
    {
        AssertRefused(Zip($"{Start}{Tensor([6], [1])}."), "expected a dictionary of tensors, found a single tensor");
        AssertRefused(Zip($"{Start}]."), "found a list");
        AssertRefused(Zip($"{Start}}}."), "keys found: none");
        AssertRefused(Zip($"{Start}}}({Integer(1)}{Tensor([6], [1])}{Text("w")}{Tensor([6], [1])}u."), "keys that are not text");
        AssertRefused(Zip($"{Start}}}({Text("a.b")}{Tensor([6], [1])}{Text("a")}}}{Text("b")}{Tensor([6], [1])}su."), "two tensors 'a.b'");
    }

    [TestMethod]
    public void InertValuesOfEveryProtocolAreUnderstood()
    {
        var values = new[]
        {
            "N", "\u0088", "\u0089", "K\u0001", "M\u0001\u0002", "J\u0001\u0002\u0003\u0004", "\u008a\0", "\u008b\u0001\0\0\0\u0005", "G\0\0\0\0\0\0\0\0",
                "\u008c\u0001x", "U\u0001x", "T\u0001\0\0\0x",
            "\u008d" + Number(1, 8) + "x", "C\u0001x", "B\u0001\0\0\0x", "\u008e" + Number(1, 8) + "x", ")", "N\u0085", "NN\u0086", "NNN\u0087", "(NNt", "]",
                "(NNl", "]Na", "](NNe", "}", $"({Text("k")}Nd",
            "\u008f(NN\u0090", "(NN\u0091", "]\u0094", "]q\u0005" + "0h\u0005", "]r\u0006\0\0\0j\u0006\0\0\0" + "0", "(NN1N", "\u0080\u0004N",
                "\u0095\u0001\0\0\0\0\0\0\0N",
            $"{Text("collections")}{Text("OrderedDict")}\u0093)R", Global("collections.OrderedDict") + $"](]({Text("k")}Nee\u0085R",
                Global("torch.Size") + "K\u0002\u0085\u0085R", Global("torch.float32"),
            Global("torch.device") + $"{Text("cuda")}K\0\u0086R", Global("__builtin__.set") + "]Na\u0085R",
                Global("_codecs.encode") + $"{Text("a")}{Text("latin1")}\u0086R",
            Global("argparse.Namespace") + $")\u0081}}{Text("k")}Nsb", Global("collections.OrderedDict") + $")R}}{Text("_metadata")}Nsb",
        };
        for (var i = 0; i < values.Length; i++)
        {
            using var tensors = Read(Zip($"{Start}}}({Text("other")}{values[i]}{Text("w")}{Tensor([6], [1])}u."));
            Assert.AreEqual("w", tensors.Keys.Single(), $"value {i}");
        }
    }

    [TestMethod]
    public void MembersThatNobodyNeedsAreIgnoredAndNamesNeverTouchTheDisk()
    {
        var pickle = Bytes(Single(Tensor([6], [1])));
        using var tensors = Read(Zip(("../../evil", [1]), ("x/.data/serialization_id", "123"u8.ToArray()), ("x/byteorder", "little"u8.ToArray()),
            ("x/version", "3\n"u8.ToArray()),
            ("x/data.pkl", pickle), ("x/code/data.pkl", [1, 2]), ("x/data/0", FirstSix), ("x/data/1", [])));
        Assert.AreEqual(5, GoldenWeights.Doubles(tensors["w"])[5]);
        Assert.IsFalse(File.Exists(Path.Combine("..", "..", "evil")));
    }

    [TestMethod]
    public void ReadsFromTheStreamsPositionOnAndFromOneThatCannotSeek()
    {
        var file = File.ReadAllBytes(Zoo);
        using (var tensors = PyTorchCheckpointReader.Read(new MemoryStream([1, 2, 3, .. file]) { Position = 3 }, "memory"))
            Assert.HasCount(21, tensors);
        using var opened = new ZipArchive(new MemoryStream(Checkpoints.Zip(CompressionLevel.Fastest, ("zoo.pt", file)))).GetEntry("zoo.pt")!.Open();
        Assert.IsFalse(opened.CanSeek);
        using var again = PyTorchCheckpointReader.Read(opened, "outer.zip/zoo.pt");
        Assert.HasCount(21, again);
    }

    [TestMethod]
    public void EmptyTensorsOfManyShapesAreRead()
    {
        using var tensors = Read(Zip(Single(Tensor([0, 1L << 40], [1L << 40, 1], offset: 3))));
        CollectionAssert.AreEqual(new[] { 0, 1L << 40 }, tensors["w"].shape);
    }
}
