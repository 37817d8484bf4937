using System.Text.Json;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Trainers;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

[TestClass]
public sealed class EncoderTests
{
    private static readonly string HeadFolder = Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders", "projection_head");

    private static Tensor Read(JsonElement element, ScalarType type)
    {
        var shape = element.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        return tensor(element.GetProperty("data").EnumerateArray().Select(value => value.GetDouble()).ToArray(), shape).to(type);
    }

    [TestMethod]
    [DataRow(true, 1e-11)]
    [DataRow(false, 2e-6)]
    public void ProjectionHeadEqualsTheReference(bool isDouble, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(HeadFolder, "head.json")));
        var (config, type) = (json.RootElement.GetProperty("config"), isDouble ? ScalarType.Float64 : ScalarType.Float32);
        using var generator = new Generator(1);
        using var head = new ProjectionHead(config.GetProperty("in").GetInt64(), config.GetProperty("p").GetInt64(), generator);
        StateDictLoader.Load(head, SafetensorsReader.Read(Path.Combine(HeadFolder, "head.safetensors")));
        head.to(type);
        var x = Read(json.RootElement.GetProperty("inputs").GetProperty("x"), type).requires_grad_();
        var embedding = head.Project(x, noise: null);
        var expected = json.RootElement.GetProperty("expected").GetProperty("eval");
        AssertClose(Read(expected.GetProperty("normalised"), type), embedding, tolerance);

        (embedding * Read(json.RootElement.GetProperty("inputs").GetProperty("G"), type)).sum().backward();
        // Gradients go through a division by a standard deviation: a digit less than the values.
        AssertClose(Read(expected.GetProperty("grad_x_of_sum_normalised_times_G"), type), x.grad!, 10 * tolerance);
        var gradients = expected.GetProperty("grads");
        foreach (var (name, parameter) in head.named_parameters())
            AssertClose(Read(gradients.GetProperty(name), type), parameter.grad!, 10 * tolerance);
    }

    [TestMethod]
    public void LinearStartsAsTheReferenceDoes()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        using var layer = new Linear(400, 300, generator);
        var bound = 1 / Math.Sqrt(400);
        foreach (var (_, value) in layer.state_dict())
        {
            Assert.IsLessThanOrEqualTo(bound, value.abs().max().item<float>());
            Assert.AreEqual(bound / Math.Sqrt(3), value.std().item<float>(), 0.1 * bound, "standard deviation of a uniform distribution");
        }
    }

    [TestMethod]
    public void ABatchOfNIsNBatchesOfOne()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        using var model = Model(generator);
        var x = randn([17, 12], generator: generator);
        var whole = model.TowerA.Embed(new VectorBatch(x), noise: null);
        for (var row = 0; row < 17; row++)
            AssertClose(whole[row].unsqueeze(0), model.TowerA.Embed(new VectorBatch(x[row].unsqueeze(0)), noise: null), 1e-6);
    }

    [TestMethod]
    public void EmbeddingsHaveUnitLengthAndNoiseChangesThem()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        using var model = Model(generator);
        var batch = new VectorBatch(randn([5, 12], generator: generator));
        var plain = model.TowerA.Embed(batch, noise: null);
        var (first, second) = (model.TowerA.Embed(batch, new NoiseSource(generator)), model.TowerA.Embed(batch, new NoiseSource(generator)));
        AssertClose(ones(5), plain.norm(1), 1e-5);
        AssertClose(ones(5), first.norm(1), 1e-5);
        Assert.IsGreaterThan(0.01, (first - second).abs().max().item<float>(), "two views of the self-supervised loss must differ");
    }

    [TestMethod]
    public void DropoutKeepsTheMeanAndMaskingTheScale()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        var noise = new NoiseSource(generator);
        var x = ones(200_000);
        var dropped = noise.Dropout(x, 0.3);
        Assert.AreEqual(1, dropped.mean().item<float>(), 0.01);
        Assert.AreEqual(0.3, dropped.eq(0).to(ScalarType.Float32).mean().item<float>(), 0.01);
        var masked = noise.Mask(x, 0.1);
        Assert.AreEqual(1, masked.max().item<float>());
        Assert.AreEqual(0.9, masked.mean().item<float>(), 0.01);
        Assert.AreEqual(0.3, noise.AddGaussian(zeros(200_000), 0.3).std().item<float>(), 0.01);
    }

    // TorchSharp 0.107 has generators of the CPU alone; a GPU that draws from one ends the process. The meta device stands for a GPU here.
    [TestMethod]
    public void NoiseOfAnotherDeviceIsDrawnOnTheCpu()
    {
        using var scope = NewDisposeScope();
        CollectionAssert.AreEqual(NumbersAfter(CPU), NumbersAfter(new Device(DeviceType.META)));

        static float[] NumbersAfter(Device device)
        {
            using var generator = new Generator(5);
            var noise = new NoiseSource(generator);
            var x = zeros(7, dtype: ScalarType.Float32, device: device);
            Tensor[] drawn = [noise.Dropout(x, 0.3), noise.Mask(x, 0.1), noise.AddGaussian(x, 1), noise.Choose(x, 0.5), noise.Integers(x.to(ScalarType.Int64)),
                noise.Uniform(3, device)];
            Assert.IsTrue(drawn.All(tensor => tensor.device.type == device.type));
            return noise.Uniform(4, CPU).data<float>().ToArray();
        }
    }

    [TestMethod]
    public void InputsAreStandardisedAndConstantsOnlyCentred()
    {
        using var scope = NewDisposeScope();
        var mlContext = new MLContext();
        // Far from 0, of different scales, one constant.
        float[][] rows = [.. Enumerable.Range(0, 50).Select(i => new[] { 1e6f + i, 1e-3f * (i % 7), 5e5f, (i % 2) - 0.5f })];
        var view = mlContext.Data.LoadFromEnumerable(rows.Select(row => new FourFeatures { A = row, B = row }));
        using var data = TrainingData.Read(view,
            new GentleClipOptions { ModalityA = Modality.Vector("X", "A"), ModalityB = Modality.Vector("Y", "B") }, () => { });
        using var generator = new Generator(1);
        using var encoder = new VectorEncoder(new VectorEncoderOptions { HiddenDimensions = [] }, 4, generator);
        encoder.Prepare(data.A.Store);
        var encoded = encoder.Encode(data.A.Store.Gather([.. Enumerable.Range(0, 50)]), noise: null);
        AssertClose(tensor(new[] { 0f, 0, 0, 0 }), encoded.mean([0]), 1e-3);
        AssertClose(tensor(new[] { 1f, 1, 0, 1 }), encoded.std(0, unbiased: false), 1e-3);

        using var raw = new VectorEncoder(new VectorEncoderOptions { HiddenDimensions = [], Standardize = false }, 4, generator);
        raw.Prepare(data.A.Store);
        AssertClose(tensor(rows[3]), raw.Encode(data.A.Store.Gather([3]), noise: null)[0], 0);
    }

    private static TwoTowerModel Model(Generator generator) => new(
        new TwoTowerSpec(new TowerSpec(Modality.Vector("X", "A"), 12), new TowerSpec(Modality.Vector("Y", "B"), 9), 16, 0.07), generator);

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape);
        Assert.IsLessThanOrEqualTo(tolerance, (expected - actual).abs().max().to(ScalarType.Float64).item<double>());
    }

    private sealed class FourFeatures
    {
        [Microsoft.ML.Data.VectorType(4)]
        public float[] A { get; set; } = [];

        [Microsoft.ML.Data.VectorType(4)]
        public float[] B { get; set; } = [];
    }
}
