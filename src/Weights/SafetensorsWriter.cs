using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Writes safetensors files, which any tool can read. Equal tensors and metadata give equal bytes.</summary>
internal static class SafetensorsWriter
{
    private const int BufferSize = 1 << 20;

    /// <summary>Writes the tensors from the stream's position on; the stream need not seek and stays open.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="tensors">On any device, of any layout in memory; distinct names.</param>
    /// <param name="metadata">Texts that the file carries beside the tensors.</param>
    /// <exception cref="ArgumentException">The name <c>__metadata__</c>.</exception>
    /// <exception cref="NotSupportedException">A tensor's type is none of the format's.</exception>
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var header = SafetensorsHeader.Of(tensors, metadata);
        stream.Write(header.ToBytes());
        foreach (var entry in header.Entries)
        {
            if (entry.End == entry.Begin)
                continue;
            using var scope = NewDisposeScope();
            tensors[entry.Name].detach().cpu().contiguous().WriteBytesToStream(stream, (int)Math.Min(BufferSize, entry.End - entry.Begin));
        }
    }
}
