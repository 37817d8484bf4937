using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>The losses whose targets are transport plans between unpaired rows: pseudo-pairs and KLOT.</summary>
[TestClass]
public sealed class TransportPlanLossTests : ObjectiveTest
{
    public static IEnumerable<object[]> Cases => GoldenCase.Rows("extension.json");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void PairsGolden(GoldenCase golden)
    {
        var (qu, qv, logScale) = (golden.Input("qu"), golden.Input("qv"), golden.Input("log_scale"));
        var (teacherU, teacherV) = (golden.Constant("teacher_u"), golden.Constant("teacher_v"));
        var settings = new TransportPairObjective { Epsilon = golden.Number("plan_eps"), Iterations = (int)golden.Number("iters") };
        GoldenCase.AssertClose(golden.Extra("plan"),
            Sinkhorn.LogPlan((teacherU.matmul(teacherV.t()) - 1) / settings.Epsilon, settings.Iterations).exp(), "plan");
        golden.Check(TransportPairLoss.Compute(qu, qv, teacherU, teacherV, logScale, settings), ("qu", qu), ("qv", qv), ("log_scale", logScale));
    }

    [TestMethod]
    public void KlotGradientIsExactAtConvergedPlans()
    {
        var (teacherU, teacherV) = (RandomUnit(5, 6, 3), RandomUnit(7, 6, 4));
        CheckGradients(t => Klot(t[0], t[1], teacherU, teacherV, new() { Regularization = 0.5, TeacherRegularization = 0.4, Iterations = 80 }),
            RandomUnit(5, 4, 1), RandomUnit(7, 4, 2));
    }

    [TestMethod]
    public void KlotEqualsNaiveLoopAndVanishesForTheTeacher()
    {
        var (u, v, teacherU, teacherV) = (RandomUnit(4, 3, 1), RandomUnit(5, 3, 2), RandomUnit(4, 6, 3), RandomUnit(5, 6, 4));
        double[,] Plan(double[][] x, double[][] y, double epsilon)
        {
            var p = new double[4, 5];
            for (var i = 0; i < 4; i++)
            {
                for (var j = 0; j < 5; j++)
                    p[i, j] = Math.Exp(Dot(x[i], y[j]) / epsilon);
            }

            for (var iteration = 0; iteration < 50; iteration++)
            {
                for (var j = 0; j < 5; j++)
                {
                    var sum = Enumerable.Range(0, 4).Sum(i => p[i, j]);
                    for (var i = 0; i < 4; i++)
                        p[i, j] /= 5 * sum;
                }

                for (var i = 0; i < 4; i++)
                {
                    var sum = Enumerable.Range(0, 5).Sum(j => p[i, j]);
                    for (var j = 0; j < 5; j++)
                        p[i, j] /= 4 * sum;
                }
            }

            return p;
        }

        var (target, plan) = (Plan(ToRows(teacherU), ToRows(teacherV), 0.2), Plan(ToRows(u), ToRows(v), 0.3));
        var expected = Enumerable.Range(0, 20).Sum(k => target[k / 5, k % 5] * Math.Log(target[k / 5, k % 5] / plan[k / 5, k % 5]));
        GoldenCase.AssertClose(expected,
            Klot(u, v, teacherU, teacherV, new() { Regularization = 0.3, TeacherRegularization = 0.2, Iterations = 50 }).item<double>(), "value");
        Assert.AreEqual(0, Klot(u, v, u, v, new() { Regularization = 0.3, TeacherRegularization = 0.3, Iterations = 50 }).item<double>(), 1e-14);
    }

