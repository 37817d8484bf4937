using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Tests.Encoders;
using Microsoft.ML.GentleClip.Weights;
using static Microsoft.ML.GentleClip.Tests.Weights.Checkpoints;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Weights;

[TestClass]
public sealed class WeightResolverTests
{
    // An architecture of two tensors, for checkpoints that are written by hand.
    private static readonly WeightLayout Net = new("Net", @"^(a|b)\.", new WeightForm("a.weight", "b.weight", new NameMap()));

    private static readonly string Ten = Tensor([6], [1]);

    private static string Pair => $"}}({Text("a.weight")}{Ten}{Text("b.weight")}{Ten}u";

    [TestMethod]
    [DataRow("module.")]
    [DataRow("_orig_mod.")]
    [DataRow("model.")]
    [DataRow("backbone.")]
    [DataRow("0.auto_model.")]
    [DataRow("state_dict.model._orig_mod.")]
    [DataRow("whatever_it_is.called.")]
    public void AnyPrefixIsTakenAwayFromEveryArchitecture(string prefix)
    {
        foreach (var (file, layout, anchor) in Architectures())
        {
            var live = LiveTensors.Settled();
            using (var expected = Resolved(file, layout, anchor, "", out _))
            using (var found = Resolved(file, layout, anchor, prefix, out var notes))
            {
                GoldenWeights.AssertSame(expected, found, $"{layout.Name} behind {prefix}");
                Assert.Contains(note => note.Contains($"took the weights under '{prefix.TrimEnd('.')}", StringComparison.Ordinal), notes, layout.Name);
            }
            LiveTensors.AssertAtMost(live, layout.Name);
        }
    }

    [TestMethod]
    public void WhatAnEncoderDoesNotHaveIsLeftOutAndNamed()
    {
        foreach (var (file, layout, anchor) in Architectures())
        {
            using var scope = NewDisposeScope();
            using var expected = Resolved(file, layout, anchor, "", out _);
            using var tensors = WeightFile.Read(file);
            using var more = new StateDict("memory", [.. tensors.Take().Select(entry => KeyValuePair.Create("net.x." + entry.Key, entry.Value)),
                new("net.classifier.weight", zeros(2)), new("_dummy", zeros(0))]);
            var request = new WeightRequest(layout);
            using var found = TowerWeights.Resolve(more, layout, anchor, request);
            GoldenWeights.AssertSame(expected, found, layout.Name);
            Assert.Contains(note => note.Contains("'net.classifier.weight', '_dummy'", StringComparison.Ordinal), request.Notes, layout.Name);
        }
    }

    [TestMethod]
    [DataRow("student", "teacher", "teacher")]
    [DataRow("state_dict_ema", "state_dict", "state_dict")]
    [DataRow("teacher", "net", "net")]
    [DataRow("module.encoder_k", "module.encoder_q", "module.encoder_q")]
    public void AmongDoublesTheUsualOneIsTakenUnlessAKeyIsGiven(string first, string second, string expected)
    {
        foreach (var key in (string?[])[null, first, second])
        {
            using var scope = NewDisposeScope();
            using var tensors = Doubles(first, second);
            var request = new WeightRequest(Net, key);
            using var found = WeightResolver.Resolve(tensors, Net, request);
            Assert.AreEqual((key ?? expected) == first ? 1 : 2, found["a.weight"].item<float>());
            Assert.Contains(note => note.Contains($"took the weights under '{key ?? expected}'", StringComparison.Ordinal), request.Notes);
        }
    }

    [TestMethod]
    public void PlacesOfOneRankNeedAKey()
    {
        using var scope = NewDisposeScope();
        using var tensors = Doubles("left", "right");
        Assert.Contains("weights of Net in several places: 'left', 'right'; say with WeightsKey which are meant",
            Assert.ThrowsExactly<InvalidDataException>(() => WeightResolver.Resolve(tensors, Net)).Message);
        Assert.Contains("no weights of Net under the key 'middle'; found some under 'left', 'right'",
            Assert.ThrowsExactly<InvalidDataException>(() => WeightResolver.Resolve(tensors, Net, new WeightRequest(Net, "middle"))).Message);
    }

    [TestMethod]
    [DataRow("model")]
    [DataRow("net")]
    [DataRow("teacher")]
    [DataRow("anything")]
    public void DictionariesWithinEachOtherAreSearched(string key)
    {
        var pickle = $"{Start}}}({Text("epoch")}K\u0001{Text(key)}}}({Text("state_dict")}{Pair}{Text("step")}K\u0001u{Text("optimizer")}}}{Text("w")}{Ten}su.";
        var request = new WeightRequest(Net);
        using var tensors = PyTorchCheckpointReader.Read(new MemoryStream(Zip(pickle)), "memory", request);
        Assert.HasCount(2, tensors);
        using var found = WeightResolver.Resolve(tensors, Net, request);
        CollectionAssert.AreEqual(new[] { "a.weight", "b.weight" }, found.Keys.ToArray());
        CollectionAssert.AreEqual(
            new[] { $"memory: took the weights under '{key}.state_dict'.", "memory: left out 1 tensor that is no part of Net's encoder: 'optimizer.w'." },
            request.Notes.ToArray());
    }

