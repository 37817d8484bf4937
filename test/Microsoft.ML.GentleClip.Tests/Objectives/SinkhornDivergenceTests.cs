using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class SinkhornDivergenceTests : ObjectiveTest
{
    public static IEnumerable<object[]> Cases => GoldenCase.Rows("sinkhorn.json");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Golden(GoldenCase golden)
    {
        var (u, v) = (golden.Input("u"), golden.Input("v"));
        var settings = new SinkhornObjective
        {
            Epsilon = golden.Number("eps"),
            Iterations = (int)golden.Number("iters"),
            Unrolled = golden.Text("gradient") == "unrolled",
        };
        golden.Check(SinkhornDivergence.Compute(u, v, settings), ("u", u), ("v", v));
        if (golden.HasExtra("plan_uv"))
        {
            var logits = Pairwise.SquaredDistances(u, v) / (-2 * settings.Epsilon);
            var (rows, columns) = Sinkhorn.Potentials(logits, settings.Iterations);
            GoldenCase.AssertClose(golden.Extra("f_uv"), rows.detach() * settings.Epsilon, "row potentials");
            // The reference's column potentials hold the plan's uniform weights.
            GoldenCase.AssertClose(golden.Extra("g_uv"), (columns.detach() - Math.Log(logits.numel())) * settings.Epsilon, "column potentials");
            GoldenCase.AssertClose(golden.Extra("plan_uv"), Sinkhorn.LogPlan(logits, settings.Iterations).exp(), "plan");
        }
    }

    [TestMethod]
    public void EqualsNaiveLoop()
    {
        var (u, v) = (RandomUnit(5, 3, 1), RandomUnit(7, 3, 2));
        const double Epsilon = 0.2;
        const int Iterations = 6;
        double Cost(double[][] x, double[][] y)
        {
            var (f, g) = (new double[x.Length], new double[y.Length]);
            for (var i = 0; i < Iterations; i++)
            {
                g = [.. y.Select(q => -Epsilon * Math.Log(x.Select((p, k) => Math.Exp((f[k] - SquaredDistance(p, q) / 2) / Epsilon)).Average()))];
                f = [.. x.Select(p => -Epsilon * Math.Log(y.Select((q, k) => Math.Exp((g[k] - SquaredDistance(p, q) / 2) / Epsilon)).Average()))];
            }

            return f.Average() + g.Average();
        }

        var (a, b) = (ToRows(u), ToRows(v));
        var expected = Cost(a, b) - Cost(a, a) / 2 - Cost(b, b) / 2;
        foreach (var unrolled in new[] { false, true })
            GoldenCase.AssertClose(
                expected, SinkhornDivergence.Compute(u, v, new() { Epsilon = Epsilon, Iterations = Iterations, Unrolled = unrolled }).item<double>(), "value");
        CheckGradients(t => SinkhornDivergence.Compute(t[0], t[1], new() { Epsilon = Epsilon, Iterations = Iterations, Unrolled = true }), u, v);
        CheckGradients(t => SinkhornDivergence.Compute(t[0], t[1], new() { Epsilon = 1, Iterations = 60 }), u, v);
    }

    [TestMethod]
    [DataRow(0, 3)]
    [DataRow(3, 0)]
    public void EmptySideGivesZeroWithGraph(int n, int m) =>
        CheckZeroWithGraph(t => SinkhornDivergence.Compute(t[0], t[1], new()), Random(n, 3, 1), Random(m, 3, 2));

    [TestMethod]
    public void CollapsedStaysFinite()
    {
        var (x, y) = (RandomUnit(1, 4, 1, ScalarType.Float32).expand(6, 4), RandomUnit(1, 4, 2, ScalarType.Float32).expand(6, 4));
        CheckFinite(t => SinkhornDivergence.Compute(t[0], t[1], new()), x, x);
        CheckFinite(t => SinkhornDivergence.Compute(t[0], t[1], new() { Epsilon = 0.01, Iterations = 20, Unrolled = true }), x, y);
    }

    [TestMethod]
    public void TooLargeABatchIsRefused() =>
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => SinkhornDivergence.Compute(zeros(8193, 1), zeros(2, 1), new())).Message,
            "at most 67108864 pairs (8192 x 8192); this batch has 8193 x 8193");

    [TestMethod]
    public void LeavesNoTensors()
    {
        CheckLeavesNoTensors(t => SinkhornDivergence.Compute(t[0], t[1], new()), Random(4, 3, 1), Random(5, 3, 2));
        CheckLeavesNoTensors(t => SinkhornDivergence.Compute(t[0], t[1], new() { Unrolled = true }), Random(4, 3, 1), Random(5, 3, 2));
    }
}
