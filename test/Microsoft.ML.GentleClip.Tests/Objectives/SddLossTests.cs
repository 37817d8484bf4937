using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

[TestClass]
public sealed class SddLossTests : ObjectiveTest
{
    public static IEnumerable<object[]> Cases => GoldenCase.Rows("sdd.json").Concat(GoldenCase.Rows("sdd_edge.json"));

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Golden(GoldenCase golden)
    {
        var (u, v) = (golden.Input("u"), golden.Input("v"));
        var settings = new SddObjective
        {
            Bandwidth = golden.Number("b"),
            Divergence = golden.Text("divergence") switch
            {
                "kl" => SddDivergence.KullbackLeibler,
                "mse" => SddDivergence.MeanSquaredError,
                _ => SddDivergence.RawMeanSquaredError,
            },
            Variance = !golden.Flag("relative") ? SddVariance.None : golden.Text("sigma_mode") == "pooled" ? SddVariance.Pooled : SddVariance.PerSet,
            VarianceFloor = golden.Number("sigma_floor"),
            DetachVariance = golden.Flag("detach_sigma"),
            LeaveOneOut = golden.Flag("leave_one_out"),
        };
        golden.Check(SddLoss.Compute(u, v, settings, (long)golden.Number("n_pairs")), ("u", u), ("v", v));
    }

    public static IEnumerable<object[]> Settings =>
        from divergence in Enum.GetNames<SddDivergence>()
        from variance in Enum.GetNames<SddVariance>()
        from leaveOneOut in new[] { false, true }
        select new object[] { divergence, variance, leaveOneOut };

