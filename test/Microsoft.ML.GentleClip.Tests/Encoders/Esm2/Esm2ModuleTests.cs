using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class Esm2ModuleTests
{
    private const double Double = 1e-10, Single = 1e-5, SingleLogits = 1e-4;

    public Esm2ModuleTests() => set_num_threads(1);

    [TestMethod]
    [DataRow("padded_batch", true)]
    [DataRow("padded_batch", false)]
    [DataRow("with_mask_tokens", true)]
    [DataRow("with_mask_tokens", false)]
    [DataRow("no_padding", true)]
    [DataRow("no_padding", false)]
    public void EqualsTheReference(string name, bool isDouble)
    {
        using var scope = NewDisposeScope();
        var (golden, tolerance) = (Esm2Golden.Case(name), isDouble ? Double : Single);
        using var model = Esm2Golden.Model(isDouble ? ScalarType.Float64 : ScalarType.Float32);
        var tokens = Esm2Golden.Tokens(golden);
        var (hidden, attentions) = (new List<Tensor>(), new List<Tensor>());
        var fused = model.Represent(tokens);
        var explicitly = model.Represent(tokens, hidden, attentions);
        var expected = Esm2Golden.Expected(golden, "final_representation");
        Esm2Golden.AssertClose(expected, fused, tolerance, "final, by the fused kernel");
        Esm2Golden.AssertClose(expected, explicitly, tolerance, "final, by explicit probabilities");
        string[] layers = ["layer_0_embedding_after_token_dropout", "layer_1_output_before_final_layernorm", "layer_2_output_before_final_layernorm"];
        Assert.HasCount(4, hidden);
        foreach (var (layer, output) in layers.Zip(hidden))
            Esm2Golden.AssertClose(Esm2Golden.Expected(golden, layer), output, tolerance, layer);
        // The authors' code sets what padding attends to to 0 before it hands the probabilities out.
        var queries = tokens.ne(Esm2Alphabet.Padding).unsqueeze(1).unsqueeze(-1);
        Esm2Golden.AssertClose(Esm2Golden.Expected(golden, "layer0_attention_probabilities_B_H_T_T"), attentions[0] * queries, tolerance, "attention");
        Esm2Golden.AssertClose(Esm2Golden.Expected(golden, "logits"), model.Logits(fused), isDouble ? Double : SingleLogits, "logits");

        var (contacts, expectedContacts) = (model.Contacts(tokens, attentions), Esm2Golden.Expected(golden, "contacts"));
        var lengths = golden.GetProperty("expected").GetProperty("lengths_residues").EnumerateArray().Select(n => n.GetInt64()).ToArray();
        for (var i = 0; i < lengths.Length; i++)
            Esm2Golden.AssertClose(
                expectedContacts[i].narrow(0, 0, lengths[i]).narrow(1, 0, lengths[i]), contacts[i].narrow(0, 0, lengths[i]).narrow(1, 0, lengths[i]), tolerance,
                    $"contacts of sequence {i}");
    }

    [TestMethod]
    public void GradientsOfTheFusedKernelAreThoseOfTheProbabilities()
    {
        using var scope = NewDisposeScope();
        using var model = Esm2Golden.Model(ScalarType.Float64, withHeads: false);
        var tokens = Esm2Golden.Tokens(Esm2Golden.Case("padded_batch"));
        var residues = Esm2Batch.Residues(tokens).unsqueeze(-1);
        using var generator = new Generator(2);
        var direction = randn([3, 27, 32], dtype: ScalarType.Float64, generator: generator) * residues;
        (model.Represent(tokens) * direction).sum().backward();
        var fused = model.named_parameters().ToDictionary(p => p.name, p => p.parameter.grad!.clone());
        model.zero_grad();
        (model.Represent(tokens, attentions: []) * direction).sum().backward();
        foreach (var (name, parameter) in model.named_parameters())
            Esm2Golden.AssertClose(parameter.grad!, fused[name], 1e-9, name);
        Assert.IsGreaterThan(1e-3, fused["embed_tokens.weight"].abs().max().item<double>());
        Assert.AreEqual(0, fused["embed_tokens.weight"][Esm2Alphabet.Padding].abs().max().item<double>(), "padding has no influence");
    }

    /// <summary>Heads as wide as in the published models, and lengths beyond one block of the kernel.</summary>
    [TestMethod]
    [DataRow(32, 2, 700)]
    [DataRow(48, 2, 300)]
    [DataRow(64, 1, 1024)]
    [DataRow(128, 1, 70)]
    public void TheFusedKernelTakesEveryHeadAndLength(int width, int heads, int length)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var generator = new Generator(3);
        using var model = new Esm2Module(new Esm2Size(1, width, heads), generator);
        var residues = Enumerable.Range(0, length).Select(i => (byte)(4 + i * i % 20)).ToArray();
        var tokens = Esm2Batch.Pad([residues, residues.AsMemory(0, length / 3)], CPU);
        var tokensOnly = tokens.ne(Esm2Alphabet.Padding).unsqueeze(-1);
        Esm2Golden.AssertClose(model.Represent(tokens, attentions: []) * tokensOnly, model.Represent(tokens) * tokensOnly, 1e-5);
    }

    [TestMethod]
    public void LoadsWithAndWithoutHeadsAndRefusesTheRest()
    {
        using var generator = new Generator(1);
        using var weights = Esm2Golden.Weights();
        using (var encoder = new Esm2Module(Esm2Golden.Size, generator))
        {
            encoder.Load(weights);
            Assert.IsFalse(encoder.named_parameters().Any(p => p.name.Contains("head", StringComparison.Ordinal)));
        }
        using var model = new Esm2Module(Esm2Golden.Size, generator, withHeads: true);
        Assert.AreEqual(weights.Count, model.state_dict().Count + 1, "every name of the file but the tied one");

        using (var moreThanNeeded = Esm2Golden.Weights())
        using (var withoutAngles = new StateDict("w",
            moreThanNeeded.Where(w => !w.Key.EndsWith("inv_freq", StringComparison.Ordinal)).Select(w => KeyValuePair.Create(w.Key, w.Value.clone()))))
        using (var reference = Esm2Golden.Model(ScalarType.Float32))
        {
            Assert.HasCount(weights.Count - 3, withoutAngles);
            model.Load(withoutAngles);
            foreach (var (name, value) in reference.state_dict())
                Esm2Golden.AssertClose(value, model.state_dict()[name], 0, name);
        }

        using var smaller = new Esm2Module(new Esm2Size(2, 32, 4), generator);
        var unexpected = Assert.ThrowsExactly<InvalidDataException>(() => smaller.Load(weights));
        Assert.Contains("'layers.2.fc1.bias'", unexpected.Message);

        using var scope = NewDisposeScope();
        using var untied = new StateDict("untied.safetensors",
            weights.Select(w => KeyValuePair.Create(w.Key, w.Key == "lm_head.weight" ? w.Value + 1 : w.Value.clone())));
        Assert.Contains("untied.safetensors: 'lm_head.weight' differs", Assert.ThrowsExactly<InvalidDataException>(() => model.Load(untied)).Message);
    }

    [TestMethod]
    public void AnglesEqualThePublishedOnes()
    {
        using var scope = NewDisposeScope();
        using var weights = Esm2Golden.Weights();
        using var rotary = new RotaryEmbedding(8);
        Esm2Golden.AssertClose(weights["layers.0.self_attn.rot_emb.inv_freq"], rotary.state_dict()["inv_freq"], 0);
    }

    [TestMethod]
    public void CountsEqualThePublishedOnes()
    {
        var sizes = Esm2Golden.Read("alphabet.json").GetProperty("model_sizes").EnumerateArray().ToArray();
        CollectionAssert.AreEqual(sizes.Select(s => s.GetProperty("name").GetString()).ToArray(), Esm2Size.Published.Keys.ToArray());
        foreach (var expected in sizes)
        {
            var size = Esm2Size.FromName(expected.GetProperty("name").GetString()!);
            Assert.AreEqual(
                (expected.GetProperty("num_layers").GetInt32(), expected.GetProperty("embed_dim").GetInt32(),
                    expected.GetProperty("attention_heads").GetInt32()),
                (size.Layers, size.HiddenDimension, size.AttentionHeads));
            Assert.AreEqual(expected.GetProperty("parameters_with_tied_lm_head_and_contact_head").GetInt64(),
                Esm2Module.CountParameters(size, withHeads: true));
        }
        Assert.AreEqual(7_512_474, Esm2Module.CountParameters(Esm2Size.T6_8M, withHeads: true));
        Assert.AreEqual(7_408_960, Esm2Module.CountParameters(Esm2Size.T6_8M));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void CountsEqualWhatIsBuilt(bool withHeads)
    {
        using var generator = new Generator(1);
        var size = new Esm2Size(2, 24, 3);
        using var model = new Esm2Module(size, generator, withHeads);
        Assert.AreEqual(model.parameters().Sum(p => p.numel()), Esm2Module.CountParameters(size, withHeads));
        Assert.AreEqual(model.buffers().Sum(b => b.numel()), Esm2Module.CountBuffers(size));
    }

    [TestMethod]
    public void StartsAsTheReferenceDoes()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4);
        var start = get_rng_state();
        using var model = new Esm2Module(new Esm2Size(1, 128, 4), generator);
        Esm2Golden.AssertClose(start, get_rng_state(), 0, "torch's global random state is not ours");
        var state = model.state_dict();
        const string Attention = "layers.0.self_attn.", Layer = "layers.0.";
        (string Name, double Bound)[] uniform =
        [
            (Attention + "q_proj.weight", Math.Sqrt(3.0 / 256)), (Attention + "k_proj.weight", Math.Sqrt(3.0 / 256)),
                (Attention + "v_proj.weight", Math.Sqrt(3.0 / 256)),
            (Attention + "out_proj.weight", Math.Sqrt(3.0 / 128)), (Attention + "q_proj.bias", Math.Sqrt(1.0 / 128)),
            (Layer + "fc1.weight", Math.Sqrt(1.0 / 128)), (Layer + "fc1.bias", Math.Sqrt(1.0 / 128)), (Layer + "fc2.weight", Math.Sqrt(1.0 / 512)),
                (Layer + "fc2.bias", Math.Sqrt(1.0 / 512)),
        ];
        foreach (var (name, bound) in uniform)
        {
            var largest = state[name].abs().max().item<float>();
            Assert.IsTrue(largest <= bound * 1.000001 && largest > 0.95 * bound, $"{name}: {largest}, expected uniform to {bound}");
        }
        Assert.AreEqual(0, state[Attention + "out_proj.bias"].abs().max().item<float>());
        var embeddings = state["embed_tokens.weight"];
        Assert.AreEqual(1, embeddings.std().item<float>(), 0.05);
        Assert.AreEqual(0, embeddings[Esm2Alphabet.Padding].abs().max().item<float>());
    }

    [TestMethod]
    public void HeadsMustHaveBeenAskedFor()
    {
        using var model = Esm2Golden.Model(ScalarType.Float32, withHeads: false);
        using var x = zeros(1, 3, 32);
        Assert.Contains("without heads", Assert.ThrowsExactly<InvalidOperationException>(() => model.Logits(x)).Message);
    }

    [TestMethod]
    public void PassesLeaveNoTensors()
    {
        using var model = Esm2Golden.Model(ScalarType.Float32);
        using var tokens = Esm2Golden.Tokens(Esm2Golden.Case("padded_batch"));
        long before = 0;
        for (var i = 0; i < 4; i++)
        {
            if (i == 1)
                before = LiveTensors.Settled();
            using var scope = NewDisposeScope();
            var (hidden, attentions) = (new List<Tensor>(), new List<Tensor>());
            var final = model.Represent(tokens, hidden, attentions);
            model.Contacts(tokens, attentions);
            model.Logits(final).sum().backward();
            model.zero_grad();
        }
        LiveTensors.AssertAtMost(before);
    }
}
