using Microsoft.ML.GentleClip.Alignment;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

/// <summary>How the pairs choose between the closed forms.</summary>
[TestClass]
public sealed class ClosedFormChoiceTests : AlignmentTest
{
    private static readonly double[] Anchor = [1, 2, 3, 4];

    [TestMethod]
    [DataRow(new[] { 0.0, 0, 0, 0 }, new[] { 0.0, 0, 0, 0 }, ClosedFormMethod.Blend, DisplayName = "equal")]
    [DataRow(new[] { -1.0, -1, -1, -1 }, new[] { 0.0, 0, 0, 0 }, ClosedFormMethod.Linear, DisplayName = "one is better everywhere")]
    [DataRow(new[] { -1.0, -1, -1, -1 }, new[] { -2.0, -2, -2, -2 }, ClosedFormMethod.Transport, DisplayName = "of two the lower")]
    [DataRow(new[] { -4.0, 0, 0, 0 }, new[] { 0.0, 0, 0, 0 }, ClosedFormMethod.Blend, DisplayName = "-1 of standard error 1: not below")]
    [DataRow(new[] { -4.0, -0.1, 0, 0 }, new[] { 0.0, 0, 0, 0 }, ClosedFormMethod.Linear, DisplayName = "-1.025 of standard error 0.992")]
    [DataRow(new[] { -9.0, 3, 3, 0 }, new[] { -0.1, -0.1, -0.1, -0.1 }, ClosedFormMethod.Transport, DisplayName = "the lowest mean is too uncertain")]
    public void TakesTheBestThatIsBetterByMoreThanOneStandardError(double[] linear, double[] transport, ClosedFormMethod expected)
    {
        var scores = new Dictionary<ClosedFormMethod, IReadOnlyList<double>>
        {
            [ClosedFormMethod.Linear] = [.. Anchor.Zip(linear, (x, d) => x + d)],
            [ClosedFormMethod.Blend] = Anchor,
            [ClosedFormMethod.Transport] = [.. Anchor.Zip(transport, (x, d) => x + d)],
        };
        var (taken, candidates) = MethodChoice.Decide(ClosedFormMethod.Blend, scores);
        Assert.AreEqual(expected, taken);
        Assert.AreEqual(new CandidateFigures(ClosedFormMethod.Blend, 2.5, 0, 0), candidates[0]);
        var mean = linear.Average();
        var error = Math.Sqrt(linear.Sum(d => (d - mean) * (d - mean)) / 3) / 2;
        Assert.AreEqual(mean, candidates[1].Difference, 1e-12);
        Assert.AreEqual(error, candidates[1].StandardError, 1e-12);
        // Fewer than three pairs say nothing.
        var two = scores.ToDictionary(entry => entry.Key, entry => (IReadOnlyList<double>)[.. entry.Value.Take(2)]);
        Assert.AreEqual(ClosedFormMethod.Blend, MethodChoice.Decide(ClosedFormMethod.Blend, two).Taken);
    }

    [TestMethod]
    public void ScoresEqualPlainLoop()
    {
        var (a, b) = (nn.functional.normalize(Normal(30, 4, 1)), nn.functional.normalize(Normal(26, 4, 2)));
        b[7] = b[3]; // ties with the partner of pair 3, and of 7
        long[] held = [3, 11, 0];
        var cosines = ToRows(a.matmul(b.t()));
        double Rank(IEnumerable<double> others, double partner) => others.Sum(s => Math.Abs(s - partner) < 1e-6 ? 0.5 : s > partner ? 1 : 0);
        var expected = held.Select(i =>
        {
            var partner = cosines[i][i];
            var ofA = Rank(cosines[i].Where((_, j) => j != i), partner);
            var ofB = Rank(cosines.Select(row => row[i]).Where((_, j) => j != i), partner);
            return (Math.Log(1 + ofA) + Math.Log(1 + ofB)) / 2;
        }).ToArray();
        Assert.IsGreaterThan(0, expected[0]);
        AssertClose(tensor(expected), tensor(ClosedFormSelection.Scores(a, b, held)), 1e-12);
    }

    [TestMethod]
    public void TheAnchorIsTheBlendOrLinearWhereItIsStrict()
    {
        var data = Data(20, 210, 205);
        foreach (var strict in new[] { false, true })
        {
            var (alignment, report) = Fit(data, new() { Transport = new() { Strict = strict } });
            alignment.Dispose();
            var choice = report.Choice!;
            Assert.AreEqual(strict ? ClosedFormMethod.Linear : ClosedFormMethod.Blend, choice.Anchor);
            Assert.AreEqual(choice.Anchor, choice.Candidates[0].Method);
            Assert.AreEqual((20, 5, 210L, 205L), (choice.Pairs, choice.Folds, choice.RowsA, choice.RowsB));
            Assert.AreEqual(choice.Taken, report.Method);
            var better = choice.Candidates.Where(candidate => candidate.Difference < -candidate.StandardError).ToArray();
            Assert.AreEqual(better.Length == 0 ? choice.Anchor : better.MinBy(candidate => candidate.Difference)!.Method, choice.Taken);
        }
    }

    [TestMethod]
    public void EachChoiceIsWhatItsMethodGives()
    {
        var data = Data(20, 210, 205);
        var (a, b) = Views(9, 6, 5, seed: 7);
        var (chosen, report) = Fit(data, new());
        var (given, reportOfGiven) = Fit(data, new() { Method = report.Method });
        using (chosen)
        using (given)
        {
            AssertClose(Cosines(given, a, b), Cosines(chosen, a, b), 0);
            Assert.IsNull(reportOfGiven.Choice);
        }
    }

    [TestMethod]
    public void PartsWithoutWeightStayOut()
    {
        var data = Data(20, 210, 205);
        foreach (var settings in new AlignmentSettings[] { new() { KernelWeight = 0 }, new() { LinearWeight = 0 } })
        {
            foreach (var method in new[] { ClosedFormMethod.Chosen, ClosedFormMethod.Blend, ClosedFormMethod.Transport, ClosedFormMethod.LinearAndKernel })
            {
                var (alignment, _) = Fit(data, settings with { Method = method });
                using (alignment)
                {
                    AssertUnit(alignment.Embed(data.PairsA, Side.A));
                    var dead = settings.KernelWeight == 0 ? ".kernel" : ".linear";
                    var maps = alignment.GetState().Where(entry => entry.Key.EndsWith(dead, StringComparison.Ordinal));
                    Assert.IsTrue(maps.All(entry => entry.Value.numel() == 0), $"{method}{dead}");
                }
            }
        }
    }
}
