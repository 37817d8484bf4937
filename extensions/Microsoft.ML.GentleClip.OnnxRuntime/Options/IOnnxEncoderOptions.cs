using Microsoft.ML.GentleClip.OnnxEncoders;

namespace Microsoft.ML.GentleClip;

/// <summary>What the settings of all ONNX encoders have.</summary>
internal interface IOnnxEncoderOptions : IEncoderOptions
{
    /// <summary>The file.</summary>
    string? ModelFile { get; }

    /// <summary>Name of the input, or null.</summary>
    string? InputName { get; }

    /// <summary>Name of the output, or null.</summary>
    string? OutputName { get; }

    /// <summary>How the output becomes features; null where the graph decides.</summary>
    OnnxPooling? Pooling { get; }

    /// <summary>Whether features get length 1; null where the graph decides.</summary>
    bool? Normalize { get; }

    /// <summary>Whether a saved model holds the file.</summary>
    bool Embed { get; }

    /// <summary>Most samples of a run.</summary>
    int BatchSize { get; }

    /// <summary>What was decided at the training, of settings that come out of a saved model; null of a user's.</summary>
    OnnxPlan? Saved { get; }

    bool IEncoderOptions.HasFrozenWeights => true;
}
