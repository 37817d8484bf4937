using System.Collections;
using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Named tensors read from a weight file, on the CPU, in the file's order. Owns them: they belong to no dispose scope.</summary>
internal sealed class StateDict : IReadOnlyDictionary<string, Tensor>, IDisposable
{
    private readonly OrderedDictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>Takes the tensors over.</summary>
    /// <param name="source">File or zip entry, for messages.</param>
    /// <param name="tensors">Distinct names.</param>
    /// <param name="metadata">Texts that the file carries beside the tensors.</param>
    public StateDict(string source, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        Source = source;
        Metadata = metadata ?? new Dictionary<string, string>();
        foreach (var (name, tensor) in tensors)
            _tensors.Add(name, tensor.DetachFromDisposeScope());
    }

    /// <summary>Where the tensors come from, for messages.</summary>
    public string Source { get; }

    /// <summary>Texts that the file carries beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    public int Count => _tensors.Count;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _tensors.Keys;

    /// <inheritdoc/>
    public IEnumerable<Tensor> Values => _tensors.Values;

    /// <inheritdoc/>
    public Tensor this[string key] => _tensors.TryGetValue(key, out var tensor)
        ? tensor
        : throw new KeyNotFoundException($"{Source}: no tensor '{key}'.");

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _tensors.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out Tensor value) => _tensors.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, Tensor>> GetEnumerator() => _tensors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Hands the tensors over to the caller, who puts them into another dictionary; this one is empty afterwards.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Take()
    {
        var tensors = _tensors.ToArray();
        _tensors.Clear();
        return tensors;
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
            tensor.Dispose();
        _tensors.Clear();
    }
}
