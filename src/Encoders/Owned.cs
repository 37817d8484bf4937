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

    /// <summary>A buffer: saved with the module, not trained.</summary>
    public static Tensor Buffer(Tensor data) => data.DetachFromDisposeScope();
}
