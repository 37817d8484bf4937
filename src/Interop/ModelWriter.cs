namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Writes named binary entries beside a component's header in the model archive.</summary>
internal sealed class ModelWriter(ModelSaveContext context)
{
    /// <summary>Writes one entry.</summary>
    public void WriteEntry(string name, Action<Stream> write) => context.SaveBinaryStream(name, writer =>
    {
        writer.Flush();
        write(writer.BaseStream);
    });

    /// <summary>Writes a trained model of ML.NET's into a folder of its own.</summary>
    public void WriteModel(string name, BinaryModel model) => context.SaveModel(model.Mapper, name);
}
