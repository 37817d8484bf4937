using Microsoft.ML.GentleClip.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Weights;

[TestClass]
public sealed class StateDictLoaderTests
{
    private static readonly string Head = Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders", "projection_head", "head.safetensors");

    [TestMethod]
    public void CopiesEveryValueAndNothingOfAutograd()
    {
        using var weights = SafetensorsReader.Read(Head);
        using var module = new HeadLike();
        var live = LiveTensors.Settled();
        StateDictLoader.Load(module, weights);
        LiveTensors.AssertAtMost(live);
        foreach (var (name, tensor) in module.state_dict())
        {
            Assert.IsTrue(tensor.allclose(weights[name], 0, 0), name);
            Assert.IsTrue(tensor is { requires_grad: true, is_leaf: true }, name);
            Assert.AreNotEqual(tensor.Handle, weights[name].Handle);
        }
        using var scope = NewDisposeScope();
        module.projection.weight.sum().backward();
        Assert.IsNotNull(module.projection.weight.grad);
    }

    [TestMethod]
    public void EveryMisfitIsListedAndNothingCopied()
    {
        using var scope = NewDisposeScope();
        using var weights = SafetensorsReader.Read(Head);
        using var module = new HeadLike();
        var before = module.fc.weight.clone();
        var tensors = new Dictionary<string, Tensor>(weights)
        {
            ["extra.b"] = zeros(1),
            ["extra.a"] = zeros(1),
            ["fc.bias"] = zeros(4, 4),
            ["layer_norm.bias"] = zeros(16, int64),
        };
        tensors.Remove("projection.weight");
        tensors.Remove("projection.bias");
        var e = Assert.ThrowsExactly<InvalidDataException>(() => StateDictLoader.Load(module, tensors, "head.safetensors"));
        Assert.AreEqual(
            "head.safetensors: the weights do not fit HeadLike. Missing: 'projection.bias', 'projection.weight'. Unexpected: 'extra.a', 'extra.b'. "
            + "Of another shape or type: 'fc.bias' (shape [16] expected, found [4, 4]), 'layer_norm.bias' (Float32 expected, found Int64).", e.Message);
        Assert.IsTrue(module.fc.weight.allclose(before, 0, 0));
    }

    [TestMethod]
    public void NamesToIgnoreMayBeThere()
    {
        using var scope = NewDisposeScope();
        using var weights = SafetensorsReader.Read(Head);
        using var module = new HeadLike();
        var tensors = new Dictionary<string, Tensor>(weights) { ["position_ids"] = zeros(1, int64) };
        StateDictLoader.Load(module, tensors, "head", name => name == "position_ids");
        Assert.ThrowsExactly<InvalidDataException>(() => StateDictLoader.Load(module, tensors, "head", name => name == "other"));
    }

    [TestMethod]
    public void FloatingPointTypesConvertAndBuffersAreFilled()
    {
        using var scope = NewDisposeScope();
        using var source = nn.BatchNorm1d(3);
        source.running_mean!.copy_(tensor([1f, 2f, 3f]));
        source.num_batches_tracked!.fill_(7);
        var tensors = source.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.is_floating_point() ? pair.Value.detach().to(float64) : pair.Value);
        using var target = nn.BatchNorm1d(3);
        StateDictLoader.Load(target, tensors, "norm");
        CollectionAssert.AreEqual(new[] { 1f, 2f, 3f }, target.running_mean!.data<float>().ToArray());
        Assert.AreEqual(7, target.num_batches_tracked!.item<long>());
        Assert.AreEqual(float32, target.running_mean.dtype);
    }

    private sealed class HeadLike : nn.Module
    {
        public readonly Linear projection = nn.Linear(24, 16), fc = nn.Linear(16, 16);
        public readonly LayerNorm layer_norm = nn.LayerNorm(16);

        public HeadLike() : base(nameof(HeadLike)) => RegisterComponents();
    }
}
