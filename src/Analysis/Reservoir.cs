using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>A random sample of a stream of items, each as likely as the others.</summary>
/// <param name="capacity">Items kept.</param>
/// <param name="random">Decides which.</param>
internal sealed class Reservoir<T>(int capacity, ManagedGenerator random)
{
    private readonly List<T> _items = [];

    /// <summary>The items kept.</summary>
    public IReadOnlyList<T> Items => _items;

    /// <summary>Items offered.</summary>
    public long Count { get; private set; }

    /// <summary>Offers an item; it is made only if it is kept.</summary>
    public void Offer(Func<T> create)
    {
        // The n-th item replaces one of the sample with probability capacity / n.
        var place = Count++ < capacity ? _items.Count : (long)(random.NextDouble() * Count);
        if (place == _items.Count && place < capacity)
            _items.Add(create());
        else if (place < _items.Count)
            _items[(int)place] = create();
    }
}
