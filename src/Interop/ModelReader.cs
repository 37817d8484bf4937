namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Reads named binary entries beside a component's header in the model archive.</summary>
internal sealed class ModelReader(ModelLoadContext context)
{
    /// <summary>Reads one entry.</summary>
    /// <exception cref="FormatException">The archive lacks the entry.</exception>
    public byte[] ReadEntry(string name)
    {
        byte[]? bytes = null;
        if (!context.InRepository || !context.TryLoadBinaryStream(name, reader => bytes = ReadAll(reader.BaseStream)))
            throw new FormatException($"The saved model lacks its entry '{name}'.");
        return bytes!;
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
