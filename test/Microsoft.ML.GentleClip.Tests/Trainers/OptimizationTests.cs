using Microsoft.ML.GentleClip.Trainers;
using static TorchSharp.torch;
using AdamW = Microsoft.ML.GentleClip.Trainers.AdamW;
using Parameter = TorchSharp.Modules.Parameter;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

[TestClass]
public sealed class OptimizationTests
{
    [TestMethod]
    public void ScheduleWarmsUpAndFallsAlongACosine()
    {
        var schedule = new LearningRateSchedule(0.4, 100, 0.1);
        Assert.AreEqual(0.04, schedule.At(0), 1e-12);
        Assert.AreEqual(0.4, schedule.At(9), 1e-12);
        Assert.AreEqual(0.4, schedule.At(10), 1e-12);
        Assert.AreEqual(0.2, schedule.At(55), 1e-12);
        Assert.AreEqual(0.4 * 0.5 * (1 + Math.Cos(Math.PI * 89 / 90)), schedule.At(99), 1e-12);
        Assert.AreEqual(0.4, new LearningRateSchedule(0.4, 100, 0).At(0), 1e-12, "no warm-up");
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.1)]
    public void AdamWFollowsTheReferenceStepByStep(double weightDecay)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var start = randn([5, 4], dtype: ScalarType.Float64, generator: generator);
        var target = randn([5, 4], dtype: ScalarType.Float64, generator: generator);
        var (ours, reference) = (new Parameter(start.clone()), new Parameter(start.clone()));
        using var optimizer = new AdamW([ours], weightDecay);
        using var expected = optim.AdamW([reference], lr: 0.03, weight_decay: weightDecay);
        for (var step = 0; step < 25; step++)
        {
            optimizer.ZeroGradients();
            expected.zero_grad();
            (ours - target).pow(4).sum().backward();
            (reference - target).pow(4).sum().backward();
            optimizer.Step(0.03, largestNorm: double.MaxValue);
            expected.step();
            Assert.AreEqual(0, (ours - reference).abs().max().item<double>(), 1e-12, $"step {step}");
        }
        Assert.IsGreaterThan(0.1, (ours - start).abs().max().item<double>());
    }

    [TestMethod]
    public void GradientIsClippedByItsGlobalNorm()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (new Parameter(zeros(3)), new Parameter(zeros(4)));
        using var optimizer = new AdamW([a, b], 0);
        ((a * tensor(new[] { 3f, 0, 0 })).sum() + (b * tensor(new[] { 0f, 4, 0, 0 })).sum()).backward();
        Assert.AreEqual(5, optimizer.Step(0.1, largestNorm: 1), 1e-6);
        Assert.AreEqual(0.6f, a.grad![0].item<float>(), 1e-6f);
        Assert.AreEqual(0.8f, b.grad![1].item<float>(), 1e-6f);
    }

    [TestMethod]
    public void VectorsDoNotDecay()
    {
        using var scope = NewDisposeScope();
        var (matrix, vector) = (new Parameter(ones(2, 2)), new Parameter(ones(2)));
        using var optimizer = new AdamW([matrix, vector], 0.5);
        (matrix.sum() * 0 + vector.sum() * 0).backward();
        optimizer.Step(0.1, 1);
        Assert.AreEqual(0.95f, matrix[0, 0].item<float>(), 1e-6f);
        Assert.AreEqual(1f, vector[0].item<float>());
    }

    [TestMethod]
    public void NothingMovesOnAGradientThatIsNotFinite()
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(ones(2));
        using var optimizer = new AdamW([parameter], 0);
        (parameter * tensor(new[] { float.NaN, 1 })).sum().backward();
        Assert.IsFalse(double.IsFinite(optimizer.Step(0.1, 1)));
        Assert.AreEqual(2f, parameter.sum().item<float>());
    }
}
