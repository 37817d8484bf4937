using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Tests.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>Numbers for torch live through the call, whatever the garbage collector does meanwhile.</summary>
[TestClass]
public sealed class ScalarsTests : ObjectiveTest
{
    [TestMethod]
    public void HelpersAreTheOperators()
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.Int64 })
        {
            var (a, b) = (tensor([-7L, 3, 12]).to(type), tensor([5L, 1, -4]).to(type));
            Same(a + b, a.Plus(b));
            Same(a + 5, a.Plus(5));
            Same(a + 0.3, a.Plus(0.3));
            Same(a - 20, a.Minus(20));
            Same(a - 0.3, a.Minus(0.3));
            Same(a * 3, a.Times(3));
            Same(a * 0.3, a.Times(0.3));
            Same(a / 3, a.Over(3));
            Same(a / 0.3, a.Over(0.3));
            Same(1 - a, (-a).Plus(1));
            Same(a.square(), a.Squared());
            Same(a.clone().add_(b), a.clone().AddInPlace(b));
            Same(a.clone().add_(9), a.clone().AddInPlace(9));
            Same(arange(4, ScalarType.Int64), Scalars.Range(4, a.device));
        }
        var real = tensor([0.25, -3]);
        Same(real.clone().add_(0.1), real.clone().AddInPlace(0.1));

        static void Same(Tensor expected, Tensor actual)
        {
            Assert.AreEqual(expected.dtype, actual.dtype);
            Assert.IsTrue(expected.Equals(actual), $"expected {expected.cstr()}, found {actual.cstr()}");
        }
    }

    [TestMethod]
    public void KindsAndValuesAreKept()
    {
        foreach (var value in new[] { long.MinValue, -3, -2, 0, 8, 9, long.MaxValue })
        {
            Assert.AreEqual(value, Scalars.Of(value).ToInt64());
            Assert.AreEqual(ScalarType.Int64, Scalars.Of(value).Type);
        }
        foreach (var value in new[] { 0, 1, 0.1, double.NegativeInfinity, double.Epsilon })
        {
            Assert.AreEqual(value, Scalars.Of(value).ToDouble());
            Assert.AreEqual(ScalarType.Float64, Scalars.Of(value).Type);
        }
    }

    [TestMethod]
    public void KeptPastItsCallAScalarIsRefusedNotMisread()
    {
        var (common, old) = (Scalars.One, Scalars.Of(0.5));
        for (var i = 0; i < 64; i++)
            Scalars.Of((double)i);
        Assert.ThrowsExactly<InvalidOperationException>(() => old.ToDouble());
        Assert.AreEqual(1, common.ToInt64());
    }

    [TestMethod]
    public void ThreadsDoNotShare()
    {
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
        {
            for (var i = 0; i < 2000; i++)
            {
                var value = thread + i / 4096d;
                Assert.AreEqual(value, Scalars.Of(value).ToDouble());
            }
        });
    }

    [TestMethod]
    public void CollectionsDuringStepsChangeNothing()
    {
        const int Steps = 2000;
        var (u, v) = (RandomUnit(5, 3, seed: 1), RandomUnit(6, 3, seed: 2));
        var expected = Step();
        var done = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                GC.Collect(0);
                Thread.Sleep(0);
            }
        });
        collector.Start();
        var failures = new List<string>();
        try
        {
            for (var step = 0; step < Steps; step++)
            {
                try
                {
                    if (!Step().AsSpan().SequenceEqual(expected))
                        failures.Add("another result");
                }
                catch (Exception e)
                {
                    failures.Add(e.Message.Split('\n')[0]);
                }
            }
        }
        finally
        {
            Volatile.Write(ref done, true);
            collector.Join();
        }
        Assert.IsEmpty(failures, $"{failures.Count} of {Steps} steps: {string.Join("; ", failures.Distinct())}");

        // Without row blocks: an exception inside a hand-written backward would end the process.
        double[] Step()
        {
            using var scope = NewDisposeScope();
            var (value, gradients) =
                Differentiate(
                    x => ContrastiveLoss.Compute(x[0].narrow(0, 0, 5), x[1].narrow(0, 0, 5), x[2]).add(SddLoss.Compute(x[0], x[1], new(), 2), Scalars.One), u,
                    v, tensor(2.0));
            return [value.item<double>(), .. gradients.SelectMany(gradient => gradient.data<double>().ToArray())];
        }
    }
}
