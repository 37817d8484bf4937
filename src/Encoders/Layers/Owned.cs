using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Tensors that belong to a module and outlive every dispose scope.</summary>
internal static class Owned
{
    /// <summary>A trainable parameter; takes the data over.</summary>
    public static Parameter Parameter(Tensor data)
    {
        var parameter = new Parameter(data);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    /// <summary>Initial values, uniform in [-bound, bound).</summary>
    public static Tensor Uniform(double bound, Generator generator, params long[] shape) =>
        rand(shape, dtype: ScalarType.Float32, generator: generator).Times(2 * bound).Minus(bound);

    /// <summary>A buffer: saved with the module, not trained.</summary>
    public static Tensor Buffer(Tensor data) => data.DetachFromDisposeScope();
}
