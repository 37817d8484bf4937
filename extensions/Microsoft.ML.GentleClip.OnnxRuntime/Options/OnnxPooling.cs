namespace Microsoft.ML.GentleClip;

/// <summary>How the output of an ONNX file becomes one row of features a sample.</summary>
public enum OnnxPooling
{
    /// <summary>It is one already: the output is <c>[batch, features]</c>.</summary>
    None,

    /// <summary>The mean over the tokens that are no padding, or over all places of a picture.</summary>
    Mean,

    /// <summary>The first token, <c>[CLS]</c>.</summary>
    FirstToken,
}
