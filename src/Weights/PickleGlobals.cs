using System.Numerics;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Tells the machine, which knows where it stands, what is wrong with a value.</summary>
internal sealed class PickleException(string message) : Exception(message);

/// <summary>The names that a checkpoint may refer to, and what each of them makes. The list is closed.</summary>
/// <param name="budget">Elements that may be copied from one container to another: no honest pickle copies more than it has bytes.</param>
internal sealed class PickleGlobals(int budget)
{
    /// <summary>Stands for every text of bytes.</summary>
    public static readonly PickleOpaque Bytes = new("bytes");

    /// <summary>Stands for every set.</summary>
    public static readonly PickleOpaque Set = new("set");

    private const int MaximumDimensions = 64; // libtorch's own

    private static readonly PickleOpaque Device = new("torch.device");

    private static readonly Dictionary<string, ScalarType> StorageTypes = new(StringComparer.Ordinal)
    {
        ["torch.DoubleStorage"] = ScalarType.Float64,
        ["torch.FloatStorage"] = ScalarType.Float32,
        ["torch.HalfStorage"] = ScalarType.Float16,
        ["torch.BFloat16Storage"] = ScalarType.BFloat16,
        ["torch.LongStorage"] = ScalarType.Int64,
        ["torch.IntStorage"] = ScalarType.Int32,
        ["torch.ShortStorage"] = ScalarType.Int16,
        ["torch.CharStorage"] = ScalarType.Int8,
        ["torch.ByteStorage"] = ScalarType.Byte,
        ["torch.BoolStorage"] = ScalarType.Bool,
    };

    // Either they make tensors, or they are inert: containers and settings that run nothing.
    private static readonly HashSet<string> Others = new(StringComparer.Ordinal)
    {
        "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter", "torch.Size", "torch.device",
        "collections.OrderedDict", "argparse.Namespace", "_codecs.encode",
        "builtins.set", "builtins.frozenset", "__builtin__.set", "__builtin__.frozenset",
        "torch.float64", "torch.float32", "torch.float16", "torch.bfloat16", "torch.int64", "torch.int32", "torch.int16", "torch.int8", "torch.uint8",
        "torch.bool",
    };

    private readonly Dictionary<string, PickledStorage> _storages = new(StringComparer.Ordinal);
    private long _budget = budget;

    /// <summary>Every storage referred to so far, by key.</summary>
    public IReadOnlyDictionary<string, PickledStorage> Storages => _storages;

    /// <summary>A <see cref="PickleGlobal"/> where the name is on the list, else a <see cref="PickleForeign"/> that stands for it and can do nothing.</summary>
    public static object Find(string module, string name)
    {
        var full = $"{module}.{name}";
        return StorageTypes.ContainsKey(full) || Others.Contains(full) ? new PickleGlobal(full) : new PickleForeign(full);
    }

    /// <summary>Makes what Python would by calling the name.</summary>
    public object? Call(PickleGlobal global, object?[] arguments)
    {
        switch (global.Name, arguments)
        {
            case ("torch._utils._rebuild_tensor_v2", [PickledStorage storage, long offset, object?[] shape, object?[] strides, bool, _, .. var more])
                when more.Length <= 1:
                // The seventh argument marks tensors whose values are to be negated or conjugated.
                return more is [] or [null] || more is [PickleDictionary { Items.Count: 0, HasOtherKeys: false }]
                    ? View(storage, offset, shape, strides)
                    : throw new PickleException("a tensor with attributes is not supported");
            case ("torch._utils._rebuild_parameter", [PickledTensor tensor, bool, _]):
                return tensor;
            case ("torch.Size", [object?[] sizes]):
                return sizes;
            case ("torch.device", [string, ..]):
                return Device;
            case ("argparse.Namespace", []):
                return new PickleDictionary(isBag: true);
            case ("collections.OrderedDict", []):
                return new PickleDictionary();
            case ("collections.OrderedDict", [List<object?> pairs]):
                return FromPairs(pairs);
            case ("_codecs.encode", [string, string]):
                return Bytes;
            case ("builtins.set" or "builtins.frozenset" or "__builtin__.set" or "__builtin__.frozenset", [List<object?>] or []):
                return Set;
            default:
                // What depends on an unknown value is unknown.
                if (arguments.OfType<PickleForeign>().FirstOrDefault() is { } foreign)
                    return foreign;
                throw new PickleException($"'{global.Name}' is called with {arguments.Length} values that do not belong to it");
        }
    }

