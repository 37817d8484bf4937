using System.Text.Json;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Weights;

[TestClass]
public sealed class WeightNamesTests
{
    private static string Esm2(string name) => GoldenWeights.PathOf("esm2", $"esm2_tiny.{name}");

    [TestMethod]
    [DataRow("fairesm.pt")]
    [DataRow("fairesm.safetensors")]
    [DataRow("fairesm_raw.pt")]
    [DataRow("hf.pt")]
    [DataRow("hf.safetensors")]
    public void EveryFormOfEsm2GivesTheSameTensors(string file)
    {
        var live = LiveTensors.Settled();
        using (var expected = SafetensorsReader.Read(Esm2("fairesm.safetensors")))
        using (var found = Esm2WeightNames.Read(Esm2(file)))
            GoldenWeights.AssertSame(expected, found, file);
        LiveTensors.AssertAtMost(live);
    }

    [TestMethod]
    public void TheContactHeadMayComeFromAnotherFileOrBeAbsent()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var alone = Path.Combine(folder.FullName, "esm2.pt");
            File.Copy(Esm2("fairesm_raw.pt"), alone);
            using (var without = Esm2WeightNames.Read(alone))
                Assert.IsFalse(without.Keys.Any(name => name.StartsWith("contact_head", StringComparison.Ordinal)));
            using var with = Esm2WeightNames.Read(alone, Esm2("fairesm_raw-contact-regression.pt"));
            Assert.IsTrue(with.ContainsKey("contact_head.regression.weight"));
            Assert.AreEqual("3", with.Metadata["cfg.model.encoder_layers"]);
            Assert.Contains("' is already in ",
                Assert.ThrowsExactly<InvalidDataException>(() => Esm2WeightNames.Read(alone, Esm2("fairesm.pt")).Dispose()).Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestMethod]
    public void TheNamesAreThoseOfTheReference()
    {
        using var scope = NewDisposeScope();
        using var json = JsonDocument.Parse(File.ReadAllText(GoldenWeights.PathOf("esm2", "alphabet.json")));
        var pairs = json.RootElement.GetProperty("name_map_fairesm_to_huggingface_for_3_layers").EnumerateArray()
            .Select(pair => (FairEsm: pair[0].GetString()!, HuggingFace: pair[1].GetString()!)).ToArray();
        Assert.HasCount(64 - 2, pairs);
        foreach (var prefix in (string[])["esm.", ""]) // the bare encoder is saved without its name
        {
            using var tensors = new StateDict("memory", pairs.Select((pair, i) => KeyValuePair.Create(
                pair.HuggingFace.StartsWith("esm.", StringComparison.Ordinal) ? prefix + pair.HuggingFace[4..] : pair.HuggingFace,
                    pair.FairEsm is "lm_head.weight" ? tensor(0) : tensor(i))));
            using var renamed = Esm2WeightNames.ToFairEsm(tensors);
            Assert.HasCount(0, tensors);
            for (var i = 0; i < pairs.Length; i++)
                Assert.AreEqual(pairs[i].FairEsm is "lm_head.weight" ? 0 : i, renamed[pairs[i].FairEsm].item<int>(), pairs[i].FairEsm);
        }
    }

    [TestMethod]
    public void TheOutputMatrixIsTheEmbedding()
    {
        using var scope = NewDisposeScope();
        using var embeddingOnly = new StateDict("memory", [new("encoder.sentence_encoder.embed_tokens.weight", ones(3, 2))]);
        using var both = Esm2WeightNames.ToFairEsm(embeddingOnly);
        CollectionAssert.AreEquivalent(new[] { "embed_tokens.weight", "lm_head.weight" }, both.Keys.ToArray());
        // An encoder needs no output matrix: one that differs stays, for a model with that head to refuse.
        using var different = new StateDict("memory", [new("embed_tokens.weight", ones(3, 2)), new("lm_head.weight", zeros(3, 2))]);
        using var kept = Esm2WeightNames.ToFairEsm(different);
        Assert.AreEqual(0, kept["lm_head.weight"].sum().item<float>());
    }

    [TestMethod]
    public void RulesApplyInOrderAndTellWhatTheyLeaveOut()
    {
        using var scope = NewDisposeScope();
        var map = new NameMap().Strip("bert.").Ignore(@"^cls\.").Replace(@"\.gamma$", ".weight").Replace(@"\.beta$", ".bias");
        var live = LiveTensors.Settled();
        using (var tensors = new StateDict("memory",
            [new("bert.norm.gamma", ones(1)), new("cls.bias", ones(1)), new("norm.beta", ones(1)), new("x.bert.gamma.y", ones(1))],
            new Dictionary<string, string> { ["k"] = "v" }))
        using (var renamed = map.Apply(tensors, out var ignored))
        {
            CollectionAssert.AreEqual(new[] { "norm.weight", "norm.bias", "x.bert.gamma.y" }, renamed.Keys.ToArray());
            CollectionAssert.AreEqual(new[] { "cls.bias" }, ignored.ToArray());
            Assert.AreEqual("v", renamed.Metadata["k"]);
            LiveTensors.AssertAtMost(live + 3);
        }
        LiveTensors.AssertAtMost(live);
        using var twice = new StateDict("memory", [new("bert.norm.gamma", ones(1)), new("norm.weight", ones(1))]);
        Assert.Contains("'bert.norm.gamma', 'norm.weight' all mean 'norm.weight'",
            Assert.ThrowsExactly<InvalidDataException>(() => map.Apply(twice, out _)).Message);
    }
}
