namespace Microsoft.ML.GentleClip;

/// <summary>What a join makes of ids that are there more than once.</summary>
public enum RepeatedIds
{
    /// <summary>
    /// An id may be in several rows of one side: each of them is a pair with the other side's row, as with a picture and its five captions. An id that is in
    /// several rows of both sides is an error.
    /// </summary>
    OnOneSide,

    /// <summary>Each row of A is a pair with each row of B of the same id, also where both sides have several.</summary>
    OnBothSides,

    /// <summary>An id that is in several rows of one side is an error, whether it has a partner or not.</summary>
    Error,
}

/// <summary>Settings of a join of two modalities by id.</summary>
public sealed record ModalityJoinOptions
{
    private int _maximumBufferedRows = 65_536;

    /// <summary>What is made of ids that are there more than once. Default <see cref="RepeatedIds.OnOneSide"/>.</summary>
    public RepeatedIds RepeatedIds { get; init; }

    /// <summary>
    /// What is appended to the names of A's columns that B has as well, such as <c>"A"</c>; null (default) leaves them as they are, which is an error where
    /// <see cref="SuffixB"/> is null too.
    /// </summary>
    public string? SuffixA { get; init; }

    /// <summary>What is appended to the names of B's columns that A has as well; null (default) leaves them as they are.</summary>
    public string? SuffixB { get; init; }

    /// <summary>Name of the Boolean column that is added, true for pairs. Null: none is added. Default <c>IsPaired</c>.</summary>
    public string? PairedColumnName { get; init; } = "IsPaired";

    /// <summary>
    /// Most rows of B that a cursor holds in memory, 1 or more; default 65,536. Partners that come in another order than A's rows wait there; where more of
    /// them would have to wait, B is read in several passes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaximumBufferedRows
    {
        get => _maximumBufferedRows;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _maximumBufferedRows = value;
        }
    }
}