    [TestMethod]
    public void TermsOfTheTotalUseTheUnpairedRows()
    {
        var (a, b, logScale) = (RandomUnit(7, 4, 1), RandomUnit(6, 4, 2), tensor(2.0));
        var (averagedA, averagedB, teacherA, teacherB) = (RandomUnit(7, 4, 3), RandomUnit(6, 4, 4), RandomUnit(7, 3, 5), RandomUnit(6, 3, 6));
        using var objective = new TotalLoss(
            [new CentroidObjective(), new SinkhornObjective { Weight = 2 }, new TransportPairObjective(), new KlotObjective { Weight = 4 }]);
        var input = new ObjectiveInput
        {
            EmbeddingsA = a,
            EmbeddingsB = b,
            NumberOfPairs = 2,
            LogScale = logScale,
            AveragedA = averagedA,
            AveragedB = averagedB,
            ClosedFormA = teacherA,
            ClosedFormB = teacherB,
            Step = 25, // the ramp rises from 10 to 40
            NumberOfSteps = 100,
        };
        var terms = objective.Compute(input).Terms;
        Tensor Rest(Tensor x) => x.narrow(0, 2, x.size(0) - 2);
        (string, double, Tensor)[] expected =
        [
            ("centroid", 1, CentroidLoss.Compute(a, b)),
            ("sinkhorn", 2, SinkhornDivergence.Compute(a, b, new())),
            ("transportPairs", 0.15, TransportPairLoss.Compute(Rest(a), Rest(b), Rest(averagedA), Rest(averagedB), logScale, new())),
            ("klot", 4, Klot(Rest(a), Rest(b), Rest(teacherA), Rest(teacherB), new())),
        ];
        Assert.HasCount(expected.Length, terms);
        foreach (var ((name, weight, value), term) in expected.Zip(terms))
        {
            Assert.AreEqual(name, term.Name);
            Assert.AreEqual(weight, term.Weight, 1e-12);
            GoldenCase.AssertClose(value, term.Value, name);
        }

        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => objective.Compute(input with { AveragedA = null })).Message,
            "The objective 'transportPairs' failed at step 25: AveragedA is needed, but this batch does not have it.");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => objective.Compute(input with { ClosedFormB = RandomUnit(6, 2, 1) })).Message,
            "ClosedFormB must be [6, 3]; found [6, 2]");
    }

    [TestMethod]
    [DataRow(0, 3)]
    [DataRow(3, 0)]
    public void EmptySideGivesZeroWithGraph(int n, int m)
    {
        CheckZeroWithGraph(t => TransportPairLoss.Compute(t[0], t[1], t[0], t[1], t[2], new()), RandomUnit(n, 4, 1), RandomUnit(m, 4, 2), tensor(2.0));
        CheckZeroWithGraph(t => Klot(t[0], t[1], t[0], t[1], new()), RandomUnit(n, 4, 1), RandomUnit(m, 4, 2));
    }

    [TestMethod]
    public void CollapsedStaysFinite()
    {
        var (x, y) = (RandomUnit(1, 4, 1, ScalarType.Float32).expand(6, 4), RandomUnit(5, 4, 2, ScalarType.Float32));
        CheckFinite(t => TransportPairLoss.Compute(t[0], t[1], t[0], t[1], t[2], new() { Epsilon = 0.001 }), x, y, tensor(4.6f));
        CheckFinite(t => Klot(t[0], t[1], y.narrow(0, 0, 1).expand(6, 4), y, new() { Regularization = 0.05, TeacherRegularization = 0.001, Iterations = 100 }),
            x, y);
    }

    [TestMethod]
    public void LeavesNoTensors()
    {
        CheckLeavesNoTensors(t => TransportPairLoss.Compute(t[0], t[1], t[0], t[1], t[2], new()), RandomUnit(6, 4, 1), RandomUnit(5, 4, 2), tensor(2.0));
        CheckLeavesNoTensors(t => Klot(t[0], t[1], t[0], t[1], new()), RandomUnit(6, 4, 1), RandomUnit(5, 4, 2));
    }

    private static Tensor Klot(Tensor u, Tensor v, Tensor teacherU, Tensor teacherV, KlotObjective objective) =>
        KlotLoss.Compute(u, v, teacherU, teacherV, objective.Regularization, objective.TeacherRegularization, objective.Iterations);
}