    /// <summary>Gives a dictionary its state: a bag's entries; attributes of other ones, such as <c>_metadata</c>, mean nothing to us.</summary>
    public static void Build(PickleDictionary target, object? state)
    {
        if (state is PickleForeign && !target.IsBag)
            return;
        if (state is not PickleDictionary values)
            throw new PickleException("a dictionary of attributes expected");
        if (target.IsBag)
            target.Share(values);
    }

    /// <summary>Adds an entry.</summary>
    public static void SetItem(PickleDictionary dictionary, object? key, object? value)
    {
        if (key is string text)
            dictionary.Set(text, value);
        else if (key is null or bool or long or BigInteger or double or object?[] or PickleOpaque or PickleGlobal)
            dictionary.HasOtherKeys = true;
        else
            throw new PickleException("a key that can be compared expected");
    }

    /// <summary>The storage that a reference to something outside of the pickle means.</summary>
    /// <exception cref="PickleException">Another reference, a storage of negative size, or one described twice in different ways.</exception>
    public object Storage(object? reference)
    {
        if (reference is object?[] and ["storage", PickleForeign foreign, ..])
            return foreign;
        if (reference is not object?[] parts || parts is not ["storage", PickleGlobal type, string key, string, long count, .. var view]
            || !StorageTypes.TryGetValue(type.Name, out var scalar))
            throw new PickleException("it refers to something that is no storage of a tensor");
        if (view is not ([] or [null]))
            throw new PickleException(
                $"storage '{Shown.Name(key)}' is a view of another one, which only PyTorch before 0.4 wrote; save the checkpoint again with a newer one");
        if (count < 0)
            throw new PickleException($"storage '{Shown.Name(key)}' has {count} elements");
        if (!_storages.TryGetValue(key, out var storage))
            _storages.Add(key, storage = new PickledStorage(key, scalar, count));
        if (storage.Type != scalar || storage.Count != count)
            throw new PickleException($"storage '{Shown.Name(key)}' is {storage.Count} of {storage.Type} in one place and {count} of {scalar} in another");
        return storage;
    }

    private static PickledTensor View(PickledStorage storage, long offset, object?[] shape, object?[] strides)
    {
        if (shape.Length != strides.Length || shape.Length > MaximumDimensions)
            throw new PickleException($"a tensor of {shape.Length} dimensions and {strides.Length} strides");
        if (!shape.All(value => value is >= 0L) || !strides.All(value => value is >= 0L) || offset < 0)
            throw new PickleException("a tensor's shape, strides and offset are whole numbers of 0 or more");
        var (sizes, steps) = (Array.ConvertAll(shape, value => (long)value!), Array.ConvertAll(strides, value => (long)value!));
        // libtorch multiplies dimensions with empty ones counted as one, and must not overflow either
        var (count, last) = ((Int128)1, (Int128)offset);
        for (var i = 0; i < sizes.Length; i++)
        {
            count *= Math.Max(sizes[i], 1);
            last += (Int128)Math.Max(sizes[i] - 1, 0) * steps[i];
            if (count > long.MaxValue / 8 || last > long.MaxValue / 8)
                throw new PickleException($"a tensor of shape [{string.Join(", ", sizes)}] is larger than any memory");
        }
        if (sizes.Contains(0))
            return new PickledTensor(storage, 0, sizes, steps, 0);
        if (last >= storage.Count)
            throw new PickleException(
                $"a tensor of shape [{string.Join(", ", sizes)}] reaches element {last} of storage '{Shown.Name(storage.Key)}', which has {storage.Count}");
        return new PickledTensor(storage, offset, sizes, steps, (long)count);
    }

    private PickleDictionary FromPairs(List<object?> pairs)
    {
        if ((_budget -= pairs.Count) < 0)
            throw new PickleException("it copies more than it has");
        var dictionary = new PickleDictionary();
        foreach (var pair in pairs)
        {
            if (pair is object?[] and [var key, var value])
                SetItem(dictionary, key, value);
            else if (pair is List<object?> and [var listedKey, var listedValue])
                SetItem(dictionary, listedKey, listedValue);
            else
                throw new PickleException("pairs of key and value expected");
        }
        return dictionary;
    }
}
