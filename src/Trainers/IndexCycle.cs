using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Hands out indices in shuffled cycles; one draw never holds an index twice.</summary>
internal sealed class IndexCycle
{
    private readonly int[] _order;
    private readonly ManagedGenerator _random;
    private int _position;
    private (int[]? Order, int Position)? _kept;

    /// <summary>Cycles over the given indices.</summary>
    public IndexCycle(IEnumerable<int> indices, ManagedGenerator random)
    {
        _order = [.. indices];
        _random = random;
        _random.Shuffle(_order.AsSpan());
    }

    /// <summary>The order and how much of it was handed out, for a checkpoint.</summary>
    public (int[] Order, int Position) State => ([.. _kept?.Order ?? _order], _kept?.Position ?? _position);

    /// <summary>From now on <see cref="State"/> is that of this moment, whatever is drawn, until <see cref="Forget"/>.</summary>
    public void Keep() => _kept = (null, _position); // the order is copied where it changes, once a cycle

    /// <summary>Ends what <see cref="Keep"/> began.</summary>
    /// <param name="rewinds">Whether the cycle goes on from what was kept; its generator is its owner's to rewind.</param>
    public void Forget(bool rewinds)
    {
        if (rewinds && _kept is var (order, position))
        {
            order?.CopyTo(_order, 0);
            _position = position;
        }
        _kept = null;
    }

    /// <summary>Goes on where <see cref="State"/> was taken. False, and nothing changed, where it is of other indices.</summary>
    public bool TrySetState(ReadOnlySpan<int> order, int position)
    {
        if (position < 0 || position > order.Length || order.Length != _order.Length || !order.ToArray().Order().SequenceEqual(_order.Order()))
            return false;
        order.CopyTo(_order);
        _position = position;
        return true;
    }

    /// <summary>Draws <c>target.Length</c> different indices, at most as many as there are.</summary>
    public void Draw(Span<int> target)
    {
        if (_position + target.Length > _order.Length)
        {
            if (_kept is (null, var kept))
                _kept = ([.. _order], kept);
            // What the old cycle had left opens the new one, so that nothing waits longer than two cycles.
            var left = _order.Length - _position;
            for (var i = 0; i < left; i++)
                (_order[i], _order[_position + i]) = (_order[_position + i], _order[i]);
            _random.Shuffle(_order.AsSpan(left));
            _position = 0;
        }
        _order.AsSpan(_position, target.Length).CopyTo(target);
        _position += target.Length;
    }
}
