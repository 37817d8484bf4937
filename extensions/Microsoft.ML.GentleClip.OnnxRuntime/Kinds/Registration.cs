using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Onnx;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>
/// Tells the library of this package's encoders and engine, when anything of the package is used; a saved model that needs them loads it by its name.
/// </summary>
internal static class Registration
{
    /// <summary>What the names of this package's towers in saved models begin with; the library knows it.</summary>
    public const string Prefix = "onnxRuntime.";

    /// <summary>Runs once.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Settings and saved models need the kinds, whichever is used first.")]
    internal static void Run()
    {
        EncoderKinds.Add(new OnnxImageKind());
        EncoderKinds.Add(new OnnxTextKind());
        EncoderKinds.Add(new OnnxVectorKind());
        EncoderKinds.Add(new OnnxProteinSequenceKind());
        GraphEngine.Register(ScoringSession.Open);
    }
}
