using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class ResNetModuleTests
{
    private static readonly ResNetSize Width8 = new([2, 2, 2, 2], 8, bottleneck: false);
    private static readonly string[] StageNames = ["stem_after_maxpool", "layer1", "layer2", "layer3", "layer4"];

    public ResNetModuleTests() => set_num_threads(1);

    [TestMethod]
    [DataRow("resnet18_width8.safetensors", 1e-10, true)]
    [DataRow("resnet18_width8.pth", 1e-10, true)]
    [DataRow("resnet18_width8.safetensors", 2e-5, false)]
    public void InferenceGivesTorchvisionsFeatures(string file, double tolerance, bool isDouble)
    {
        using var scope = NewDisposeScope();
        using var model = Stored(file, isDouble ? ScalarType.Float64 : ScalarType.Float32);
        var golden = ImageGolden.Read("resnet", "resnet18_width8.json");
        var expected = golden.GetProperty("expected").GetProperty("eval");
        var pictures = ImageGolden.Tensor(golden.GetProperty("inputs").GetProperty("pixel_values")).to(model.parameters().First().dtype);
        var stages = new List<Tensor>();
        var features = model.Features(pictures, training: false, stages);
        ImageGolden.AssertClose(ImageGolden.Tensor(expected.GetProperty("features")), features, tolerance, relative: true);
        foreach (var (name, stage) in StageNames.Zip(stages))
            ImageGolden.AssertDigest(expected.GetProperty("stages").GetProperty(name), stage, tolerance, name);
        using var weights = WeightFile.Read(ImageGolden.PathOf("resnet", file));
        var logits = nn.functional.linear(features, weights["fc.weight"].to(features.dtype), weights["fc.bias"].to(features.dtype));
        ImageGolden.AssertClose(ImageGolden.Tensor(expected.GetProperty("logits")), logits, tolerance, relative: true);
    }

    [TestMethod]
    public void TrainingNormalisesByTheBatchAndMovesTheStatistics()
    {
        using var scope = NewDisposeScope();
        using var model = Stored("resnet18_width8.safetensors", ScalarType.Float64);
        var golden = ImageGolden.Read("resnet", "resnet18_width8.json");
        var expected = golden.GetProperty("expected").GetProperty("train");
        var pictures = ImageGolden.Tensor(golden.GetProperty("inputs").GetProperty("pixel_values"));
        ImageGolden.AssertClose(ImageGolden.Tensor(expected.GetProperty("features")), model.Features(pictures, training: true), 1e-10, relative: true);
        var state = model.state_dict();
        foreach (var (name, key) in new[]
        {
            ("updated_bn1_running_mean", "bn1.running_mean"), ("updated_bn1_running_var", "bn1.running_var"),
            ("updated_layer4.1.bn2.running_mean", "layer4.1.bn2.running_mean"), ("updated_layer4.1.bn2.running_var", "layer4.1.bn2.running_var"),
        })
            ImageGolden.AssertClose(ImageGolden.Tensor(expected.GetProperty(name)), state[key], 1e-10, name, relative: true);
        Assert.AreEqual(expected.GetProperty("num_batches_tracked").GetInt64(), state["bn1.num_batches_tracked"].item<long>());
    }

    [TestMethod]
    [DataRow("resnet18")]
    [DataRow("resnet34")]
    [DataRow("resnet50")]
    public void NetworksOfFullSizeGiveTorchvisionsFeatures(string name)
    {
        using var scope = NewDisposeScope();
        var golden = ImageGolden.Read("resnet", "resnet_formula.json").GetProperty("models").GetProperty(name);
        var shapes = golden.GetProperty("names_and_shapes").EnumerateArray()
            .Select(entry => (entry[0].GetString()!, entry[1].EnumerateArray().Select(size => size.GetInt64()).ToArray())).ToArray();
        using var model = New(new ResNetOptions { Size = ResNetSize.FromName(name) });
        CollectionAssert.AreEquivalent(shapes.Where(shape => !ResNetWeightNames.IsHead(shape.Item1)).Select(shape => shape.Item1).ToArray(),
            model.state_dict().Keys.ToArray());
        Assert.AreEqual(model.state_dict().Values.Sum(value => value.numel()), ResNetModule.CountWeights(ResNetSize.FromName(name)));
        using (var weights = ResNetFormula.Weights(shapes))
        {
            Assert.AreEqual(golden.GetProperty("sum_of_all_values_float64").GetDouble(),
                weights.Values.Sum(value => value.to(ScalarType.Float64).sum().item<double>()), 1e-6);
            model.Load(weights);
        }
        model.to(ScalarType.Float64);
        foreach (var run in golden.GetProperty("runs").EnumerateObject())
        {
            var pictures = ResNetFormula.Picture(run.Name, [.. run.Value.GetProperty("input_shape").EnumerateArray().Select(size => size.GetInt64())]);
            CollectionAssert.AreEqual(ImageGolden.Numbers(run.Value.GetProperty("input_first_4")), pictures.flatten().data<double>().Take(4).ToArray());
            var stages = new List<Tensor>();
            using var inference = no_grad();
            ImageGolden.AssertClose(ImageGolden.Tensor(run.Value.GetProperty("features")), model.Features(pictures, training: false, stages), 1e-10,
                run.Name, relative: true);
            foreach (var (stage, output) in StageNames.Zip(stages))
                ImageGolden.AssertDigest(run.Value.GetProperty("stages").GetProperty(stage), output, 1e-10, stage);
        }
    }

    [TestMethod]
    [DataRow(0, "")]
    [DataRow(1, "layer4.")]
    [DataRow(2, "layer3. layer4.")]
    [DataRow(null, "conv1. bn1. layer1. layer2. layer3. layer4.")]
    public void OnlyTrainableStagesTrainAndMoveTheirStatistics(int? stages, string trainable)
    {
        using var scope = NewDisposeScope();
        using var model = New(new ResNetOptions { Size = Width8, TrainableStages = stages });
        var prefixes = trainable.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (var (name, parameter) in model.named_parameters())
            Assert.AreEqual(prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)), parameter.requires_grad, name);
        var before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        model.Features(randn([3, 3, 64, 64]), training: true);
        foreach (var (name, value) in model.state_dict().Where(entry => entry.Key.Contains("running", StringComparison.Ordinal)))
            Assert.AreEqual(!prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)), value.allclose(before[name], 0, 0), name);
    }

    [TestMethod]
    public void FrozenBatchNormalizationIsThatOfInference()
    {
        using var scope = NewDisposeScope();
        using var model = New(new ResNetOptions { Size = Width8, FreezeBatchNormalization = true });
        var pictures = randn([3, 3, 40, 40]);
        ImageGolden.AssertClose(model.Features(pictures, training: false), model.Features(pictures, training: true), 0);
        Assert.AreEqual(0, model.state_dict()["layer4.0.bn1.num_batches_tracked"].item<long>());
        foreach (var (name, parameter) in model.named_parameters())
            Assert.AreEqual(parameter.Dimensions == 4, parameter.requires_grad, name);
    }

    [TestMethod]
    public void WeightsThatDoNotFitAreRefused()
    {
        using var wrongSize = New(new ResNetOptions { Size = ResNetSize.ResNet18 });
        Assert.Contains("holds a residual network of 2, 2, 2, 2 blocks and width 8; expected 2, 2, 2, 2 blocks and width 64, as ResNetOptions.Size says.",
            Refusal(wrongSize, _ => { }));
        using var model = New(new ResNetOptions { Size = Width8 });
        Assert.Contains("Missing: 'layer3.0.bn1.weight'. Unexpected: 'layer9.weight'.", Refusal(model, weights =>
        {
            weights.Remove("layer3.0.bn1.weight");
            weights["layer9.weight"] = zeros(1);
        }));
        Assert.Contains("'bn1.bias' (shape [8] expected, found [9])", Refusal(model, weights => weights["bn1.bias"] = zeros(9)));
        using var file = WeightFile.Read(ImageGolden.PathOf("vit", "vit_tiny.hf.safetensors"));
        Assert.Contains("Missing: 'bn1.bias'", Assert.ThrowsExactly<InvalidDataException>(() => model.Load(file)).Message);
    }

    [TestMethod]
    public void OldFilesWithoutCountersAndParallelTrainingsPrefixAreRead()
    {
        using var scope = NewDisposeScope();
        using var model = New(new ResNetOptions { Size = Width8 });
        using var file = WeightFile.Read(ImageGolden.PathOf("resnet", "resnet18_width8.pth"));
        var expected = file["layer2.1.conv2.weight"].clone();
        using var old = new StateDict("old",
            [.. file.Take().Where(entry => !entry.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                .Select(entry => KeyValuePair.Create("module." + entry.Key, entry.Value))]);
        model.Load(old);
        ImageGolden.AssertClose(expected, model.state_dict()["layer2.1.conv2.weight"], 0);
    }

    private static string Refusal(ResNetModule model, Action<Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        using var file = WeightFile.Read(ImageGolden.PathOf("resnet", "resnet18_width8.safetensors"));
        var weights = file.Take().ToDictionary();
        change(weights);
        using var changed = new StateDict("changed", weights);
        var before = model.state_dict()["conv1.weight"].clone();
        var message = Assert.ThrowsExactly<InvalidDataException>(() => model.Load(changed)).Message;
        ImageGolden.AssertClose(before, model.state_dict()["conv1.weight"], 0, "nothing was copied");
        return message;
    }

    private static ResNetModule New(ResNetOptions options)
    {
        using var generator = new Generator(1);
        return new ResNetModule(options, generator);
    }

    private static ResNetModule Stored(string file, ScalarType type)
    {
        var model = New(new ResNetOptions { Size = Width8 });
        using var weights = WeightFile.Read(ImageGolden.PathOf("resnet", file));
        model.Load(weights);
        model.to(type);
        return model;
    }
}
