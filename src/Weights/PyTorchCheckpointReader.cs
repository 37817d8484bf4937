using System.Buffers.Binary;
using System.Numerics;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>
/// Reads the tensors of checkpoints that <c>torch.save</c> wrote, as a zip file (since 1.6) or as the older sequence of pickles. Understands tensors and plain
/// containers and nothing else: a pickle that asks for anything more is refused with its name, and nothing is allocated before the file is seen to hold it.
/// </summary>
internal static class PyTorchCheckpointReader
{
    private const int MaximumGrowth = 8, SmallSize = 1 << 20, LegacyProtocol = 1001;
    private static readonly BigInteger LegacyMagic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads a file.</summary>
    /// <inheritdoc cref="Read(Stream, string, string[])"/>
    public static StateDict Read(string path, params string[] keys)
    {
        using var stream = File.OpenRead(path);
        return Read(stream, path, keys);
    }

    /// <summary>Reads from the stream's position to its end.</summary>
    /// <param name="stream">Stays open. One that cannot seek is taken into memory first.</param>
    /// <param name="source">File, for messages.</param>
    /// <param name="keys">Keys that lead to the dictionary of tensors; none to search the usual ones.</param>
    /// <returns>
    /// Contiguous tensors on the CPU that need no gradient and share no memory; the caller disposes them. The metadata are the texts, numbers and truth values
    /// beside the tensors, by dotted name.
    /// </returns>
    /// <exception cref="InvalidDataException">Damaged, unsafe, or without tensors; the message names the source and what is wrong.</exception>
    public static StateDict Read(Stream stream, string source, params string[] keys) =>
        Read(stream, source, root => CheckpointSelection.Select(root, keys, source));

    /// <summary>Reads what is asked for, by the dotted names of the whole checkpoint where it was found by its anchors or under the user's key.</summary>
    /// <inheritdoc cref="Read(Stream, string, string[])"/>
    public static StateDict Read(Stream stream, string source, WeightRequest request) =>
        Read(stream, source, root => CheckpointSelection.Select(root, request, source));

