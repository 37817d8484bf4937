using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Sums tensors as they come by a binary tree whose shape depends on their number alone, as a binary counter does: two neighbours of one height make one
/// of the next, and what is left at the end is added from the right. Whoever sums 2^k neighbours first, and then these sums, gets the same bits.
/// </summary>
internal sealed class OrderedSum
{
    private readonly Stack<(int Height, Tensor Sum)> _open = [];

    /// <summary>Adds a term; it is taken over, and may become the sum.</summary>
    public void Add(Tensor term)
    {
        var height = 0;
        for (; _open.TryPeek(out var left) && left.Height == height; height++)
        {
            _open.Pop();
            left.Sum.AddInPlace(term);
            term.Dispose();
            term = left.Sum;
        }
        _open.Push((height, term));
    }

    /// <summary>The sum; there must be a term.</summary>
    public Tensor Take()
    {
        var sum = _open.Pop().Sum;
        while (_open.TryPop(out var left))
        {
            left.Sum.AddInPlace(sum);
            sum.Dispose();
            sum = left.Sum;
        }
        return sum;
    }
}
