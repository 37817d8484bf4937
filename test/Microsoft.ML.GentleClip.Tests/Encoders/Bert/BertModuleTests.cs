using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Tests.Weights;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class BertModuleTests
{
    public BertModuleTests() => set_num_threads(1);

    [TestMethod]
    [DataRow("padded", true)]
    [DataRow("padded", false)]
    [DataRow("no_mask", true)]
    [DataRow("no_mask", false)]
    public void EqualsTheReference(string name, bool isDouble)
    {
        using var scope = NewDisposeScope();
        var (golden, tolerance) = (BertGolden.Case(name), isDouble ? 1e-10 : 1e-5);
        using var model = BertGolden.Model(isDouble ? ScalarType.Float64 : ScalarType.Float32);
        var (tokens, types, mask) = (BertGolden.Input(golden, "input_ids"), BertGolden.Input(golden, "token_type_ids"),
            BertGolden.Input(golden, "attention_mask"));
        var lengths = name == "padded" ? mask.sum(dim: 1) : null;
        var hidden = new List<Tensor>();
        var final = model.Represent(tokens, lengths, types: types, hidden: hidden);
        Assert.HasCount(3, hidden);
        AssertClose("last_hidden_state", final);
        AssertClose("pooler_output", model.Pool(final));
        if (name != "padded")
            return;
        AssertClose("embedding_output", hidden[0]);
        AssertClose("layer_0_output", hidden[1]);
        AssertClose("cls_representation", final.select(1, 0));

        // The other path of the attention: as in training, with so little dropout that nothing is dropped.
        using var generator = new Generator(3);
        AssertClose("last_hidden_state", model.Represent(tokens, lengths, new BertDropout(new NoiseSource(generator), 1e-14), types));

        void AssertClose(string what, Tensor actual) => Esm2Golden.AssertClose(BertGolden.Expected(golden, what), actual, tolerance, what);
    }

    [TestMethod]
    [DataRow("bert_tiny.pt")]
    [DataRow("bert_tiny.prefixed_gamma_beta.safetensors")]
    public void EveryFormOfTheWeightsGivesTheSameTensors(string file)
    {
        var live = LiveTensors.Settled();
        using (var expected = SafetensorsReader.Read(BertGolden.PathOf("bert_tiny.safetensors")))
        using (var found = BertWeightNames.Read(BertGolden.PathOf(file)))
        {
            GoldenWeights.AssertSame(expected, found, file);
            Assert.AreEqual((2, 32, 100), BertWeightNames.Shape(found));
        }
        LiveTensors.AssertAtMost(live);
    }

    [TestMethod]
    public void WeightsOfAnotherModelAreRefusedByName()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = BertWeightNames.Read(BertGolden.PathOf("bert_tiny.safetensors"));
        using var deeper = new BertModule(new BertSize(3, 32, 4, 64, 40), 100, generator, withPooler: true);
        Assert.Contains("Missing: 'encoder.layer.2.attention.output.LayerNorm.bias'", Refused(deeper));
        using var shallower = new BertModule(new BertSize(1, 32, 4, 64, 40), 100, generator);
        Assert.Contains("Unexpected: 'encoder.layer.1.attention.output.LayerNorm.bias'", Refused(shallower));
        Assert.DoesNotContain("pooler", Refused(shallower));
        using var wider = new BertModule(new BertSize(2, 32, 4, 128, 40), 100, generator, withPooler: true);
        Assert.Contains("'encoder.layer.0.intermediate.dense.weight' (shape [128, 32] expected, found [64, 32])", Refused(wider));
        using var esm = Esm2WeightNames.Read(GoldenWeights.PathOf("esm2", "esm2_tiny.hf.safetensors"));
        Assert.IsNull(BertWeightNames.Shape(esm));

        string Refused(BertModule model) => Assert.ThrowsExactly<InvalidDataException>(() => model.Load(weights)).Message;
    }

    [TestMethod]
    public void InitialisationAndNumberOfParametersAreThePublishedOnes()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4);
        using var model = new BertModule(BertSize.Tiny, 3000, generator);
        var state = model.state_dict();
        Assert.AreEqual(BertModule.CountParameters(BertSize.Tiny, 3000), state.Values.Sum(t => t.numel()));
        foreach (var name in new[] { "embeddings.word_embeddings.weight", "encoder.layer.1.attention.self.value.weight",
            "encoder.layer.0.output.dense.weight" })
            Assert.AreEqual(0.02, state[name].std().item<float>(), 0.001, name);
        Assert.AreEqual(0, state["encoder.layer.1.intermediate.dense.bias"].abs().max().item<float>());
        // bert-base-uncased has 109,482,240 with its pooler of 768 * 769.
        Assert.AreEqual(109_482_240 - 768 * 769, BertModule.CountParameters(BertSize.Base, 30522));
    }

    [TestMethod]
    public void ThePoolerMustHaveBeenAskedFor()
    {
        using var generator = new Generator(1);
        using var model = new BertModule(BertGolden.Size, 100, generator);
        using var x = zeros(1, 3, 32);
        Assert.Contains("without a pooler", Assert.ThrowsExactly<InvalidOperationException>(() => model.Pool(x)).Message);
    }
}
