using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class KernelWeightTests : ObjectiveTest
{
    public static IEnumerable<object[]> PowerCases => GoldenCase.Rows("mkmmd_beta.json");

    [TestMethod]
    [DynamicData(nameof(PowerCases))]
    public void PowerGolden(GoldenCase golden)
    {
        var (u, v, statistics) = (golden.Input("u"), golden.Input("v"), PowerWeights.NewStatistics());
        PowerWeights.Update(statistics, u, v, tensor(golden.Number("bw2")),
            new((int)golden.Number("degree"), golden.Number("gamma"), golden.Number("c"), golden.Number("poly_scale")), 0.9);
        var weight = PowerWeights.GaussianWeight(statistics);
        GoldenCase.AssertClose(golden.ExpectedValue, weight, golden.Name);
        GoldenCase.AssertClose(golden.Extra("beta"), tensor(new[] { weight, 1 - weight }), golden.Name);
    }

    [TestMethod]
    public void PowerWeightsAreRunningMeansOfTrainingBatches()
    {
        var settings = new MmdObjective { KernelWeights = MmdKernelWeights.Power, GaussianBandwidth = Math.Sqrt(0.5), PowerDecay = 0.75 };
        using var loss = new MkMmdLoss(settings);
        var (u, v, w) = (RandomUnit(8, 4, 1), RandomUnit(8, 4, 2), RandomUnit(9, 4, 3));
        loss.Compute(u, v);
        loss.Compute(v, w);
        Tensor Alone(Tensor x, Tensor y)
        {
            var statistics = PowerWeights.NewStatistics();
            PowerWeights.Update(statistics, x, y, tensor(0.5), settings.Polynomial, 0);
            return statistics;
        }

        var state = loss.state_dict()["kernelStatistics"];
        GoldenCase.AssertClose(0.75 * Alone(u, v) + 0.25 * Alone(v, w.narrow(0, 0, 8)), state, "running means");

        var before = state.clone();
        loss.eval();
        loss.Compute(u, w);
        GoldenCase.AssertClose(before, state, "evaluation leaves them alone", 0);
    }

    [TestMethod]
    public void LearnableWeightsAscendWhileEmbeddingsDescend()
    {
        var (u, v) = (RandomUnit(6, 4, 1).requires_grad_(), RandomUnit(5, 4, 2).requires_grad_());
        var mmd = new MmdObjective { KernelWeights = MmdKernelWeights.Learnable, GaussianWeight = 0.3, GaussianBandwidth = Math.Sqrt(0.5) };
        using var objective = new TotalLoss([new ContrastiveObjective(), mmd]);
        using var loss = new MkMmdLoss(mmd);
        Assert.HasCount(1, objective.parameters().ToArray());
        Assert.HasCount(1, objective.state_dict());
        var logits = loss.parameters().Single();

        loss.Compute(u, v).backward();

        var plain = new MkMmdLoss(new() { GaussianBandwidth = Math.Sqrt(0.5) });
        var free = logits.detach().to(float64).requires_grad_();
        var (u2, v2) = (u.detach().requires_grad_(), v.detach().requires_grad_());
        plain.Compute(u2, v2, free.softmax(0)).backward();
        GoldenCase.AssertClose(u2.grad!, u.grad!, "gradient of u");
        GoldenCase.AssertClose(-free.grad!, logits.grad!.to(float64), "reversed gradient of the logits", 1e-5);
        GoldenCase.AssertClose(0.3, logits.detach().softmax(0)[0].item<float>(), "first weight", 1e-6);
    }

    [TestMethod]
    [DataRow(nameof(MmdKernelWeights.Learnable))]
    [DataRow(nameof(MmdKernelWeights.Power))]
    public void LeavesNoTensors(string weighting)
    {
        using var loss = new MkMmdLoss(new() { KernelWeights = Enum.Parse<MmdKernelWeights>(weighting) });
        CheckLeavesNoTensors(t => loss.Compute(t[0], t[1]), RandomUnit(6, 4, 1), RandomUnit(5, 4, 2));
    }
}
