using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class MkMmdLossTests : ObjectiveTest
{
    public static IEnumerable<object[]> Cases => GoldenCase.Rows("mkmmd.json");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Golden(GoldenCase golden)
    {
        var (u, v) = (golden.Input("u"), golden.Input("v"));
        var settings = new MmdObjective
        {
            GaussianBandwidth = golden.Parameter("bw2").ValueKind == System.Text.Json.JsonValueKind.String ? null : Math.Sqrt(golden.Number("bw2")),
            Polynomial = new((int)golden.Number("degree"), golden.Number("gamma"), golden.Number("c"), golden.Number("poly_scale")),
            Unbiased = golden.Flag("unbiased"),
        };
        var beta = golden.Has("beta") ? tensor(golden.Parameter("beta").EnumerateArray().Select(b => b.GetDouble()).ToArray()) : golden.Input("beta");
        if (settings.GaussianBandwidth is null)
            GoldenCase.AssertClose(golden.Extra("bw2"), MkMmdLoss.MedianBandwidth(u, v), "median bandwidth");
        golden.Check(new MkMmdLoss(settings).Compute(u, v, beta), ("u", u), ("v", v), ("beta", beta));
    }

    // A move to another type makes new tensors as one to a GPU does, where the preset Paper once ended with an empty handle.
    [TestMethod]
    public void LearnableWeightsFollowTheModule()
    {
        using var loss = new MkMmdLoss(new MmdObjective { KernelWeights = MmdKernelWeights.Learnable, GaussianWeight = 0.3 });
        var (u, v) = (RandomUnit(5, 4, 5), RandomUnit(8, 4, 6));
        var before = loss.Compute(u, v).item<double>();
        loss.to(ScalarType.Float64);
        Assert.AreEqual(before, loss.Compute(u, v).item<double>(), 1e-6);
        Assert.AreEqual(ScalarType.Float64, loss.parameters().Single().dtype);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void EqualsNaiveLoop(bool unbiased)
    {
        var (u, v) = (RandomUnit(5, 4, 5), RandomUnit(8, 4, 6));
        var settings = new MmdObjective { GaussianBandwidth = Math.Sqrt(0.6), GaussianWeight = 0.3, Unbiased = unbiased };
        var (x, y) = (ToRows(u), ToRows(v));
        double Kernel(double[] a, double[] b) => 0.3 * Math.Exp(-SquaredDistance(a, b) / 1.2) + 0.7 * Math.Pow(Dot(a, b) + 1, 2) / 4;
        double Mean(double[][] a, double[][] b)
        {
            double sum = 0, count = 0;
            foreach (var p in a)
            {
                foreach (var q in b)
                {
                    if (unbiased && ReferenceEquals(p, q))
                        continue;
                    sum += Kernel(p, q);
                    count++;
                }
            }

            return sum / count;
        }

        var loss = new MkMmdLoss(settings);
        GoldenCase.AssertClose(Mean(x, x) + Mean(y, y) - 2 * Mean(x, y), loss.Compute(u, v).item<double>(), "value");
        CheckGradients(t => loss.Compute(t[0], t[1]), u, v);
    }

    [TestMethod]
    public void MedianOfManyRowsComesFromEvenlySpacedOnes()
    {
        var (u, v) = (RandomUnit(900, 3, 7), RandomUnit(300, 3, 8));
        var rows = ToRows(cat([u, v], 0)).Where((_, i) => i % 5 == 0).ToArray();
        var distances = rows.SelectMany((x, i) => rows.Take(i).Select(y => SquaredDistance(x, y))).Order().ToArray();
        GoldenCase.AssertClose(distances[(distances.Length - 1) / 2] / 2, MkMmdLoss.MedianBandwidth(u, v).item<double>(), "half the lower median");
    }

    [TestMethod]
    [DataRow(0, 4, false)]
    [DataRow(4, 0, false)]
    [DataRow(0, 0, false)]
    [DataRow(1, 4, true)]
    public void TooFewRowsGiveZeroWithGraph(int n, int m, bool unbiased)
    {
        var loss = new MkMmdLoss(new() { Unbiased = unbiased });
        CheckZeroWithGraph(t => loss.Compute(t[0], t[1]), RandomUnit(n, 4, 1), RandomUnit(m, 4, 2));
    }

    [TestMethod]
    public void CollapsedEmbeddingsStayFinite()
    {
        var loss = new MkMmdLoss(new());
        var (x, y) = (RandomUnit(1, 4, 1, ScalarType.Float32).expand(6, 4), RandomUnit(1, 4, 2, ScalarType.Float32).expand(6, 4));
        CheckFinite(t => loss.Compute(t[0], t[1]), x, x);
        CheckFinite(t => loss.Compute(t[0], t[1]), x, y);
    }

    [TestMethod]
    public void LeavesNoTensors()
    {
        var loss = new MkMmdLoss(new());
        CheckLeavesNoTensors(t => loss.Compute(t[0], t[1]), RandomUnit(6, 4, 1), RandomUnit(5, 4, 2));
    }
}
