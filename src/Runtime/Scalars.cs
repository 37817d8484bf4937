using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Numbers for torch's functions, alive while native code reads them. TorchSharp's own conversion of a number makes a temporary object
/// whose finalizer may free the native scalar during the call (docs/native-runtime.md): no other code of the library converts one.
/// </summary>
/// <remarks>
/// Each thread keeps its latest scalars and disposes of the oldest for a new one. A result is an argument of one call: in a field or
/// across other calls it would be found disposed, which TorchSharp refuses with an error.
/// An integer and a real number are different kinds to torch, as in the conversions: an integer tensor times 2 stays one, times 2.0 does not.
/// </remarks>
internal static class Scalars
{
    private const int Kept = 64, SmallestCommon = -2, LargestCommon = 8;

    [ThreadStatic]
    private static Cache? _ofThread;

    /// <summary>The integer 0.</summary>
    public static Scalar Zero => Of(0L);

    /// <summary>The integer 1.</summary>
    public static Scalar One => Of(1L);

    /// <summary>An integer.</summary>
    public static Scalar Of(long value) => (_ofThread ??= new()).Of(value);

    /// <summary>A real number.</summary>
    public static Scalar Of(double value) => (_ofThread ??= new()).Keep(value.ToScalar());

    /// <summary>The numbers 0, 1, ... below a count, int64.</summary>
    public static Tensor Range(long count, Device device) => arange(Zero, Of(count), One, ScalarType.Int64, device);

    /// <summary>a + b. TorchSharp's operator makes a temporary 1.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>t + number.</summary>
    public static Tensor Plus(this Tensor t, double number) => t.add(Of(number), One);

    /// <summary>t + number.</summary>
    public static Tensor Plus(this Tensor t, long number) => t.add(Of(number), One);

    /// <summary>t - number.</summary>
    public static Tensor Minus(this Tensor t, double number) => t.sub(Of(number));

    /// <summary>t - number.</summary>
    public static Tensor Minus(this Tensor t, long number) => t.sub(Of(number));

    /// <summary>t * number.</summary>
    public static Tensor Times(this Tensor t, double number) => t.mul(Of(number));

    /// <summary>t * number.</summary>
    public static Tensor Times(this Tensor t, long number) => t.mul(Of(number));

    /// <summary>t / number.</summary>
    public static Tensor Over(this Tensor t, double number) => t.div(Of(number));

    /// <summary>t / number.</summary>
    public static Tensor Over(this Tensor t, long number) => t.div(Of(number));

    /// <summary>t², as TorchSharp's <c>square</c>, which makes a temporary 2.</summary>
    public static Tensor Squared(this Tensor t) => t.pow(Of(2));

    /// <summary>a + b in place of a. TorchSharp's <c>add_</c> makes a temporary 1.</summary>
    public static Tensor AddInPlace(this Tensor a, Tensor b) => a.add_(b, One);

    /// <summary>t + number in place of t.</summary>
    public static Tensor AddInPlace(this Tensor t, double number) => t.add_(Of(number), One);

    /// <summary>t + number in place of t.</summary>
    public static Tensor AddInPlace(this Tensor t, long number) => t.add_(Of(number), One);

    private sealed class Cache
    {
        private readonly Scalar?[] _common = new Scalar?[LargestCommon - SmallestCommon + 1];
        private readonly Scalar?[] _latest = new Scalar?[Kept];
        private int _next;

        public Scalar Of(long value) =>
            value is >= SmallestCommon and <= LargestCommon ? _common[value - SmallestCommon] ??= value.ToScalar() : Keep(value.ToScalar());

        public Scalar Keep(Scalar scalar)
        {
            _latest[_next]?.Dispose();
            _latest[_next] = scalar;
            _next = (_next + 1) % Kept;
            return scalar;
        }
    }
}
