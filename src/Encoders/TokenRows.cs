namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Rows of tokens of different lengths, and how they lie side by side: each with padding up to the longest.</summary>
internal abstract class TokenRows
{
    /// <summary>Number of rows.</summary>
    public abstract int Count { get; }

    /// <summary>The token that stands where a row has none.</summary>
    public abstract long Padding { get; }

    /// <summary>Tokens of a row.</summary>
    public abstract int LengthOf(int row);

    /// <summary>Tokens of each row.</summary>
    public int[] Lengths()
    {
        var lengths = new int[Count];
        for (var row = 0; row < lengths.Length; row++)
            lengths[row] = LengthOf(row);
        return lengths;
    }

    /// <summary>All rows, <c>[Count, width]</c>, row-major.</summary>
    public long[] Pad(out int width)
    {
        width = 0;
        for (var row = 0; row < Count; row++)
            width = Math.Max(width, LengthOf(row));
        var tokens = new long[Length(Count, width)];
        Array.Fill(tokens, Padding);
        for (var row = 0; row < Count; row++)
            CopyTo(row, tokens.AsSpan(row * width, LengthOf(row)));
        return tokens;
    }

    /// <summary>Some rows, <c>[rows, width]</c>, row-major.</summary>
    /// <param name="rows">Which.</param>
    /// <param name="width">Tokens of the longest of them.</param>
    public long[] Pad(ReadOnlySpan<int> rows, int width)
    {
        var tokens = new long[Length(rows.Length, width)];
        Array.Fill(tokens, Padding);
        for (var i = 0; i < rows.Length; i++)
            CopyTo(rows[i], tokens.AsSpan(i * width, LengthOf(rows[i])));
        return tokens;
    }

    /// <summary>Which places of <see cref="Pad(out int)"/> hold a token, in values of a type's own.</summary>
    /// <param name="width">Of the rows.</param>
    /// <param name="present">What stands at a token; elsewhere there is the type's default.</param>
    public T[] Mask<T>(int width, T present)
    {
        var mask = new T[Length(Count, width)];
        for (var row = 0; row < Count; row++)
            mask.AsSpan(row * width, LengthOf(row)).Fill(present);
        return mask;
    }

    /// <summary>Writes a row's tokens.</summary>
    protected abstract void CopyTo(int row, Span<long> target);

    private static int Length(int rows, int width) => Preparation.Length(rows, width);
}
