using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>One tensor of a safetensors file; its bytes are [Begin, End) of the data that follow the header.</summary>
internal sealed record SafetensorsEntry(string Name, ScalarType Type, long[] Shape, long Begin, long End);

/// <summary>
/// The header of a safetensors file: eight bytes with the header's length, little-endian, then JSON
/// <c>{"__metadata__": {text: text}, name: {"dtype", "shape", "data_offsets": [begin, end]}}</c>, padded with blanks to a multiple of eight.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>Largest header that is read, as in the reference implementation.</summary>
    public const long MaximumLength = 100_000_000;

    /// <summary>Size of the length in front of the header.</summary>
    public const int PrefixLength = sizeof(ulong);

    private const string MetadataKey = "__metadata__", TypeKey = "dtype", ShapeKey = "shape", OffsetsKey = "data_offsets";
    private const int MaximumDimensions = 64; // libtorch's own
    private static readonly (string Name, ScalarType Type, int Size)[] Types =
    [
        ("F64", ScalarType.Float64, 8), ("I64", ScalarType.Int64, 8), ("F32", ScalarType.Float32, 4), ("I32", ScalarType.Int32, 4),
            ("F16", ScalarType.Float16, 2),
        ("BF16", ScalarType.BFloat16, 2), ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1), ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    private SafetensorsHeader(IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string> metadata) =>
        (Entries, Metadata) = (entries, metadata);

    /// <summary>The tensors in the order of their bytes, without gap or overlap.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>Texts that the file carries beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Lays tensors out: wide types first, so that every tensor is aligned, then by name. Equal input gives equal bytes.</summary>
    /// <exception cref="ArgumentException">A name is reserved, or a text is no valid Unicode.</exception>
    /// <exception cref="NotSupportedException">The format has no such type.</exception>
    public static SafetensorsHeader Of(IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var entries = new List<SafetensorsEntry>();
        foreach (var (name, tensor) in tensors)
        {
            if (name == MetadataKey || !IsText(name))
                throw new ArgumentException($"Tensor name '{name}' is reserved by the format, or has half a surrogate pair.", nameof(tensors));
            if (Types.All(type => type.Type != tensor.dtype))
                throw new NotSupportedException($"Tensor '{name}': safetensors has no type for {tensor.dtype}.");
            entries.Add(new SafetensorsEntry(name, tensor.dtype, tensor.shape, 0, tensor.numel() * SizeOf(tensor.dtype)));
        }
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
            if (!IsText(key) || !IsText(value))
                throw new ArgumentException($"Metadata '{key}' has half a surrogate pair.", nameof(metadata));
        var position = 0L;
        var sorted = entries.OrderByDescending(entry => SizeOf(entry.Type)).ThenBy(entry => entry.Name, StringComparer.Ordinal)
            .Select(entry => entry with { Begin = position, End = position += entry.End }).ToArray();
        return new SafetensorsHeader(sorted, metadata ?? new Dictionary<string, string>());
    }

    /// <summary>Length and JSON, padded.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        stream.Write(new byte[PrefixLength]);
        // Text other than quotes, backslashes and control characters stands as it is, as the reference writes it.
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject(MetadataKey);
                foreach (var (key, value) in Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            foreach (var entry in Entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString(TypeKey, NameOf(entry.Type));
                WriteNumbers(json, ShapeKey, entry.Shape);
                WriteNumbers(json, OffsetsKey, [entry.Begin, entry.End]);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (stream.Length % PrefixLength != 0)
            stream.WriteByte((byte)' ');
        if (stream.Length - PrefixLength > MaximumLength)
            throw new NotSupportedException($"The header has {stream.Length - PrefixLength} bytes, safetensors allows {MaximumLength}.");
        var bytes = stream.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - PrefixLength);
        return bytes;
    }

    /// <summary>Reads and checks the JSON, without its length.</summary>
    /// <param name="json">The header, padding included.</param>
    /// <param name="dataLength">Number of bytes that follow it.</param>
    /// <param name="source">File or entry, for messages.</param>
    /// <exception cref="InvalidDataException">Anything but a well-formed header whose tensors fill the data exactly.</exception>
    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> json, long dataLength, string source)
    {
        if (json.Length == 0 || json.Span[0] != '{' || !Utf8.IsValid(json.Span))
            throw new InvalidDataException($"{source}: the header is not JSON in UTF-8 that starts with '{{'.");
        var entries = new List<SafetensorsEntry>();
        var metadata = new Dictionary<string, string>();
        try
        {
            using var document = JsonDocument.Parse(json);
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                    throw new InvalidDataException($"{source}: two entries '{property.Name}'.");
                if (property.Name == MetadataKey)
                    ReadMetadata(property.Value, metadata, source);
                else
                    entries.Add(ReadEntry(property, $"{source}: tensor '{property.Name}'"));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for half a surrogate pair
        {
            throw new InvalidDataException($"{source}: the header is not valid JSON: {e.Message}", e);
        }
        entries.Sort((left, right) => (left.Begin, left.End).CompareTo((right.Begin, right.End)));
        var position = 0L;
        foreach (var entry in entries)
        {
            if (entry.Begin != position)
                throw new InvalidDataException(
                    $"{source}: tensor '{entry.Name}': expected to begin at {position}, where the one before ends; found {entry.Begin}.");
            position = entry.End;
        }
        if (position != dataLength)
            throw new InvalidDataException($"{source}: the tensors take {position} bytes, found {dataLength} after the header.");
        return new SafetensorsHeader(entries, metadata);
    }

    private static SafetensorsEntry ReadEntry(JsonProperty property, string where)
    {
        var value = property.Value;
        if (value.ValueKind != JsonValueKind.Object
            || !value.EnumerateObject().Select(part => part.Name).Order(StringComparer.Ordinal).SequenceEqual([OffsetsKey, TypeKey, ShapeKey]))
            throw new InvalidDataException($"{where}: expected an object of {TypeKey}, {ShapeKey} and {OffsetsKey}, each once.");
        var typeName = value.GetProperty(TypeKey) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
        var type = Array.Find(Types, type => type.Name == typeName);
        if (type.Name is null)
            throw new InvalidDataException(
                $"{where}: {TypeKey} '{value.GetProperty(TypeKey)}' is unknown; expected one of {string.Join(", ", Types.Select(known => known.Name))}.");
        var shape = ReadNumbers(value.GetProperty(ShapeKey), MaximumDimensions, $"{where}: {ShapeKey}");
        var offsets = ReadNumbers(value.GetProperty(OffsetsKey), 2, $"{where}: {OffsetsKey}");
        if (offsets is not [var begin, var end] || begin > end)
            throw new InvalidDataException($"{where}: {OffsetsKey} expected [begin, end], found {value.GetProperty(OffsetsKey)}.");
        if (BytesOf(shape, type.Size) is var bytes && bytes != end - begin)
            throw new InvalidDataException(
                $"{where}: {type.Name} of shape [{string.Join(", ", shape)}] takes {bytes?.ToString() ?? "too many"} bytes, found {end - begin}.");
        return new SafetensorsEntry(property.Name, type.Type, shape, begin, end);
    }

    // Null where the product overflows, empty dimensions counted as one: libtorch multiplies strides in that way.
    private static long? BytesOf(long[] shape, int size)
    {
        var product = (Int128)size;
        foreach (var length in shape)
            if ((product *= Math.Max(length, 1)) > long.MaxValue)
                return null;
        return shape.Contains(0) ? 0 : (long)product;
    }

    private static void ReadMetadata(JsonElement value, Dictionary<string, string> metadata, string source)
    {
        if (value.ValueKind == JsonValueKind.Null) // the reference reads it as none
            return;
        if (value.ValueKind != JsonValueKind.Object)
            throw new InvalidDataException($"{source}: {MetadataKey}: expected an object of texts, found {value.ValueKind}.");
        foreach (var property in value.EnumerateObject())
            if (property.Value.ValueKind != JsonValueKind.String || !metadata.TryAdd(property.Name, property.Value.GetString()!))
                throw new InvalidDataException(
                    $"{source}: {MetadataKey} '{property.Name}': expected one text, found {property.Value.ValueKind} or a second one.");
    }

    private static long[] ReadNumbers(JsonElement value, int maximumCount, string where)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > maximumCount)
            throw new InvalidDataException($"{where}: expected at most {maximumCount} whole numbers in brackets, found {value.ValueKind}.");
        return [.. value.EnumerateArray().Select(element => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var number) && number >= 0
            ? number
            : throw new InvalidDataException($"{where}: expected whole numbers of 0 or more, found '{element}'."))];
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, long[] numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    // Half a surrogate pair does not return from UTF-8.
    private static bool IsText(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;

    private static int SizeOf(ScalarType type) => Array.Find(Types, known => known.Type == type).Size;

    private static string NameOf(ScalarType type) => Array.Find(Types, known => known.Type == type).Name;
}
