namespace Microsoft.ML.GentleClip;

/// <summary>Settings of <c>LoadFasta</c>. <see cref="ProteinFileOptions.MaximumFileSize"/> has no limit by default, since nothing is kept in memory.</summary>
public sealed class FastaLoadOptions : ProteinFileOptions
{
    private FastaStopHandling _innerStops = FastaStopHandling.LeaveOut;
    private FastaGapHandling _gaps = FastaGapHandling.Strip;
    private FastaInsertionHandling _insertions = FastaInsertionHandling.Keep;

    /// <summary>Settings with their defaults.</summary>
    public FastaLoadOptions() => MaximumFileSize = long.MaxValue;

    /// <summary>
    /// What becomes of a record with a <c>*</c> before its end; one at the end is always taken out. Default: <see cref="FastaStopHandling.LeaveOut"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined.</exception>
    public FastaStopHandling InnerStops
    {
        get => _innerStops;
        set => _innerStops = Defined(value, nameof(InnerStops));
    }

    /// <summary>What becomes of gaps. Default: <see cref="FastaGapHandling.Strip"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined.</exception>
    public FastaGapHandling Gaps
    {
        get => _gaps;
        set => _gaps = Defined(value, nameof(Gaps));
    }

    /// <summary>What becomes of lower-case letters. Default: <see cref="FastaInsertionHandling.Keep"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined.</exception>
    public FastaInsertionHandling Insertions
    {
        get => _insertions;
        set => _insertions = Defined(value, nameof(Insertions));
    }

    /// <summary>A copy, which later changes do not reach.</summary>
    internal FastaLoadOptions Copy() => (FastaLoadOptions)MemberwiseClone();

    private static T Defined<T>(T value, string name)
        where T : struct, Enum =>
        Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be one of {string.Join(", ", Enum.GetNames<T>())}, found {value}.");
}
