namespace Microsoft.ML.GentleClip;

/// <summary>What computes the columns of a fitted model; see <see cref="ScoringOptions.Engine"/>.</summary>
public enum ScoringEngine
{
    /// <summary>libtorch, on the model's device.</summary>
    Torch,

    /// <summary>
    /// ONNX Runtime, on the CPU: the package Microsoft.ML.GentleClip.OnnxRuntime. Embeddings differ from libtorch's by at most 1e-4 a slot. Views and
    /// generators of a model with an encoder that has no ONNX form, such as a network of your own, are refused.
    /// </summary>
    OnnxRuntime,

    /// <summary>
    /// ONNX Runtime where the package is there, the model is on the CPU and its encoders have an ONNX form that is not slower, as CDConv's is; else libtorch,
    /// which the log tells with the reason. A model that was loaded without libtorch has no choice.
    /// </summary>
    Auto,
}
