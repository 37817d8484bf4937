using Microsoft.ML.GentleClip.Runtime;
using Mono.Cecil;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>
/// A number that becomes a <c>TorchSharp.Scalar</c> by the implicit conversion may be freed by a garbage collection while native code
/// reads it. The library takes its scalars from <see cref="Scalars"/> alone, and calls nothing of TorchSharp that converts inside.
/// </summary>
[TestClass]
public sealed class ScalarLifetimeTests
{
    private static readonly ModuleDefinition Torch = Read(typeof(torch).Assembly.Location, symbols: false);
    private static readonly TemporaryScalars Checker = new(Torch);

    [TestMethod]
    public void LibraryMakesNoTemporaryScalar()
    {
        var types = Read(typeof(GentleClipOptions).Assembly.Location, symbols: true).GetTypes()
            .Where(type => type.FullName != typeof(Scalars).FullName && type.DeclaringType?.FullName != typeof(Scalars).FullName).ToList();
        var found = types.SelectMany(Checker.CallsIn).ToList();
        Assert.IsEmpty(found, $"{found.Count} calls; use {nameof(Scalars)} (docs/native-runtime.md):\n{string.Join('\n', found)}");
        // A result of Scalars is soon disposed: it may not be kept.
        var kept = types.SelectMany(type => type.Fields).Where(field => field.FieldType.FullName == typeof(Scalar).FullName).ToList();
        Assert.IsEmpty(kept, $"fields that keep a scalar: {string.Join(", ", kept)}");
    }

    [TestMethod]
    [DataRow("Tensor::add(TorchSharp.torch/Tensor)", true)]
    [DataRow("Tensor::add_(TorchSharp.torch/Tensor)", true)]
    [DataRow("Tensor::op_Addition(TorchSharp.torch/Tensor,TorchSharp.torch/Tensor)", true)]
    [DataRow("Tensor::op_Subtraction(System.Int32,TorchSharp.torch/Tensor)", true)]
    [DataRow("Tensor::op_Division(TorchSharp.torch/Tensor,System.Double)", true)]
    [DataRow("Tensor::square()", true)]
    [DataRow("Tensor::addcmul_(TorchSharp.torch/Tensor,TorchSharp.torch/Tensor,TorchSharp.Scalar)", false)]
    [DataRow("Tensor::add(TorchSharp.torch/Tensor,TorchSharp.Scalar)", false)]
    [DataRow("Tensor::sub(TorchSharp.torch/Tensor)", false)]
    [DataRow("Tensor::op_Multiply(TorchSharp.torch/Tensor,TorchSharp.torch/Tensor)", false)]
    [DataRow("Tensor::op_UnaryNegation(TorchSharp.torch/Tensor)", false)]
    [DataRow("Tensor::item()", false)]
    public void MethodsOfTorchSharpAreToldApart(string name, bool isUnsafe)
    {
        var method = Torch.GetType("TorchSharp.torch/Tensor").Methods
            .Single(method => method.FullName.EndsWith($" TorchSharp.torch/{name}", StringComparison.Ordinal));
        Assert.AreEqual(isUnsafe, Checker.ReasonOf(method.FullName) is not null, Checker.ReasonOf(method.FullName));
    }

    [TestMethod]
    public void TemporariesAreFoundAndNamed()
    {
        var fixture = Read(typeof(ScalarLifetimeTests).Assembly.Location, symbols: true).GetTypes().Single(type => type.Name == nameof(Fixture));
        var found = fixture.NestedTypes.Prepend(fixture).SelectMany(Checker.CallsIn).ToList();
        foreach (var method in fixture.Methods.Where(method => !method.Name.Contains('<') && !method.IsConstructor))
        {
            var calls = found.Count(call => call.Contains($".{method.Name}(", StringComparison.Ordinal)
                || call.Contains($"<{method.Name}>", StringComparison.Ordinal));
            Assert.AreEqual(method.Name.StartsWith("Safe", StringComparison.Ordinal) ? 0 : 1, calls, $"{method.Name}:\n{string.Join('\n', found)}");
        }
        Assert.IsTrue(
            found.Exists(call => call.StartsWith($"{nameof(ScalarLifetimeTests)}.cs(", StringComparison.Ordinal)
                && call.Contains("Tensor.square()", StringComparison.Ordinal)), string.Join('\n', found));
    }

    private static ModuleDefinition Read(string path, bool symbols)
    {
        var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        return ModuleDefinition.ReadModule(path, new ReaderParameters { AssemblyResolver = resolver, ReadSymbols = symbols });
    }

    /// <summary>One call that is to be found in each method, none in those that begin with Safe. They are read, not run.</summary>
    private static class Fixture
    {
        public static Tensor OfNumber(Tensor t) => t.clamp_min(0);

        public static Tensor OfSum(Tensor a, Tensor b) => a + b;

        public static Tensor OfSquare(Tensor t) => t.square();

        public static Tensor[] OfLambda(Tensor[] tensors) => [.. tensors.Select(t => t / 2)];

        public static IEnumerable<Tensor> OfIterator(Tensor t)
        {
            yield return t * 2.0;
        }

        public static float OfRead(Tensor t) => t.ToSingle();

        public static Tensor OfForgotten(Tensor t)
        {
            var half = 0.5.ToScalar();
            return t.mul(half);
        }

        public static Tensor SafeUsing(Tensor t)
        {
            using Scalar half = 0.5;
            return t.mul(half);
        }

        public static Tensor SafeScalars(Tensor t) => t.Times(0.5).Plus(t).clamp_(Scalars.Zero, Scalars.Of(0.1));

        public static double SafeRead(Tensor t) => (t - t * t / -t).item<double>();
    }
}