    // Each is a value beside the weights, as programs write them.
    [TestMethod]
    [DataRow("collections.Counter", "}{K1}K\u0001s\u0085R")]
    [DataRow("torch.torch_version.TorchVersion", "{Text}\u0085\u0081")]
    [DataRow("collections.defaultdict", "{Name}\u0085R({Text}{Ten}u")]
    [DataRow("collections.deque", ")R(NNe")]
    [DataRow("datetime.datetime", "C\u0001x\u0085R")]
    [DataRow("numpy.core.multiarray.scalar", "{Name}{Text}\u0085R(K\u0003{Text}NtbC\u0001x\u0086R")]
    [DataRow("os.system", "{Text}\u0085R")]
    [DataRow("builtins.getattr", "{Name}{Text}\u0086R")]
    public void ValuesBesideTheWeightsStayOpaque(string name, string rest)
    {
        var value = Global(name) + rest.Replace("{Text}", Text("t"), StringComparison.Ordinal).Replace("{K1}", "K\u0001", StringComparison.Ordinal)
            .Replace("{Name}", Global("some.thing"), StringComparison.Ordinal).Replace("{Ten}", Ten, StringComparison.Ordinal);
        using (var found = Read(Zip($"{Start}}}({Text("other")}{value}{Text("model")}{Pair}u.")))
            Assert.HasCount(2, found);
        // A tensor that is wanted and depends on such a value is refused.
        var needed = Zip($"{Start}}}({Text("a.weight")}{value}{Text("b.weight")}{Ten}{Text("head")}{value}u.");
        Assert.Contains($"'a.weight': it asks for '{name}', which is refused",
            Assert.ThrowsExactly<InvalidDataException>(() => PyTorchCheckpointReader.Read(new MemoryStream(needed), "memory", new WeightRequest(Net))).Message);
        var head = Zip($"{Start}}}({Text("a.weight")}{Ten}{Text("b.weight")}{Ten}{Text("head")}{value}u.");
        using var without = PyTorchCheckpointReader.Read(new MemoryStream(head), "memory", new WeightRequest(Net));
        Assert.HasCount(2, without);
    }

    [TestMethod]
    public void ATensorOfAnUnknownStorageIsUnknown()
    {
        var quantised = Tensor([6], [1], storage: Tuple(Text("storage"), Global("torch.QInt8Storage"), Text("0"), Text("cpu"), Integer(6)) + "Q");
        using (var found = Read(Zip($"{Start}}}({Text("other")}{quantised}{Text("w")}{Ten}u.")))
            Assert.AreEqual("w", found.Keys.Single());
        AssertRefused(Zip($"{Start}}}{Text("w")}{quantised}s."), "'w': it asks for 'torch.QInt8Storage', which is refused: tensors of this type");
    }

    [TestMethod]
    public void ProtocolFiveIsRead()
    {
        using var found = Read(Zip($"\u0080\u0005}}({Text("w")}{Ten}{Text("bytes")}\u0096{Number(1, 8)}xu."));
        Assert.AreEqual("w", found.Keys.Single());
    }

    private static StateDict Doubles(string first, string second) => new("memory",
        new[] { (first, 1), (second, 2) }.SelectMany(entry => new KeyValuePair<string, Tensor>[]
        {
            new(entry.Item1 + ".a.weight", full(1, entry.Item2, float32)), new(entry.Item1 + ".b.weight", zeros(1)),
        }));

    private static StateDict Resolved(string file, WeightLayout layout, string anchor, string prefix, out IReadOnlyList<string> notes)
    {
        using var tensors = WeightFile.Read(file);
        using var behind = new StateDict("memory", tensors.Take().Select(entry => KeyValuePair.Create(prefix + entry.Key, entry.Value)));
        var request = new WeightRequest(layout);
        var found = TowerWeights.Resolve(behind, layout, anchor, request);
        notes = request.Notes;
        return found;
    }

    private static IEnumerable<(string File, WeightLayout Layout, string Anchor)> Architectures()
    {
        const string Esm2 = "embed_tokens.weight", ViT = "embeddings.patch_embeddings.projection.weight";
        foreach (var file in (string[])["fairesm.pt", "fairesm_raw.pt", "hf.safetensors"])
            yield return (GoldenWeights.PathOf("esm2", $"esm2_tiny.{file}"), Esm2WeightNames.Layout, Esm2);
        foreach (var file in (string[])["bert_tiny.safetensors", "bert_tiny.prefixed_gamma_beta.safetensors"])
            yield return (BertGolden.PathOf(file), BertWeightNames.Layout, "embeddings.word_embeddings.weight");
        yield return (ImageGolden.PathOf("resnet", "resnet18_width8.pth"), ResNetWeightNames.Layout, "conv1.weight");
        foreach (var file in (string[])["vit_tiny.torchvision.pt", "vit_tiny.hf.safetensors"])
            yield return (ImageGolden.PathOf("vit", file), ViTWeightNames.Layout, ViT);
    }
}
