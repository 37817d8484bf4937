using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>What every test of an objective needs: one thread, a scope per test, seeded random rows, finite differences.</summary>
public abstract class ObjectiveTest
{
    private DisposeScope? _scope;

    [TestInitialize]
    public void OpenScope()
    {
        set_num_threads(1);
        _scope = NewDisposeScope();
    }

    [TestCleanup]
    public void CloseScope() => _scope?.Dispose();

    /// <summary>Standard normal rows from an own generator.</summary>
    protected static Tensor Random(int rows, int dim, int seed, ScalarType type = ScalarType.Float64)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, rows * dim)
            .Select(_ => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())).ToArray();
        return tensor(values, [rows, dim]).to(type);
    }

    protected static Tensor Unit(Tensor x) => nn.functional.normalize(x, 2, 1, 1e-300);

    protected static Tensor RandomUnit(int rows, int dim, int seed, ScalarType type = ScalarType.Float64) => Unit(Random(rows, dim, seed)).to(type);

    protected static double[][] ToRows(Tensor x)
    {
        var flat = x.detach().to(float64).contiguous().data<double>().ToArray();
        return [.. flat.Chunk((int)x.size(1))];
    }

    protected static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    protected static double SquaredDistance(double[] x, double[] y) => x.Zip(y, (a, b) => (a - b) * (a - b)).Sum();

    /// <summary>Value and gradients of <paramref name="compute"/> on fresh leaves with the given contents.</summary>
    protected static (Tensor Value, Tensor[] Gradients) Differentiate(Func<Tensor[], Tensor> compute, params Tensor[] inputs)
    {
        var leaves = inputs.Select(x => x.detach().clone().requires_grad_()).ToArray();
        var value = compute(leaves);
        value.backward();
        return (value.detach(), [.. leaves.Select(x => x.grad ?? zeros_like(x))]);
    }

    /// <summary>Compares autograd's gradients with central differences of the same function.</summary>
    protected static void CheckGradients(Func<Tensor[], Tensor> compute, params Tensor[] inputs)
    {
        const double Step = 1e-5;
        var (_, gradients) = Differentiate(compute, inputs);
        for (var k = 0; k < inputs.Length; k++)
        {
            var flat = inputs[k].detach().clone().contiguous();
            var values = flat.view(-1);
            var numeric = zeros_like(values);
            for (long i = 0; i < values.numel(); i++)
            {
                var at = values[i].item<double>();
                double At(double x)
                {
                    using var scope = NewDisposeScope();
                    values[i] = tensor(x);
                    var arguments = inputs.ToArray();
                    arguments[k] = flat;
                    return compute(arguments).item<double>();
                }

                numeric[i] = tensor((At(at + Step) - At(at - Step)) / (2 * Step));
                values[i] = tensor(at);
            }

            GoldenCase.AssertClose(numeric.view_as(gradients[k]), gradients[k], $"gradient of input {k} by central differences", 1e-6);
        }
    }

    /// <summary>Asserts that value and gradients are finite.</summary>
    protected static void CheckFinite(Func<Tensor[], Tensor> compute, params Tensor[] inputs)
    {
        var (value, gradients) = Differentiate(compute, inputs);
        Assert.IsTrue(double.IsFinite(value.to(float64).item<double>()), "value");
        for (var k = 0; k < gradients.Length; k++)
            Assert.IsTrue(gradients[k].isfinite().all().item<bool>(), $"gradient of input {k}");
    }

    /// <summary>Asserts a zero that has a graph: backward runs, the gradients are there and are zero.</summary>
    protected static void CheckZeroWithGraph(Func<Tensor[], Tensor> compute, params Tensor[] inputs)
    {
        var leaves = inputs.Select(x => x.detach().clone().requires_grad_()).ToArray();
        var value = compute(leaves);
        Assert.AreEqual(0, value.to(float64).item<double>());
        Assert.IsTrue(value.requires_grad);
        value.backward();
        foreach (var leaf in leaves)
            Assert.AreEqual(0, leaf.grad!.abs().sum().to(float64).item<double>());
    }

    /// <summary>Asserts that forward and backward in a scope leave no tensor behind.</summary>
    protected static void CheckLeavesNoTensors(Func<Tensor[], Tensor> compute, params Tensor[] inputs)
    {
        Step(); // whatever is kept on first use
        var before = LiveTensors.Settled();
        for (var i = 0; i < 3; i++)
            Step();
        LiveTensors.AssertAtMost(before);

        void Step()
        {
            using var scope = NewDisposeScope();
            Differentiate(compute, inputs);
        }
    }
}
