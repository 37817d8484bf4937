using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class PseudoLabelLossTests : ObjectiveTest
{
    private static readonly KeywordOptions Keywords = new("K", [[1], [2], [3], [4], [5]]);

    public static IEnumerable<object[]> OneSided => Cases(name => name.Contains("extraneg", StringComparison.Ordinal));

    public static IEnumerable<object[]> TwoSided => Cases(name => name.EndsWith("two_sided", StringComparison.Ordinal));

    public static IEnumerable<object[]> KeywordCases => Cases(name => name.StartsWith("keyword", StringComparison.Ordinal));

    [TestMethod]
    public void EveryGoldenCaseIsCovered() =>
        Assert.HasCount(OneSided.Count() + TwoSided.Count() + KeywordCases.Count(), GoldenCase.Load("pseudo_label.json"));

    [TestMethod]
    [DynamicData(nameof(OneSided))]
    public void OneSidedGolden(GoldenCase golden)
    {
        var (u, v, q) = (golden.Input("u"), golden.Input("v"), golden.Input("q"));
        var logScale = LogScale(golden);
        var plan = PseudoLabelLoss.Plan(q, u, logScale, Kind(golden), (int)golden.Number("sinkhorn_iters"));
        GoldenCase.AssertClose(golden.Extra("plan"), plan, "plan");

        var terms = Total(golden, UnpairedSides.A).Compute(new()
        {
            EmbeddingsA = cat([u, q], 0),
            EmbeddingsB = v,
            NumberOfPairs = 4,
            LogScale = logScale,
        });
        CheckTerms(golden, terms);
        golden.Check(terms.Total, ("u", u), ("v", v), ("q", q));
    }

    [TestMethod]
    [DynamicData(nameof(OneSided))]
    public void OtherSideIsItsMirror(GoldenCase golden)
    {
        var (u, v, q) = (golden.Input("u"), golden.Input("v"), golden.Input("q"));
        var terms = Total(golden, UnpairedSides.B).Compute(new()
        {
            EmbeddingsA = v,
            EmbeddingsB = cat([u, q], 0),
            NumberOfPairs = 4,
            LogScale = LogScale(golden),
        });
        CheckTerms(golden, terms);
        golden.Check(terms.Total, ("u", u), ("v", v), ("q", q));
    }

    [TestMethod]
    [DynamicData(nameof(TwoSided))]
    public void TwoSidedGolden(GoldenCase golden)
    {
        var (u, v, qu, qv) = (golden.Input("u"), golden.Input("v"), golden.Input("qu"), golden.Input("qv"));
        var terms = Total(golden, UnpairedSides.Both).Compute(new()
        {
            EmbeddingsA = cat([u, qu], 0),
            EmbeddingsB = cat([v, qv], 0),
            NumberOfPairs = 4,
            LogScale = LogScale(golden),
        });
        CheckTerms(golden, terms);
        golden.Check(terms.Total, ("u", u), ("v", v), ("qu", qu), ("qv", qv));
    }

    [TestMethod]
    [DynamicData(nameof(KeywordCases))]
    public void KeywordGolden(GoldenCase golden)
    {
        var (q, keywords, logScale) = (golden.Input("q"), golden.Input("keywords"), LogScale(golden));
        var targets = KeywordLoss.Targets(q, keywords, golden.Constant("plan"), golden.Constant("has_keyword"), logScale, golden.Name == "keyword_softmax");
        GoldenCase.AssertClose(golden.Extra("target"), targets, "target");
        golden.Check(KeywordLoss.Compute(q, keywords, targets, logScale), ("q", q), ("keywords", keywords));
    }

    [TestMethod]
    public void KeywordTermOfTheTotalTakesThePlanOfItsSide()
    {
        var (a, b, keywords, logScale) = (RandomUnit(7, 4, 1), RandomUnit(6, 4, 2), RandomUnit(5, 4, 3), tensor(2.0));
        var has = Random(3, 5, 4) > 0;
        var input = new ObjectiveInput
        {
            EmbeddingsA = a,
            EmbeddingsB = b,
            NumberOfPairs = 3,
            LogScale = logScale,
            Keywords = keywords,
            PairHasKeyword = has,
            Step = 25, // the ramp rises from 10 to 40
            NumberOfSteps = 100,
        };
        foreach (var side in new[] { Side.A, Side.B })
        {
            // Those that the keywords do not belong to are matched with them.
            var belongs = side == Side.A ? Side.B : Side.A;
            using var objective = new TotalLoss([new KeywordObjective(Keywords with { Modality = belongs }) { Weight = 3 }]);
            var rows = side == Side.A ? a : b;
            var (pairs, queries) = (rows.narrow(0, 0, 3), rows.narrow(0, 3, rows.size(0) - 3));
            var plan = PseudoLabelLoss.Plan(queries, pairs, logScale, PseudoLabelKind.OptimalTransport);
            var targets = KeywordLoss.Targets(queries, keywords, plan, has, logScale, softmax: true);
            var terms = objective.Compute(input);
            Assert.AreEqual("keyword", terms.Terms.Single().Name);
            Assert.AreEqual(1.5, terms.Terms.Single().Weight, 1e-12);
            GoldenCase.AssertClose(KeywordLoss.Compute(queries, keywords, targets, logScale), terms.Terms.Single().Value, "value");
        }
    }

    [TestMethod]
    public void CaptionEqualsNaiveLoop()
    {
        var (q, v, plan) = (RandomUnit(5, 4, 1), RandomUnit(3, 4, 2), Random(5, 3, 3).softmax(1));
        var (x, y, p) = (ToRows(q), ToRows(v), ToRows(plan));
        var expected = 0.0;
        for (var i = 0; i < 5; i++)
        {
            for (var j = 0; j < 3; j++)
                expected -= p[i][j] * Math.Log(Math.Exp(3 * Dot(x[i], y[j])) / y.Sum(w => Math.Exp(3 * Dot(x[i], w)))) / 10;
        }

        GoldenCase.AssertClose(expected, PseudoLabelLoss.Caption(q, v, plan, tensor(Math.Log(3))).item<double>(), "value");
        CheckGradients(t => PseudoLabelLoss.Caption(t[0], t[1], plan, t[2]), q, v, tensor(Math.Log(3)));
    }

    [TestMethod]
    [DataRow(3, 0)]
    [DataRow(0, 4)]
    [DataRow(0, 0)]
    public void WithoutPairsOrUnpairedRowsGivesZeroWithGraph(int pairs, int unpaired)
    {
        using var objective = new TotalLoss([new PseudoLabelObjective { Ramp = null }, new KeywordObjective(Keywords) { Ramp = null }]);
        CheckZeroWithGraph(
            t => objective.Compute(new()
            {
                EmbeddingsA = t[0],
                EmbeddingsB = t[1],
                NumberOfPairs = pairs,
                LogScale = t[2],
                Keywords = RandomUnit(5, 4, 3),
                PairHasKeyword = ones(pairs, 5),
            }).Total,
            RandomUnit(pairs + unpaired, 4, 1), RandomUnit(pairs + unpaired, 4, 2), tensor(2.0));
    }

    [TestMethod]
    public void PlanStaysFiniteAtTheLargestScaleInFloat32()
    {
        var plan = PseudoLabelLoss.Plan(
            RandomUnit(40, 8, 1, ScalarType.Float32), RandomUnit(10, 8, 2, ScalarType.Float32), tensor((float)LogitScale.Maximum),
            PseudoLabelKind.OptimalTransport);
        Assert.IsTrue(plan.isfinite().all().item<bool>());
        GoldenCase.AssertClose(ones(40, float32), plan.sum(dim: 1), "rows sum to one", 1e-5);
    }

    [TestMethod]
    public void LeavesNoTensors()
    {
        using var objective = new TotalLoss(
        [
            new ContrastiveObjective { UnpairedNegatives = UnpairedSides.Both }, new PseudoLabelObjective { Ramp = null },
            new KeywordObjective(Keywords) { Ramp = null },
        ]);
        var (keywords, has) = (RandomUnit(5, 4, 3), ones(3, 5));
        CheckLeavesNoTensors(
            t =>
                objective.Compute(new()
                {
                    EmbeddingsA = t[0],
                    EmbeddingsB = t[1],
                    NumberOfPairs = 3,
                    LogScale = t[2],
                    Keywords = keywords,
                    PairHasKeyword = has,
                }).Total,
            RandomUnit(6, 4, 1), RandomUnit(5, 4, 2), tensor(2.0));
    }

    private static IEnumerable<object[]> Cases(Func<string, bool> named) =>
        GoldenCase.Load("pseudo_label.json").Where(c => named(c.Name)).Select(c => new object[] { c });

    private static Tensor LogScale(GoldenCase golden) => tensor(Math.Log(golden.Number("scale")));

    private static PseudoLabelKind Kind(GoldenCase golden) => golden.Text("kind") switch
    {
        "hard" => PseudoLabelKind.Hard,
        "soft" => PseudoLabelKind.Soft,
        _ => PseudoLabelKind.OptimalTransport,
    };

    private static TotalLoss Total(GoldenCase golden, UnpairedSides sides) => new(
    [
        new ContrastiveObjective { UnpairedNegatives = golden.Flag("extra_negatives") ? sides : null },
        new PseudoLabelObjective { Weight = 1, Ramp = null, Kind = Kind(golden), Sides = sides, Iterations = (int)golden.Number("sinkhorn_iters") },
    ]);

    private static void CheckTerms(GoldenCase golden, LossTerms terms)
    {
        GoldenCase.AssertClose(golden.Extra("sup"), terms.Terms[0].Value.detach(), "sup");
        GoldenCase.AssertClose(golden.Extra("cap"), terms.Terms[1].Value.detach(), "cap");
    }
}
