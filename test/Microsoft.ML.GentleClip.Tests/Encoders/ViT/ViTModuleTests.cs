using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class ViTModuleTests
{
    private const int Side = 32;
    private static readonly ViTSize Tiny = new(8, 2, 32, 4, 64);

    public ViTModuleTests() => set_num_threads(1);

    [TestMethod]
    [DataRow("vit_tiny.torchvision.safetensors", "eps_1e-6_torchvision", 1e-6)]
    [DataRow("vit_tiny.torchvision.pt", "eps_1e-6_torchvision", 1e-6)]
    [DataRow("vit_tiny.torchvision_legacy_names.safetensors", "eps_1e-6_torchvision", 1e-6)]
    [DataRow("vit_tiny.hf.safetensors", "eps_1e-12_huggingface", 1e-12)]
    [DataRow("vit_tiny.hf.pt", "eps_1e-12_huggingface", 1e-12)]
    public void TokensAreThoseOfTheReference(string file, string expected, double epsilon)
    {
        using var scope = NewDisposeScope();
        var golden = ImageGolden.Read("vit", "vit_tiny.json");
        var values = golden.GetProperty("expected").GetProperty(expected);
        var pictures = ImageGolden.Tensor(golden.GetProperty("inputs").GetProperty("pixel_values"));
        using var model = Stored(file, new ViTOptions { Size = Tiny, LayerNormEpsilon = epsilon });
        ImageGolden.AssertClose(ImageGolden.Tensor(values.GetProperty("tokens_after_final_layernorm")), model.Tokens(pictures.to(ScalarType.Float32)), 1e-5);
        model.to(ScalarType.Float64);
        ImageGolden.AssertClose(ImageGolden.Tensor(golden.GetProperty("expected").GetProperty("embeddings_with_cls_and_positions")),
            model.Embeddings(pictures), 1e-10);
        ImageGolden.AssertClose(ImageGolden.Tensor(values.GetProperty("tokens_after_final_layernorm")), model.Tokens(pictures), 1e-10);
        ImageGolden.AssertClose(ImageGolden.Tensor(values.GetProperty("cls")), model.Features(pictures, training: false), 1e-10);
        ImageGolden.AssertClose(model.Features(pictures, training: false), model.Features(pictures, training: true), 0);
    }

    [TestMethod]
    public void MeanPoolingLeavesTheClassTokenOut()
    {
        using var scope = NewDisposeScope();
        using var model = Stored("vit_tiny.hf.pt", new ViTOptions { Size = Tiny, Pooling = ViTPooling.Mean });
        var pictures = randn([2, 3, Side, Side]);
        ImageGolden.AssertClose(model.Tokens(pictures)[TensorIndex.Colon, 1..].mean([1]), model.Features(pictures, training: false), 1e-6);
    }

    [TestMethod]
    public void EveryPublishedFormGivesTheSameWeights()
    {
        using var scope = NewDisposeScope();
        using var expected = Read("vit_tiny.hf.safetensors");
        foreach (var file in new[] { "vit_tiny.hf.pt", "vit_tiny.torchvision.safetensors", "vit_tiny.torchvision.pt",
            "vit_tiny.torchvision_legacy_names.safetensors" })
        {
            using var found = Read(file);
            CollectionAssert.AreEquivalent(expected.Keys.ToArray(), found.Keys.ToArray(), file);
            foreach (var (name, value) in expected)
                ImageGolden.AssertClose(value, found[name], 0, $"{file} {name}");
        }
        using var classifier = new StateDict("classifier",
            [.. Read("vit_tiny.hf.pt").Take().Select(entry => KeyValuePair.Create("vit." + entry.Key, entry.Value)),
                KeyValuePair.Create("classifier.weight", zeros(5, 32))]);
        using var stripped = ViTWeightNames.ToHuggingFace(classifier);
        CollectionAssert.AreEquivalent(expected.Keys.ToArray(), stripped.Keys.ToArray());
    }

    [TestMethod]
    public void PublishedSizesHaveThePublishedNumberOfWeights()
    {
        // torchvision's vit_b_32 and vit_b_16 without their classifiers of 1000 classes.
        Assert.AreEqual(88_224_232L - 769_000, ViTModule.CountWeights(ViTSize.B32, 224));
        Assert.AreEqual(86_567_656L - 769_000, ViTModule.CountWeights(ViTSize.B16, 224));
        using var tiny = New(new ViTOptions { Size = Tiny });
        Assert.AreEqual(tiny.state_dict().Values.Sum(value => value.numel()), ViTModule.CountWeights(Tiny, Side));
    }

    [TestMethod]
    [DataRow(0, "")]
    [DataRow(1, "encoder.layer.1. layernorm.")]
    [DataRow(2, "encoder.layer.0. encoder.layer.1. layernorm.")]
    [DataRow(null, "embeddings. encoder. layernorm.")]
    public void OnlyTheLastLayersTrain(int? layers, string trainable)
    {
        using var model = New(new ViTOptions { Size = Tiny, TrainableLayers = layers });
        var prefixes = trainable.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (var (name, parameter) in model.named_parameters())
            Assert.AreEqual(prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)), parameter.requires_grad, name);
    }

    [TestMethod]
    public void WeightsThatDoNotFitAreRefused()
    {
        using var generator = new Generator(1);
        using var larger = new ViTModule(new ViTOptions { Size = Tiny }, 64, generator);
        Assert.Contains(
            "holds a vision transformer of 2 layers of 32, patches of 8 and pictures of 32 pixels; expected 2 layers of 32, patches of 8 and pictures of 64 "
                + "pixels, as ViTOptions.Size and ImageOptions.Size say.",
            Refusal(larger, "vit_tiny.torchvision.pt", _ => { }));
        using var model = New(new ViTOptions { Size = Tiny });
        Assert.Contains(
            "Missing: 'encoder.layer.1.attention.attention.key.bias', 'encoder.layer.1.attention.attention.query.bias', "
                + "'encoder.layer.1.attention.attention.value.bias'. Unexpected: 'encoder.layer.1.extra'.",
            Refusal(model, "vit_tiny.torchvision.pt", weights =>
            {
                weights.Remove("encoder.layers.encoder_layer_1.self_attention.in_proj_bias");
                weights["encoder.layers.encoder_layer_1.extra"] = zeros(1);
                weights["extra"] = zeros(1); // outside of the encoder's parts
            }));
        Assert.Contains("'layernorm.bias' (shape [32] expected, found [33])",
            Refusal(model, "vit_tiny.hf.pt", weights => weights["layernorm.bias"] = zeros(33)));
        Assert.Contains("Missing: 'embeddings.cls_token'",
            Assert.ThrowsExactly<InvalidDataException>(() => model.Load(WeightFile.Read(ImageGolden.PathOf("resnet", "resnet18_width8.pth")))).Message);
    }

    private static string Refusal(ViTModule model, string path, Action<Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        using var file = WeightFile.Read(ImageGolden.PathOf("vit", path));
        var weights = file.Take().ToDictionary();
        change(weights);
        using var changed = new StateDict("changed", weights);
        return Assert.ThrowsExactly<InvalidDataException>(() => model.Load(changed)).Message;
    }

    private static StateDict Read(string file)
    {
        using var weights = WeightFile.Read(ImageGolden.PathOf("vit", file));
        return ViTWeightNames.ToHuggingFace(weights);
    }

    private static ViTModule New(ViTOptions options)
    {
        using var generator = new Generator(1);
        return new ViTModule(options, Side, generator);
    }

    private static ViTModule Stored(string file, ViTOptions options)
    {
        var model = New(options);
        using var weights = WeightFile.Read(ImageGolden.PathOf("vit", file));
        model.Load(weights);
        return model;
    }
}
