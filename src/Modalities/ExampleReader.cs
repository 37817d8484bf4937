namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>What a row holds of a modality.</summary>
internal enum Presence
{
    /// <summary>A usable sample.</summary>
    Present,

    /// <summary>Missing in ML.NET's sense.</summary>
    Absent,

    /// <summary>A sample that cannot be used, such as a vector with some NaN or infinite slots.</summary>
    Invalid,
}

/// <summary>Reads one modality of the current row; the sample stays in the reader until the next call.</summary>
internal abstract class ExampleReader
{
    /// <summary>Fetches the value of the current row.</summary>
    public abstract Presence Read();

    /// <summary>The bytes of the sample: equal ones mean equal samples.</summary>
    public abstract ReadOnlySpan<byte> Content { get; }

    /// <summary>Says what is wrong with the sample when <see cref="Read"/> returned <see cref="Presence.Invalid"/>: slot, expected and found.</summary>
    public abstract string Problem { get; }
}
