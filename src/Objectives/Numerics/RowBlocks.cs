using System.Collections;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>One block of rows of a matrix that is never whole in memory.</summary>
internal readonly record struct RowBlock(long Start, long Length);

/// <summary>
/// The row blocks of an `[n, m]` matrix and the buffers to compute them in. Buffers are allocated once: temporaries of this
/// size in a loop, each freed between small allocations that stay, fragment the heap to several times what is in use.
/// </summary>
internal sealed class RowBlocks : IEnumerable<RowBlock>
{
    private readonly long _rows;
    private readonly long _height;
    private readonly Tensor[] _buffers;

    /// <summary>
    /// Blocks of at most <paramref name="blockSize"/> rows and about four times its square in elements, so that wide matrices take no more memory.
    /// </summary>
    public RowBlocks(long n, long m, int blockSize, int buffers, Tensor like)
    {
        (_rows, _height) = (n, Math.Clamp(4L * blockSize * blockSize / Math.Max(m, 1), 1, Math.Min(blockSize, Math.Max(n, 1))));
        _buffers = [.. Enumerable.Range(0, buffers).Select(_ => empty(_height, m, like.dtype, like.device))];
    }

    /// <summary>The buffer's rows `[length, m]` for a block; contents undefined.</summary>
    public Tensor Buffer(int index, RowBlock block) => _buffers[index].narrow(0, 0, block.Length);

    public IEnumerator<RowBlock> GetEnumerator()
    {
        for (long start = 0; start < _rows; start += _height)
            yield return new(start, Math.Min(_height, _rows - start));
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
