namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>Something of each modality.</summary>
/// <param name="A">That of modality A.</param>
/// <param name="B">That of modality B.</param>
internal readonly record struct Sides<T>(T A, T B)
{
    /// <summary>What a function gives for each side, A first.</summary>
    public static Sides<T> Of(Func<Side, T> selector)
    {
        var a = selector(Side.A);
        return new(a, selector(Side.B));
    }

    /// <summary>That of a side.</summary>
    public T this[Side side] => side == Side.A ? A : B;

    /// <summary>Both sides, A first.</summary>
    public IEnumerable<(Side Side, T Value)> Each => [(Side.A, A), (Side.B, B)];

    /// <summary>What a function makes of each, A's first.</summary>
    public Sides<TResult> Select<TResult>(Func<T, TResult> selector)
    {
        var a = selector(A);
        return new(a, selector(B));
    }
}
