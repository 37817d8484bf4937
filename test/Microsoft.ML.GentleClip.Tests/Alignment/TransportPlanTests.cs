using Microsoft.ML.GentleClip.Alignment;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

[TestClass]
public sealed class TransportPlanTests : AlignmentTest
{
    private static readonly TransportSettings Single = new() { ExactElements = 0 };

    [TestMethod]
    [DataRow(0.5, 1.0)]
    [DataRow(0.03, 1.0)]
    [DataRow(0.03, 0.8)]
    [DataRow(0.0005, 1.0)] // far below what exp(s / regularization) of float64 holds
    public void EqualsPlainLoop(double regularization, double damping)
    {
        var (a, b) = (Unit(23, 1), Unit(31, 2));
        a[4] = -a[3]; // a row that lies far from what the others are near to
        var expected = tensor(PlainAlignment.Plan(ToRows(a.matmul(b.t())), regularization, 20, damping).SelectMany(row => row).ToArray(), [23, 31]);
        foreach (var (settings, tolerance) in new[] { (new TransportSettings(), 1e-12), (Single, 1e-3 / 23 / 31) })
        {
            var plan = TransportPlan.Between(a, b, regularization, settings with { Damping = damping });
            if (regularization < 0.01 && settings == Single)
                continue; // float32 cosines divided by so little are other cosines
            AssertClose(expected, Dense(plan, 31), tolerance, settings.ToString());
            AssertClose(expected.sum(dim: 1), plan.RowSums, tolerance * 31);
            AssertClose(expected.sum(dim: 0), plan.ColumnSums, tolerance * 23);
            AssertClose(expected.t().matmul(a), plan.TransposedTimes(a), tolerance * 100);
        }
    }

    [TestMethod]
    public void SumsToTheMassAndServesAllRowsAlike()
    {
        var plan = TransportPlan.Between(Unit(40, 1), Unit(30, 2), 0.1, new(), mass: 0.5);
        AssertClose(full(40, 0.5 / 40, dtype: float64), plan.RowSums, 1e-15);
        Assert.AreEqual(0.5, plan.ColumnSums.sum().item<double>(), 1e-12);
        AssertClose(full(30, 0.5 / 30, dtype: float64), plan.ColumnSums, 5e-3); // 20 scalings are not all
    }

    [TestMethod]
    public void ItsByProductsAreThoseOfTheDensePlan()
    {
        var (a, b) = (Unit(23, 1), Unit(31, 2));
        var plan = TransportPlan.Between(a, b, 0.1, new());
        var shares = Dense(plan, 31) / plan.RowSums.unsqueeze(1);
        AssertClose(shares.matmul(b), plan.Translate(b), 1e-12);
        var (confidence, best) = plan.Matches();
        AssertClose(shares.amax([1]), confidence, 1e-12);
        CollectionAssert.AreEqual(shares.argmax(1).data<long>().ToArray(), best.data<long>().ToArray());
        // Rows of the plan are what the potentials carry on, and a new row near one of them has nearly its shares.
        AssertClose(shares, plan.Extend(a, b), 1e-12);
        AssertClose(shares, plan.Extend(nn.functional.normalize(a + 1e-6), b), 1e-3);
    }

    [TestMethod]
    public void EqualRowsAreServedAlike()
    {
        var same = ones(5, 3, dtype: float64) / Math.Sqrt(3);
        AssertClose(full([5, 5], 0.04, dtype: float64), Dense(TransportPlan.Between(same, same, 0.03, new()), 5), 1e-15);
        AssertClose(ones(1, dtype: float64), TransportPlan.Between(same.narrow(0, 0, 1), same, 0.03, new()).RowSums, 1e-15);
    }

    [TestMethod]
    public void LeavesNoTensorAndStopsWhenCancelled()
    {
        var (a, b) = (Unit(23, 1), Unit(31, 2));
        var live = Tensor.TotalCount;
        using (NewDisposeScope())
            TransportPlan.Between(a, b, 0.001, Single).Matches();
        Assert.AreEqual(live, Tensor.TotalCount);
        Assert.ThrowsExactly<OperationCanceledException>(() => TransportPlan.Between(a, b, 0.1, new(), 1, new CancellationToken(true)));
        Assert.AreEqual(live, Tensor.TotalCount);
    }

    private static Tensor Unit(int rows, int seed) => nn.functional.normalize(Normal(rows, 6, seed));

    private static Tensor Dense(TransportPlan plan, int columns) => plan.Times(eye(columns, dtype: float64));
}
