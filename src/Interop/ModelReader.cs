using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Reads named binary entries beside a component's header in the model archive.</summary>
internal sealed class ModelReader(ModelLoadContext context)
{
    /// <summary>Reads one entry from its stream, which is open only during the call.</summary>
    /// <exception cref="FormatException">The archive lacks the entry.</exception>
    public void ReadEntry(string name, Action<Stream> read)
    {
        if (!context.InRepository || !context.TryLoadBinaryStream(name, reader => read(reader.BaseStream)))
            throw new FormatException($"The saved model lacks its entry '{name}'.");
    }

    /// <summary>Reads a trained model of ML.NET's.</summary>
    /// <exception cref="FormatException">The archive lacks the model.</exception>
    public BinaryModel ReadModel(IHostEnvironment environment, string name) =>
        context.LoadModelOrNull<IPredictor, SignatureLoadModel>(environment, out var model, name)
            ? BinaryModel.Of(model)
            : throw new FormatException($"The saved model lacks its model '{name}'.");
}
