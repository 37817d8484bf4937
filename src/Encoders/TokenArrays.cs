using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Prepared rows of tokens, as a network that takes rows of similar length together reads them.</summary>
internal sealed class TokenArrays
{
    private readonly long[] _tokens;
    private readonly int _width;

    /// <summary>Reads <see cref="TokenInputs"/>.</summary>
    public TokenArrays(PreparedBatch batch)
    {
        _tokens = batch.Values<long>(OnnxNames.Tokens, out var shape);
        var mask = batch.Values<long>(OnnxNames.Mask, out _);
        _width = (int)shape[1];
        Lengths = [.. Enumerable.Range(0, (int)shape[0]).Select(row => mask.AsSpan(row * _width, _width).Count(1L))];
    }

    /// <summary>Tokens of each row.</summary>
    public int[] Lengths { get; }

    /// <summary>Some rows, <c>[rows, width]</c>, row-major.</summary>
    /// <param name="rows">Which.</param>
    /// <param name="width">Tokens of the longest of them.</param>
    public long[] Rows(ReadOnlySpan<int> rows, int width)
    {
        var tokens = new long[rows.Length * width];
        for (var i = 0; i < rows.Length; i++)
            _tokens.AsSpan(rows[i] * _width, width).CopyTo(tokens.AsSpan(i * width));
        return tokens;
    }
}
