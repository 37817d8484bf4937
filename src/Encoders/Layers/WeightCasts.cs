using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Matrix products of encoders in bfloat16: both factors are rounded to 8 significant bits, sums are float32, and so is all between two products. Weights stay
/// float32; a cast of each is made when it is first used and kept until <see cref="Forget"/>, which whoever changes weights calls.
/// </summary>
/// <remarks>Belongs to the threads that entered it, so that a model can be used in both ways at a time.</remarks>
internal sealed class WeightCasts : IDisposable
{
    // With fewer, oneDNN's gradients of bfloat16 convolutions read memory that nobody wrote, as those of float32 do (see Convolution).
    private const long ChannelBlock = 32;

    [ThreadStatic]
    private static WeightCasts? s_current;

    private readonly Lock _gate = new();
    private readonly Dictionary<(Tensor Weight, bool HasGraph), Tensor> _casts = new(new ByReference());

    /// <summary>Casts for a precision; null for float32, which needs none.</summary>
    public static WeightCasts? For(EncoderPrecision precision) => precision == EncoderPrecision.BFloat16 ? new WeightCasts() : null;

    /// <summary>Encoders called by this thread compute with these casts, or with none, until the result is disposed.</summary>
    public static Stay Enter(WeightCasts? casts)
    {
        var before = s_current;
        s_current = casts;
        return new Stay(before);
    }

    /// <summary>Forgets the casts that this thread computes with: weights were changed.</summary>
    public static void Forget() => s_current?.Clear();

    /// <summary><c>input weight' + bias</c>, <c>[..., outputs]</c>, of the input's type.</summary>
    public static Tensor Linear(Tensor input, Tensor weight, Tensor? bias = null)
    {
        if (s_current is not { } casts)
            return nn.functional.linear(input, weight, bias);
        using var rounded = input.to(ScalarType.BFloat16);
        using var product = nn.functional.linear(rounded, casts.Of(weight), bias is null ? null : casts.Of(bias));
        return product.to(input.dtype);
    }

    /// <summary>A convolution over pictures, of the input's type; one whose channels do not fill blocks is computed in float32.</summary>
    public static Tensor Convolution(Tensor input, Tensor weight, Tensor? bias, long[] stride, long[] padding)
    {
        if (s_current is not { } casts || weight.size(0) % ChannelBlock != 0 || weight.size(1) % ChannelBlock != 0)
            return nn.functional.conv2d(input, weight, bias, stride, padding);
        using var rounded = input.to(ScalarType.BFloat16);
        using var output = nn.functional.conv2d(rounded, casts.Of(weight), bias is null ? null : casts.Of(bias), stride, padding);
        return output.to(input.dtype);
    }

    /// <summary>Frees the casts.</summary>
    public void Dispose() => Clear();

    private Tensor Of(Tensor weight)
    {
        var hasGraph = weight.requires_grad && is_grad_enabled();
        lock (_gate)
        {
            if (!_casts.TryGetValue((weight, hasGraph), out var cast))
                _casts.Add((weight, hasGraph), cast = weight.to(ScalarType.BFloat16).DetachFromDisposeScope());
            return cast;
        }
    }

    private void Clear()
    {
        lock (_gate)
        {
            foreach (var cast in _casts.Values)
                cast.Dispose();
            _casts.Clear();
        }
    }

    /// <summary>A thread's stay.</summary>
    public readonly struct Stay(WeightCasts? before) : IDisposable
    {
        /// <summary>Goes back to what was before.</summary>
        public void Dispose() => s_current = before;
    }

    private sealed class ByReference : IEqualityComparer<(Tensor Weight, bool HasGraph)>
    {
        public bool Equals((Tensor Weight, bool HasGraph) x, (Tensor Weight, bool HasGraph) y) =>
            ReferenceEquals(x.Weight, y.Weight) && x.HasGraph == y.HasGraph;

        public int GetHashCode((Tensor Weight, bool HasGraph) key) =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key.Weight), key.HasGraph);
    }
}
