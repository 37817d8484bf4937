using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// A package of ours with encoders of its own. A saved model is a stranger's file, so it never says which assembly to load: it names an encoder, and this list
/// says which package has it.
/// </summary>
/// <param name="Prefix">What the names of its towers in saved models begin with.</param>
/// <param name="Assembly">Name of the package and of its assembly.</param>
internal sealed record EncoderPackage(string Prefix, string Assembly)
{
    /// <summary>All of them.</summary>
    public static readonly EncoderPackage[] All = [new("onnxRuntime.", "Microsoft.ML.GentleClip.OnnxRuntime")];

    /// <summary>Whether a name is one of its towers.</summary>
    public bool Has(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The package that runs ONNX graphs.</summary>
    public static EncoderPackage OnnxRuntime => All[0];

    /// <summary>Loads the assembly, which adds its kinds.</summary>
    /// <exception cref="JsonException">The application has not got it.</exception>
    public void Load(string name)
    {
        if (TryLoad() is { } exception)
            throw new JsonException(
                $"the encoder '{name}' is in the package {Assembly}, which this application does not refer to; add it. ({exception.Message})", exception);
    }

    /// <summary>Loads the assembly, which adds what it has; the error where the application has not got it.</summary>
    public Exception? TryLoad()
    {
        try
        {
            RuntimeHelpers.RunModuleConstructor(System.Reflection.Assembly.Load(new AssemblyName(Assembly)).ManifestModule.ModuleHandle);
            return null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            return exception;
        }
    }
}
