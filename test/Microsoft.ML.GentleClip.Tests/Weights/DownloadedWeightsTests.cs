using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Tests.Encoders;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Weights;

/// <summary>Weights as programs write them and as they are downloaded, loaded through the encoders' options.</summary>
[TestClass]
public sealed class DownloadedWeightsTests
{
    private string _folder = "";

    [TestInitialize]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory().FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow("")]
    [DataRow("module.backbone.")]
    public void TimmsVisionTransformersAreRead(string prefix)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var options = new ViTOptions { Size = new ViTSize(8, 2, 32, 4, 64) };
        using var expected = new ViTModule(options, 32, generator);
        using var found = new ViTModule(options, 32, generator);
        using var file = new StateDict("memory",
            [.. Timm(expected.state_dict(), prefix), new($"{prefix}head.weight", zeros(3, 32)), new("mask_token", zeros(1))]);
        var request = new WeightRequest(ViTWeightNames.Layout);
        found.Load(file, request);
        var state = found.state_dict();
        foreach (var (name, value) in expected.state_dict())
            Assert.IsTrue(value.equal(state[name]).all().item<bool>(), name);
        Assert.Contains(note => note.Contains("head.weight'", StringComparison.Ordinal), request.Notes);
    }

    [TestMethod]
    [DataRow("{ \"hidden_size\": 32,")]
    [DataRow("[1, 2]")]
    [DataRow("null")]
    public void AConfigurationThatCannotBeReadIsRefusedAndNotGuessedAround(string content)
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), content);
        var modality = Modality.ProteinSequence("Embedding", "Sequence", new Esm2Options { WeightsFile = _folder });
        var message = Assert.ThrowsExactly<InvalidDataException>(() => EncoderKinds.CheckFiles(modality)).Message;
        Assert.Contains("config.json of column 'Sequence': expected a JSON object that tells the network's size", message);
        File.WriteAllText(Path.Combine(_folder, "config.json"), "{ \"model_type\": \"esm\" }");
        EncoderKinds.CheckFiles(modality);
    }

    [TestMethod]
    public void ALayerThatTheNetworkLacksIsStillRefused()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var model = new ViTModule(new ViTOptions { Size = new ViTSize(8, 2, 32, 4, 64) }, 32, generator);
        using var scaled = new StateDict("memory", [.. Timm(model.state_dict(), ""), new("blocks.0.ls1.gamma", ones(32))]);
        Assert.Contains("Unexpected: 'encoder.layer.0.ls1.gamma'", Assert.ThrowsExactly<InvalidDataException>(() => model.Load(scaled)).Message);
        using var less = new StateDict("memory", [.. Timm(model.state_dict(), "").Where(entry => entry.Key != "norm.bias")]);
        Assert.Contains("Missing: 'layernorm.bias'", Assert.ThrowsExactly<InvalidDataException>(() => model.Load(less)).Message);
    }

    [TestMethod]
    public void AFolderAsDownloadedTellsFileAndSize()
    {
        File.Copy(GoldenWeights.PathOf("esm2", "esm2_tiny.hf.safetensors"), Path.Combine(_folder, "model.safetensors"));
        File.WriteAllText(Path.Combine(_folder, "pytorch_model.bin"), "not looked at");
        var size = Esm2Golden.Size;
        File.WriteAllText(Path.Combine(_folder, "config.json"),
            $$"""{"num_hidden_layers": {{size.Layers}}, "hidden_size": {{size.HiddenDimension}}, "num_attention_heads": {{size.AttentionHeads}}}""");
        var options = new Esm2Options { WeightsFile = _folder };
        Assert.AreEqual(size, options.Size);
        Assert.AreEqual(Esm2Size.T12_35M, (options with { Size = Esm2Size.T12_35M }).Size, "the user's own size wins");
        EncoderKinds.CheckFiles(Modality.ProteinSequence("E", "S", options));
        using var generator = new Generator(1);
        using var encoder = new Esm2Encoder(options, generator);
        var log = new List<string>();
        encoder.LoadPretrained(log.Add);
        using var expected = Esm2WeightNames.Read(GoldenWeights.PathOf("esm2", "esm2_tiny.fairesm.pt"));
        Assert.IsTrue(expected["layers.1.fc1.weight"].equal(encoder.state_dict()["model.layers.1.fc1.weight"]).all().item<bool>());
        Assert.Contains(line => line.Contains("model.safetensors: taken out of its folder", StringComparison.Ordinal), log);
        Assert.Contains(
            line => line.Contains("no part of ESM-2's encoder: ", StringComparison.Ordinal) && line.Contains("'lm_head.bias'", StringComparison.Ordinal), log);
    }

    [TestMethod]
    public void SizesOfOtherFoldersAreRead()
    {
        var path = Path.Combine(_folder, "config.json");
        File.WriteAllText(path, """
            {"num_hidden_layers": 3, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 40, "patch_size": 8}
            """);
        Assert.AreEqual(new BertSize(3, 32, 4, 64, 40), new BertEncoderOptions { WeightsFile = _folder }.Size);
        Assert.AreEqual(new ViTSize(8, 3, 32, 4, 64), new ViTOptions { WeightsFile = _folder }.Size);
        File.WriteAllText(path, """{"architecture": "resnet34"}""");
        Assert.AreEqual(ResNetSize.Published["resnet34"], new ResNetOptions { WeightsFile = _folder }.Size);
        File.WriteAllText(path, """{"architecture": "vit_base_patch16_224"}""");
        Assert.AreEqual(ViTSize.B16, new ViTOptions { WeightsFile = _folder }.Size);
        foreach (var damaged in (string[])["{", "[1]", """{"num_hidden_layers": -1, "hidden_size": 32, "num_attention_heads": 4}"""])
        {
            File.WriteAllText(path, damaged);
            Assert.AreEqual(Esm2Size.T6_8M, new Esm2Options { WeightsFile = _folder }.Size, damaged);
        }
    }

    [TestMethod]
    public void AFolderWithoutOneFileOfWeightsIsRefused()
    {
        Assert.Contains("a folder with no files of weights", Refusal());
        foreach (var name in (string[])["a.pt", "b.pt"])
            File.Copy(GoldenWeights.PathOf("esm2", "esm2_tiny.fairesm.pt"), Path.Combine(_folder, name));
        Assert.Contains("a folder with several files of weights and none of the names 'model.safetensors'", Refusal());
        File.Delete(Path.Combine(_folder, "b.pt"));
        using var only = WeightFile.Read(_folder);
        Assert.IsTrue(only.ContainsKey("embed_tokens.weight"));

        string Refusal() => Assert.ThrowsExactly<InvalidDataException>(() => WeightFile.Read(_folder)).Message;
    }

    [TestMethod]
    public void AShardMayHoldMoreThanTheIndexLists()
    {
        using (var scope = NewDisposeScope())
        using (var stream = File.Create(Path.Combine(_folder, "1.safetensors")))
            SafetensorsWriter.Write(stream, new Dictionary<string, Tensor> { ["a"] = ones(1), ["double"] = ones(2) });
        File.WriteAllText(Path.Combine(_folder, "model.safetensors.index.json"), """{"weight_map": {"a": "1.safetensors"}}""");
        var live = LiveTensors.Settled();
        var request = new WeightRequest();
        using (var tensors = WeightFile.Read(_folder, request))
            Assert.AreEqual("a", tensors.Keys.Single());
        Assert.Contains(note => note.Contains("'double'", StringComparison.Ordinal), request.Notes);
        LiveTensors.AssertAtMost(live);
    }

    [TestMethod]
    public void CdConvsWeightsLoadThroughItsOption()
    {
        var golden = CdConvGolden.Root.GetProperty("networks").EnumerateObject().First().Value;
        var file = CdConvGolden.PathOf(golden.GetProperty("weights").GetProperty("safetensors").GetString()!);
        var options = CdConvGolden.OptionsOf(golden.GetProperty("config"));
        using var weights = SafetensorsReader.Read(file);
        var wrapped = Path.Combine(_folder, "wrapped.safetensors");
        using (var stream = File.Create(wrapped))
            SafetensorsWriter.Write(stream, weights.ToDictionary(entry => "model._orig_mod." + entry.Key, entry => entry.Value));
        foreach (var path in (string[])[file, wrapped])
        {
            using var generator = new Generator(1);
            var own = options with { WeightsFile = path };
            EncoderKinds.CheckFiles(Modality.ProteinStructure("E", "S", encoder: own));
            using var encoder = new CdConvEncoder(own, generator);
            var log = new List<string>();
            encoder.LoadPretrained(log.Add);
            foreach (var (name, value) in encoder.state_dict())
                Assert.IsTrue(value.equal(weights[name["network.".Length..]].to(value.dtype)).all().item<bool>(), name);
            Assert.Contains(line => line.Contains("no part of CDConv's encoder: ", StringComparison.Ordinal), log);
        }
    }

    [TestMethod]
    public void AKeyOfTheUserIsTaken()
    {
        var (path, size) = (Path.Combine(_folder, "two.safetensors"), Esm2Golden.Size);
        using (var scope = NewDisposeScope())
        using (var file = WeightFile.Read(GoldenWeights.PathOf("esm2", "esm2_tiny.fairesm.pt")))
        using (var stream = File.Create(path))
            SafetensorsWriter.Write(stream, file.SelectMany(entry => new KeyValuePair<string, Tensor>[]
            {
                new("first." + entry.Key, entry.Value), new("second." + entry.Key, entry.Value + 1),
            }).ToDictionary());
        using var generator = new Generator(1);
        var options = new Esm2Options { WeightsFile = path, Size = size };
        using (var ambiguous = new Esm2Encoder(options, generator))
            Assert.Contains("say with WeightsKey", Assert.ThrowsExactly<InvalidDataException>(() => ambiguous.LoadPretrained()).Message);
        using var encoder = new Esm2Encoder(options with { WeightsKey = "second" }, generator);
        encoder.LoadPretrained();
        using var expected = WeightFile.Read(GoldenWeights.PathOf("esm2", "esm2_tiny.fairesm.pt"));
        using var inScope = NewDisposeScope();
        Assert.IsTrue((expected["embed_tokens.weight"] + 1).equal(encoder.state_dict()["model.embed_tokens.weight"]).all().item<bool>());
        Assert.ThrowsExactly<ArgumentException>(() => new Esm2Options { WeightsKey = " " });
    }

    // timm's names of a vision transformer's weights: one matrix of queries, keys and values for each layer.
    private static IEnumerable<KeyValuePair<string, Tensor>> Timm(IReadOnlyDictionary<string, Tensor> weights, string prefix)
    {
        (string Own, string Timm)[] names =
        [
            ("embeddings.cls_token", "cls_token"), ("embeddings.position_embeddings", "pos_embed"),
            ("embeddings.patch_embeddings.projection", "patch_embed.proj"), ("encoder.layer.", "blocks."), ("layernorm_before", "norm1"),
            ("layernorm_after", "norm2"), ("layernorm", "norm"), ("intermediate.dense", "mlp.fc1"), ("attention.output.dense", "attn.proj"),
            ("output.dense", "mlp.fc2"),
        ];
        foreach (var (name, value) in weights)
        {
            if (name.Contains(".attention.key.", StringComparison.Ordinal) || name.Contains(".attention.value.", StringComparison.Ordinal))
                continue;
            var query = name.Contains(".attention.query.", StringComparison.Ordinal);
            var timm = names.Aggregate(name.Replace("attention.attention.query", "attn.qkv", StringComparison.Ordinal),
                (current, pair) => current.Replace(pair.Own, pair.Timm, StringComparison.Ordinal));
            yield return new(prefix + timm, query
                ? cat([value, Part("key"), Part("value")], 0)
                : value.clone());

            Tensor Part(string part) => weights[name.Replace(".query.", $".{part}.", StringComparison.Ordinal)];
        }
    }
}
