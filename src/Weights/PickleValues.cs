using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>
/// A dictionary of a pickle, in its order; Python's <c>OrderedDict</c> and the bag of settings <c>argparse.Namespace</c> are dictionaries too.
/// Only entries whose key is text are kept.
/// </summary>
internal sealed class PickleDictionary(bool isBag = false)
{
    private OrderedDictionary<string, object?>? _items;

    /// <summary>Whether this is a bag, whose entries come from its state.</summary>
    public bool IsBag => isBag;

    /// <summary>The entries.</summary>
    public IReadOnlyDictionary<string, object?> Items => _items is null ? System.Collections.ObjectModel.ReadOnlyDictionary<string, object?>.Empty : _items;

    /// <summary>Whether there were entries whose key is something else.</summary>
    public bool HasOtherKeys { get; set; }

    /// <summary>Adds an entry, or replaces its value.</summary>
    public void Set(string key, object? value) => (_items ??= new(StringComparer.Ordinal))[key] = value;

    /// <summary>Makes the entries of another dictionary this one's, without copying.</summary>
    public void Share(PickleDictionary other) => (_items, HasOtherKeys) = (other._items, other.HasOtherKeys);
}

/// <summary>Something harmless whose contents nobody needs: bytes, sets, devices, types.</summary>
internal record PickleOpaque(string Kind);

/// <summary>
/// A value that is neither tensor nor plain container, by the name that it asks for. It was never looked up, made or called; what is made out of it is such a
/// value again.
/// </summary>
internal sealed record PickleForeign(string Name) : PickleOpaque($"a value of '{Shown.Name(Name)}'")
{
    /// <summary>Why a tensor that depends on it is not read.</summary>
    public string Refusal => $"it asks for '{Shown.Name(Name)}', which is refused: "
        + (Name.StartsWith("torch.", StringComparison.Ordinal) && Name.LastIndexOf('.') == "torch".Length && Name.EndsWith("Storage", StringComparison.Ordinal)
            ? "tensors of this type are not supported"
            : "only tensors and plain containers are read, so save the module's state_dict() alone");
}

/// <summary>A known harmless name that the pickle refers to.</summary>
internal sealed record PickleGlobal(string Name);

/// <summary>A run of elements that the checkpoint stores beside the pickle; several tensors may be views of it.</summary>
/// <param name="Key">Its name in the checkpoint.</param>
/// <param name="Type">Of the elements.</param>
/// <param name="Count">Number of elements, as the pickle claims.</param>
internal sealed record PickledStorage(string Key, ScalarType Type, long Count)
{
    /// <summary>Bytes an element.</summary>
    public int ElementSize => Type switch
    {
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
        _ => 1,
    };
}

/// <summary>A view of a storage that has been checked to lie inside of what the pickle claims for it. Nothing has been read yet.</summary>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides, long Count)
{
    /// <summary>Whether the elements follow each other in row-major order.</summary>
    public bool IsContiguous
    {
        get
        {
            var expected = 1L;
            for (var i = Shape.Length - 1; i >= 0; expected *= Shape[i--])
                if (Shape[i] != 1 && Strides[i] != expected)
                    return Count == 0;
            return true;
        }
    }
}
