using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>Objectives that keep whole transport plans refuse more than 8192 x 8192 pairs, before they allocate one.</summary>
[TestClass]
public sealed class PlanSizeTests : ObjectiveTest
{
    private const string Limit = "at most 67108864 pairs (8192 x 8192)";

    private static readonly Dictionary<string, (string Name, Objective Objective)> Terms = new()
    {
        ["sinkhorn"] = ("The Sinkhorn divergence", new SinkhornObjective()),
        ["pseudoLabel"] = ("The pseudo-label term", new PseudoLabelObjective { Sides = UnpairedSides.A, Ramp = null }),
        ["keyword"] = ("The pseudo-label term", new KeywordObjective(new KeywordOptions("K", [[1]])) { Ramp = null }),
        ["transportPairs"] = ("The transport-pair term", new TransportPairObjective { Ramp = null }),
        ["klot"] = ("The KLOT term", new KlotObjective()),
    };

    public static IEnumerable<object[]> TermNames => Terms.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(TermNames))]
    public void OneRowTooManyIsRefused(string term)
    {
        // The plan of pseudo-labels is of unpaired rows and pairs, that of the others of both sides' unpaired rows or of all rows.
        var (name, objective) = Terms[term];
        var pairs = term is "pseudoLabel" or "keyword" ? 8192 : 0;
        var (n, m) = term is "sinkhorn" ? (8193, 8193) : (8193, 8192);
        using var total = new TotalLoss([objective]);
        var (a, b) = (ones(pairs + n, 1), ones(8192, 1));
        var input = new ObjectiveInput
        {
            EmbeddingsA = a,
            EmbeddingsB = b,
            NumberOfPairs = pairs,
            LogScale = tensor(1f),
            AveragedA = a,
            AveragedB = b,
            ClosedFormA = a,
            ClosedFormB = b,
            Keywords = ones(1, 1),
            PairHasKeyword = ones(pairs, 1),
        };
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => total.Compute(input));
        Assert.AreEqual(
            $"The objective '{term}' failed at step 0: {name} keeps whole transport plans: {Limit}; this batch has {n} x {m}. Use smaller batches.",
            error.Message);
    }

    [TestMethod]
    [DataRow(8192, 8192)]
    [DataRow(1, 67_108_864)]
    [DataRow(16384, 4096)]
    public void ThePlanCountsNotTheSide(long n, long m)
    {
        Sinkhorn.CheckSize(n, m, "A term");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Sinkhorn.CheckSize(n, m + 1, "A term")).Message,
            $"{Limit}; this batch has {n} x {m + 1}");
    }
}
