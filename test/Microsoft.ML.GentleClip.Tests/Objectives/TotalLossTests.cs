using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class TotalLossTests : ObjectiveTest
{
    private static readonly ObjectiveList Recommended = new GentleClipOptions().Objectives;

    public static IEnumerable<object[]> Forms => Enum.GetValues<SelfSupervisedForm>().Select(form => new object[] { form });

    public static IEnumerable<object[]> Cases => GoldenCase.Rows("total.json");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Golden(GoldenCase golden)
    {
        var (u, v, uPlus, vPlus, logScale) = (golden.Input("u"), golden.Input("v"), golden.Input("u_plus"), golden.Input("v_plus"), golden.Input("log_scale"));
        var bandwidth = Math.Sqrt(golden.Number("bw2"));
        var objective = new TotalLoss(
        [
            new ContrastiveObjective { Weight = golden.Number("alpha") },
            new SelfSupervisedObjective
            {
                Weight = golden.Number("alpha") * golden.Number("mu"),
                Form = SelfSupervisedLossTests.Form(golden.Text("ssl_form")!),
            },
            new MmdObjective
            {
                Weight = golden.Number("delta"),
                GaussianBandwidth = bandwidth,
                Polynomial = new((int)golden.Number("degree"), golden.Number("gamma"), golden.Number("c"), golden.Number("poly_scale")),
                GaussianWeight = golden.Parameter("beta")[0].GetDouble(),
            },
            new SddObjective { Weight = golden.Number("eta"), Bandwidth = golden.Number("b"), LeaveOneOut = false, VarianceFloor = 1e-12 },
        ]);
        var terms = objective.Compute(new()
        {
            EmbeddingsA = Unit(u),
            EmbeddingsB = Unit(v),
            SecondViewsA = Unit(uPlus),
            SecondViewsB = Unit(vPlus),
            NumberOfPairs = (int)golden.Number("n"),
            LogScale = logScale,
        });

        string[] names = ["contrastive", "selfSupervisedA", "selfSupervisedB", "mmd", "sdd"];
        CollectionAssert.AreEqual(names, terms.Terms.Select(t => t.Name).ToArray());
        foreach (var (term, extra) in terms.Terms.Zip(["cl", "ssl_u", "ssl_v", "mmd", "sdd"]))
            GoldenCase.AssertClose(golden.Extra(extra), term.Value.detach(), term.Name);
        golden.Check(terms.Total, ("u", u), ("v", v), ("u_plus", uPlus), ("v_plus", vPlus), ("log_scale", logScale));
    }

    [TestMethod]
    public void BatchWithoutPairsTrainsOnTheOtherTerms()
    {
        var input = Input(6, 5, 0);
        var terms = new TotalLoss(Recommended).Compute(input);
        Assert.AreEqual(0, terms.Terms[0].Value.item<double>());
        terms.Total.backward();
        Assert.IsGreaterThan(0, input.EmbeddingsA.grad!.norm().item<double>());
        Assert.IsGreaterThan(0, input.EmbeddingsB.grad!.norm().item<double>());
    }

    [TestMethod]
    [DataRow(0, 5)]
    [DataRow(6, 0)]
    [DataRow(0, 0)]
    public void EmptySideLeavesAGraph(int a, int b)
    {
        var input = Input(a, b, 0);
        var terms = new TotalLoss(Recommended).Compute(input);
        Assert.HasCount(5, terms.Terms);
        Assert.IsTrue(double.IsFinite(terms.Total.item<double>()));
        terms.Total.backward();
        Assert.IsTrue(input.EmbeddingsA.grad!.isfinite().all().item<bool>());
        Assert.IsTrue(input.EmbeddingsB.grad!.isfinite().all().item<bool>());
    }

    [TestMethod]
    public void TermOfWeightZeroIsNotComputed()
    {
        var input = Input(6, 5, 3) with { SecondViewsA = null, SecondViewsB = null };
        var terms = new TotalLoss([new ContrastiveObjective(), new SelfSupervisedObjective { Weight = 0 }, new MmdObjective()]).Compute(input);
        string[] expected = ["contrastive", "mmd"];
        CollectionAssert.AreEqual(expected, terms.Terms.Select(t => t.Name).ToArray());
        GoldenCase.AssertClose(terms.Terms.Sum(t => t.Weight * t.Value.item<double>()), terms.Total.item<double>(), "total");

        var nothing = new TotalLoss([new ContrastiveObjective { Weight = 0 }]).Compute(input);
        Assert.IsEmpty(nothing.Terms);
        nothing.Total.backward();
        Assert.AreEqual(0, input.EmbeddingsA.grad!.norm().item<double>());
    }

    [TestMethod]
    [DataRow(1024)]
    [DataRow(16)]
    public void Float32AgreesWithFloat64(int block)
    {
        using var objective = new TotalLoss(Recommended, block);
        Tensor Total(Tensor[] t) => objective.Compute(Input(t, 20)).Total;
        Tensor[] inputs = [RandomUnit(60, 32, 1), RandomUnit(50, 32, 2), RandomUnit(60, 32, 3), RandomUnit(50, 32, 4), tensor(2.66)];
        var (exact, single) = (Differentiate(Total, inputs), Differentiate(Total, [.. inputs.Select(x => x.to(float32))]));
        GoldenCase.AssertClose(exact.Value, single.Value.to(float64), "total", 1e-5);
        for (var k = 0; k < inputs.Length; k++)
        {
            Assert.AreEqual(ScalarType.Float32, single.Gradients[k].dtype);
            GoldenCase.AssertClose(exact.Gradients[k], single.Gradients[k].to(float64), $"gradient of input {k}", 1e-4);
        }
    }

    [TestMethod]
    [DataRow(1024)]
    [DataRow(4)]
    public void HugeEmbeddingsStayFinite(int block)
    {
        using var objective = new TotalLoss(Recommended, block);
        Tensor Huge(int rows, int seed) => 1e6 * Random(rows, 4, seed, ScalarType.Float32);
        CheckFinite(
            t => objective.Compute(Input(t, 3)).Total,
            Huge(6, 1), Huge(5, 2), Huge(6, 3), Huge(5, 4), tensor(4.6f));
    }

    [TestMethod]
    public void ErrorsSayWhatWasExpectedAndFound()
    {
        var objective = new TotalLoss(Recommended);
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => objective.Compute(Input(6, 5, 3) with { SecondViewsA = null })).Message,
            "The objective 'selfSupervised' failed at step 0: SecondViewsA is needed, but this batch does not have it.");
        Throws("SecondViewsB must be [5, 4]; found [6, 4]", Input(6, 5, 3) with { SecondViewsB = RandomUnit(6, 4, 1) });
        Throws("NumberOfPairs is 6; expected at least 0 and at most the rows of each side: A [6, 4], B [5, 4]", Input(6, 5, 6));
        Throws("found A [6, 4] and B [5, 3]", Input(6, 5, 3) with { EmbeddingsB = RandomUnit(5, 3, 1) });
        Throws("LogScale must be a scalar; found [2]", Input(6, 5, 3) with { LogScale = zeros(2, float64) });

        void Throws(string message, ObjectiveInput input) =>
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => objective.Compute(input)).Message, message);
    }

    /// <summary>Of rows that have second views, the objective is what it is in a batch of only these.</summary>
    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void OnlyRowsWithSecondViewsAreCompared(SelfSupervisedForm form)
    {
        var input = Input(6, 5, 3);
        long[] a = [0, 2, 3, 5], b = [0, 2, 4];
        var (rowsA, rowsB) = (tensor(a), tensor(b));
        var some = input with
        {
            SecondViewsA = input.SecondViewsA!.index_select(0, rowsA),
            SecondViewsB = input.SecondViewsB!.index_select(0, rowsB),
            ViewedTwice = new(rowsA, rowsB, 2),
        };
        using var loss = new TotalLoss([new MmdObjective(), new SelfSupervisedObjective { Form = form, Weight = 1 }]);
        var terms = loss.Compute(some).Terms;
        using var alone = new TotalLoss([new SelfSupervisedObjective { Form = form, Weight = 1 }]);
        var expected = alone.Compute(some with
        {
            EmbeddingsA = input.EmbeddingsA.index_select(0, rowsA),
            EmbeddingsB = input.EmbeddingsB.index_select(0, rowsB),
            NumberOfPairs = 2,
            ViewedTwice = null,
        }).Terms;
        for (var i = 0; i < 2; i++)
            Assert.AreEqual(expected[i].Value.item<double>(), terms[i + 1].Value.item<double>(), 1e-12);
        Assert.AreNotEqual(alone.Compute(input).Terms[0].Value.item<double>(), expected[0].Value.item<double>());

        (terms[1].Value + terms[2].Value).backward();
        var gradient = input.EmbeddingsA.grad!.norm(1);
        foreach (var row in Enumerable.Range(0, 6))
            Assert.AreEqual(Array.IndexOf(a, row) >= 0, gradient[row].item<double>() > 0, $"row {row}");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => loss.Compute(some with { ViewedTwice = null })).Message, "SecondViewsA must be [6, 4]; found [4, 4]");
    }

    /// <summary>An objective on only the pairs sees those of them that have second views.</summary>
    [TestMethod]
    public void OfPairsThoseWithSecondViewsAreSeen()
    {
        var input = Input(6, 5, 3);
        var (rowsA, rowsB) = (tensor(new long[] { 0, 2, 3, 5 }), tensor(new long[] { 0, 2, 4 }));
        Tensor[] seen = [];
        using var loss = new TotalLoss([new Custom.Given("mine", batch =>
        {
            Tensor[] rows = [batch.FirstViewsA, batch.SecondViewsA, batch.FirstViewsB, batch.SecondViewsB];
            seen = Array.ConvertAll(rows, own => own.detach().clone().DetachFromDisposeScope());
            return batch.FirstViewsA.sum();
        }, unpaired: false, views: true)]);
        _ = loss.Compute(input with
        {
            SecondViewsA = input.SecondViewsA!.index_select(0, rowsA),
            SecondViewsB = input.SecondViewsB!.index_select(0, rowsB),
            ViewedTwice = new(rowsA, rowsB, 2),
        });
        Tensor[] expected = [input.EmbeddingsA, input.SecondViewsA, input.EmbeddingsB, input.SecondViewsB!];
        foreach (var (own, all) in seen.Zip(expected))
            Assert.AreEqual(0, (own - stack([all[0], all[2]], 0)).abs().max().item<double>());
    }

    [TestMethod]
    public void LeavesNoTensors()
    {
        var objective = new TotalLoss(Recommended);
        CheckLeavesNoTensors(
            t => objective.Compute(Input(t, 3)).Total,
            RandomUnit(6, 4, 1), RandomUnit(5, 4, 2), RandomUnit(6, 4, 3), RandomUnit(5, 4, 4), tensor(2.0));
    }

    private static ObjectiveInput Input(Tensor[] tensors, int pairs) => new()
    {
        EmbeddingsA = tensors[0],
        EmbeddingsB = tensors[1],
        SecondViewsA = tensors[2],
        SecondViewsB = tensors[3],
        LogScale = tensors[4],
        NumberOfPairs = pairs,
    };

    private static ObjectiveInput Input(int a, int b, int pairs) => new()
    {
        EmbeddingsA = RandomUnit(a, 4, 1).requires_grad_(),
        EmbeddingsB = RandomUnit(b, 4, 2).requires_grad_(),
        SecondViewsA = RandomUnit(a, 4, 3),
        SecondViewsB = RandomUnit(b, 4, 4),
        NumberOfPairs = pairs,
        LogScale = tensor(2.0).requires_grad_(),
    };
}
