using Google.Protobuf;

namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>Writes messages of protocol buffers field by field; the numbers are those of the public ONNX specification (onnx.proto).</summary>
internal static class ProtoMessage
{
    /// <summary>The bytes of a message.</summary>
    public static byte[] Of(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }

    /// <summary>An integer or an enumeration.</summary>
    public static void Integer(this CodedOutputStream output, int field, long value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    }

    /// <summary>A real number.</summary>
    public static void Single(this CodedOutputStream output, int field, float value)
    {
        output.WriteTag(field, WireFormat.WireType.Fixed32);
        output.WriteFloat(value);
    }

    /// <summary>Text.</summary>
    public static void Text(this CodedOutputStream output, int field, string value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(value);
    }

    /// <summary>A message within, or bytes.</summary>
    public static void Bytes(this CodedOutputStream output, int field, byte[] value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(value));
    }

    /// <summary>Tag and length of a message or of bytes that the caller writes next.</summary>
    public static void Open(this CodedOutputStream output, int field, long length)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteLength(checked((int)length));
    }

    /// <summary>A pair of texts.</summary>
    public static void Entry(this CodedOutputStream output, int field, string key, string value) => output.Bytes(field, Of(entry =>
    {
        entry.Text(1, key);
        entry.Text(2, value);
    }));

    /// <summary>Bytes that <see cref="Open"/> writes.</summary>
    public static int SizeOfOpen(int field, long length) => CodedOutputStream.ComputeTagSize(field) + CodedOutputStream.ComputeLengthSize(checked((int)length));
}