    private static StateDict Read(Stream stream, string source,
        Func<object?, (IReadOnlyList<KeyValuePair<string, PickledTensor>> Tensors, IReadOnlyDictionary<string, string> Texts)> select)
    {
        TorchNativeLibrary.EnsureLoaded();
        if (!stream.CanSeek)
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            copy.Position = 0;
            return Read(copy, source, select);
        }
        try
        {
            var length = stream.Length - stream.Position;
            var first = stream.ReadByte();
            stream.Position -= first < 0 ? 0 : 1;
            var (root, find) = first == 'P' ? OpenZip(stream, source) : OpenLegacy(stream, source);
            var (tensors, texts) = select(root);
            var bytes = tensors.Aggregate((Int128)0, (sum, tensor) => sum + (Int128)tensor.Value.Count * tensor.Value.Storage.ElementSize);
            if (bytes > (Int128)length * MaximumGrowth + SmallSize)
                throw new InvalidDataException($"{source}: the tensors take {bytes} bytes, more than {MaximumGrowth} times the file's {length}.");
            return new StateDict(source, ReadTensors(stream, tensors, find, source), texts);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{source}: ends before its declared length.", e); // shortened while being read
        }
    }

    private static (object? Root, Func<PickledStorage, StoredRange> Find) OpenZip(Stream stream, string source)
    {
        var zip = new ZipDirectory(stream, source);
        var pickles = zip.Names.Where(name => name.EndsWith("/data.pkl", StringComparison.Ordinal) && name.IndexOf('/') == name.LastIndexOf('/')).ToArray();
        if (pickles is not [var pickle])
            throw new InvalidDataException(
                $"{source}: a PyTorch checkpoint has one member '<name>/data.pkl', found {pickles.Length} among {Shown.List(zip.Names)}.");
        var stem = pickle[..^"data.pkl".Length];
        if (zip.Find(stem + "byteorder") is { } order && !ReadAll(stream, order, 16, source).AsSpan().SequenceEqual("little"u8))
            throw new InvalidDataException($"{source}: '{order.Name}' says that the file was written by a big-endian machine, which is not supported.");
        var root = new PickleMachine(ReadAll(stream, zip.Find(pickle)!, PickleMachine.MaximumLength, source), $"{source}: '{Shown.Name(pickle)}'").Run();
        return (root, storage =>
        {
            var range = zip.Find($"{stem}data/{storage.Key}")
                ?? throw new InvalidDataException($"{source}: the member '{Shown.Name($"{stem}data/{storage.Key}")}' is missing.");
            return CheckSize(storage, range, source);
        }
        );
    }

    // A pickle each of a magic number, the protocol, the system, the contents and the storages' keys; then every storage's count and elements.
    private static (object? Root, Func<PickledStorage, StoredRange> Find) OpenLegacy(Stream stream, string source)
    {
        var (start, end) = (stream.Position, stream.Length);
        var machine = new PickleMachine(ReadAll(stream, new StoredRange("", start, Math.Min(end - start, PickleMachine.MaximumLength), null),
            PickleMachine.MaximumLength, source), source);
        if (machine.Run() is not BigInteger magic || magic != LegacyMagic || machine.Run() is not long and LegacyProtocol)
            throw new InvalidDataException($"{source}: a pickle, but none that torch.save wrote.");
        if (machine.Run() is not PickleDictionary system || system.Items.GetValueOrDefault("little_endian") is not true)
            throw new InvalidDataException($"{source}: the file does not say that it was written by a little-endian machine; others are not supported.");
        var root = machine.Run();
        if (root is PickleForeign foreign)
            throw new InvalidDataException($"{source}: {foreign.Refusal}.");
        var storages = machine.Storages;
        if (machine.Run() is not List<object?> keys)
            throw new InvalidDataException($"{source}: the list of storages is missing.");
        var ranges = new Dictionary<string, StoredRange>(StringComparer.Ordinal);
        var position = start + machine.Position;
        var count = new byte[sizeof(long)];
        foreach (var key in keys)
        {
            if (key is not string name || !storages.TryGetValue(name, out var storage) || ranges.ContainsKey(name))
                throw new InvalidDataException($"{source}: the list of storages names one twice, or one that no tensor uses.");
            stream.Position = position;
            stream.ReadExactly(count);
            var found = BinaryPrimitives.ReadInt64LittleEndian(count);
            position += count.Length;
            if (found != storage.Count || (Int128)found * storage.ElementSize > end - position)
                throw new InvalidDataException(
                    $"{source}: storage '{Shown.Name(name)}' has {found} elements where {storage.Count} are expected and {end - position} bytes are left.");
            ranges.Add(name, new StoredRange(name, position, found * storage.ElementSize, null));
            position += found * storage.ElementSize;
        }
        if (position != end)
            throw new InvalidDataException($"{source}: {end - position} bytes follow the last storage.");
        return (root,
            storage => ranges.GetValueOrDefault(storage.Key) ?? throw new InvalidDataException($"{source}: storage '{Shown.Name(storage.Key)}' is missing."));
    }

    private static StoredRange CheckSize(PickledStorage storage, StoredRange range, string source) =>
        (Int128)storage.Count * storage.ElementSize == range.Length
        ? range
        : throw new InvalidDataException(
            $"{source}: '{Shown.Name(range.Name)}' expected {storage.Count} elements of {storage.ElementSize} bytes, found {range.Length} bytes.");

    private static byte[] ReadAll(Stream stream, StoredRange range, int maximum, string source)
    {
        if (range.Length > maximum)
            throw new InvalidDataException($"{source}: '{Shown.Name(range.Name)}' has {range.Length} bytes; {maximum} are allowed.");
        var bytes = new byte[range.Length];
        using var stored = new StoredBytes(stream, range, source);
        stored.ReadExactly(bytes);
        stored.Verify();
        return bytes;
    }

    // Storage by storage, so that no more than one is in memory beside the results.
    private static KeyValuePair<string, Tensor>[] ReadTensors(
        Stream stream, IReadOnlyList<KeyValuePair<string, PickledTensor>> tensors, Func<PickledStorage, StoredRange> find, string source)
    {
        // all of them are there before anything is allocated
        var ranges = tensors.Select(tensor => tensor.Value.Storage).Distinct().ToDictionary(storage => storage, find);
        using var scope = NewDisposeScope();
        var results = new Tensor[tensors.Count];
        foreach (var group in Enumerable.Range(0, tensors.Count).GroupBy(i => tensors[i].Value.Storage))
        {
            using var stored = new StoredBytes(stream, ranges[group.Key], source);
            var indices = group.ToArray();
            if (indices is [var only] && tensors[only].Value is { IsContiguous: true } single)
            {
                stored.SkipTo(single.Offset * group.Key.ElementSize);
                results[only] = TensorData.Read(stored, single.Shape, group.Key.Type, Where(only));
            }
            else
            {
                using var whole = TensorData.Read(stored, [group.Key.Count], group.Key.Type, Where(indices[0]));
                foreach (var i in indices)
                {
                    var view = tensors[i].Value;
                    results[i] = empty(view.Shape, group.Key.Type, CPU);
                    if (view.Count > 0)
                    {
                        using var strided = whole.as_strided(view.Shape, view.Strides, view.Offset);
                        results[i].copy_(strided);
                    }
                }
            }
            stored.Verify();
        }
        foreach (var result in results)
            result.MoveToOuterDisposeScope();
        return [.. tensors.Select((tensor, i) => KeyValuePair.Create(tensor.Key, results[i]))];

        string Where(int i) => $"{source}: tensor '{Shown.Name(tensors[i].Key)}'";
    }
}