    [TestMethod]
    [DynamicData(nameof(Settings))]
    public void EqualsNaiveLoop(string divergence, string variance, bool leaveOneOut)
    {
        const int Pairs = 3;
        var settings = new SddObjective
        {
            Bandwidth = 0.9,
            Divergence = Enum.Parse<SddDivergence>(divergence),
            Variance = Enum.Parse<SddVariance>(variance),
            LeaveOneOut = leaveOneOut,
        };
        var (u, v) = (RandomUnit(5, 4, 11), RandomUnit(7, 4, 12));
        var (x, y) = (ToRows(u), ToRows(v));

        double Variance(double[][] t)
        {
            var mean = Enumerable.Range(0, 4).Select(k => t.Average(r => r[k])).ToArray();
            return t.Sum(r => SquaredDistance(r, mean)) / (t.Length - 1);
        }

        double Sigma(double[][] t) => settings.Variance switch
        {
            SddVariance.PerSet => Variance(t),
            SddVariance.Pooled => (Variance(x) + Variance(y)) / 2,
            _ => 1,
        };
        double Density(int i, double[][] t, double[][] r)
        {
            double sum = 0, count = 0;
            for (var j = 0; j < r.Length; j++)
            {
                if (leaveOneOut && i == j && (ReferenceEquals(t, r) || i < Pairs))
                    continue;
                sum += Math.Exp(-SquaredDistance(t[i], r[j]) / (0.81 * Sigma(r)));
                count++;
            }

            // Only the raw form sees the divisor; the normalised ones drop it, whatever the count.
            return settings.Divergence is SddDivergence.RawMeanSquaredError or SddDivergence.RawSymmetric ? sum / (2 * count * 0.81 * Math.PI) : sum;
        }

        double Gamma(double[][] t, double[][] r)
        {
            var p = t.Select((_, i) => Density(i, t, t)).ToArray();
            var q = t.Select((_, i) => Density(i, t, r)).ToArray();
            if (settings.Divergence == SddDivergence.RawMeanSquaredError)
                return p.Zip(q, (a, b) => (a - b) * (a - b)).Average();
            if (settings.Divergence == SddDivergence.RawSymmetric)
                return p.Zip(q, (a, b) => a * Math.Log(a / b) + b * Math.Log(b / a)).Sum() / Enumerable.Range(0, 4)
                    .Sum(k => Math.Pow(t.Max(r => r[k]) - t.Min(r => r[k]), 2));
            var (sumP, sumQ) = (p.Sum(), q.Sum());
            return settings.Divergence == SddDivergence.KullbackLeibler
                ? p.Zip(q, (a, b) => a / sumP * Math.Log(a / sumP / (b / sumQ))).Sum()
                : p.Zip(q, (a, b) => (a / sumP - b / sumQ) * (a / sumP - b / sumQ)).Sum() * t.Length;
        }

        GoldenCase.AssertClose((Gamma(x, y) + Gamma(y, x)) / 2, SddLoss.Compute(u, v, settings, Pairs).item<double>(), "value");
        CheckGradients(t => SddLoss.Compute(t[0], t[1], settings, Pairs), u, v);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void DistanceTemperatureEqualsNaiveLoop(bool leaveOneOut)
    {
        const int Pairs = 2;
        const double T = 0.8;
        var settings = new SddObjective { Bandwidth = 0.9, Variance = SddVariance.None, DistanceTemperature = T, LeaveOneOut = leaveOneOut };
        var (u, v) = (RandomUnit(5, 4, 21), RandomUnit(6, 4, 22));
        var (x, y) = (ToRows(u), ToRows(v));
        double Density(int i, double[][] t, double[][] r)
        {
            var others = Enumerable.Range(0, r.Length).Where(j => !(leaveOneOut && i == j && (ReferenceEquals(t, r) || i < Pairs)));
            var distances = others.Select(j => SquaredDistance(t[i], r[j])).ToArray();
            var normalizer = distances.Sum(d => Math.Exp(-d / T));
            return distances.Sum(d => Math.Exp(-(distances.Length * Math.Exp(-d / T) / normalizer * d) / 0.81));
        }

        double Gamma(double[][] t, double[][] r)
        {
            var (p, q) = (t.Select((_, i) => Density(i, t, t)).ToArray(), t.Select((_, i) => Density(i, t, r)).ToArray());
            return p.Zip(q, (a, b) => a / p.Sum() * Math.Log(a / p.Sum() / (b / q.Sum()))).Sum();
        }

        GoldenCase.AssertClose((Gamma(x, y) + Gamma(y, x)) / 2, SddLoss.Compute(u, v, settings, Pairs).item<double>(), "value");
        CheckGradients(t => SddLoss.Compute(t[0], t[1], settings, Pairs), u, v);
        CheckGradients(t => SddLoss.Compute(t[0], t[1], settings with { Variance = SddVariance.PerSet }, Pairs), u, v);
    }

    [TestMethod]
    public void LargeDistanceTemperatureIsThePrintedForm()
    {
        var (u, v) = (RandomUnit(5, 4, 21), RandomUnit(6, 4, 22));
        var printed = SddLoss.Compute(u, v, new(), 3).item<double>();
        Assert.AreEqual(printed, SddLoss.Compute(u, v, new() { DistanceTemperature = 1e8 }, 3).item<double>(), 1e-6);
        Assert.AreNotEqual(printed, SddLoss.Compute(u, v, new() { DistanceTemperature = 1 }, 3).item<double>(), 1e-3);
    }

    [TestMethod]
    [DataRow(0, 4)]
    [DataRow(4, 1)]
    [DataRow(1, 1)]
    [DataRow(0, 0)]
    public void FewerThanTwoRowsGiveZeroWithGraph(int n, int m) =>
        CheckZeroWithGraph(t => SddLoss.Compute(t[0], t[1], new()), RandomUnit(n, 4, 1), RandomUnit(m, 4, 2));

    [TestMethod]
    public void CollapsedOrMinimalSetsStayFinite()
    {
        var (x, y) = (RandomUnit(1, 4, 1, ScalarType.Float32).expand(6, 4), RandomUnit(1, 4, 2, ScalarType.Float32).expand(6, 4));
        CheckFinite(t => SddLoss.Compute(t[0], t[1], new()), x, x);
        CheckFinite(t => SddLoss.Compute(t[0], t[1], new(), 6), x, y);
        CheckFinite(t => SddLoss.Compute(t[0], t[1], new()), x, RandomUnit(6, 4, 3, ScalarType.Float32));
        CheckFinite(t => SddLoss.Compute(t[0], t[1], new(), 2), RandomUnit(2, 4, 3, ScalarType.Float32), RandomUnit(2, 4, 4, ScalarType.Float32));
    }

    [TestMethod]
    [DataRow(ScalarType.Float32, 1e15)]
    [DataRow(ScalarType.Float64, 1e100)]
    public void HugeEmbeddingsGiveTheValueOfTheirShape(ScalarType type, double factor)
    {
        // Relative distances: a common factor changes nothing, leave-one-out included.
        var (u, v) = (RandomUnit(9, 4, 1, type), RandomUnit(7, 4, 2, type));
        var expected = SddLoss.Compute(u, v, new(), 3).to(float64).item<double>();
        foreach (var block in new[] { 4, 100 })
        {
            Assert.AreEqual(expected, SddLoss.Compute(factor * u, factor * v, new(), 3, block).to(float64).item<double>(), 1e-4);
            CheckFinite(t => SddLoss.Compute(t[0], t[1], new(), 3, block), factor * u, factor * v);
        }
    }

    [TestMethod]
    public void SingleTightClusterKeepsItsPrecisionInFloat32()
    {
        // Unit vectors within 1e-3 of one point: their Gram matrix in float32 is 1 but for the last digits.
        var (u, v) = (Unit(ones(1, 16, float64) + 1e-3 * Random(24, 16, 1)), Unit(ones(1, 16, float64) + 1e-3 * Random(24, 16, 2)));
        var settings = new SddObjective { VarianceFloor = 1e-12 };
        var exact = SddLoss.Compute(u, v, settings).item<double>();
        Assert.AreEqual(exact, SddLoss.Compute(u.to(float32), v.to(float32), settings).item<float>(), 1e-3 * exact);
    }

    [TestMethod]
    public void LeavesNoTensors() =>
        CheckLeavesNoTensors(t => SddLoss.Compute(t[0], t[1], new(), 3), RandomUnit(6, 4, 1), RandomUnit(5, 4, 2));
}
