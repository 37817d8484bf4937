using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Keywords of a training as samples of their modality, and the column that says which matched pair holds which; see <see cref="KeywordObjective"/>.
/// </summary>
public sealed record KeywordOptions
{
    private readonly string _indicatorColumnName = "";
    private readonly IReadOnlyList<float[]> _samples = [];
    private readonly Side _side = Side.B;

    /// <summary>Creates options.</summary>
    /// <param name="indicatorColumnName">
    /// Column of the training data, a vector of <see cref="float"/> or <see cref="bool"/> with a slot a keyword, in the order of
    /// <paramref name="samples"/>: true, or other than 0, where the row's pair holds the keyword. Read only on matched pairs.
    /// </param>
    /// <param name="samples">The keywords as samples of their modality: a feature vector each, of the size of its column; at least one.</param>
    /// <exception cref="ArgumentException">An empty name, no keyword, keywords of different sizes, or a value that is not finite.</exception>
    public KeywordOptions(string indicatorColumnName, IReadOnlyList<float[]> samples)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(indicatorColumnName);
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0)
            throw new ArgumentException("Expected at least one keyword, found none.", nameof(samples));
        for (var i = 0; i < samples.Count; i++)
        {
            if (samples[i] is null || samples[i].Length != samples[0].Length || samples[i].Length == 0)
                throw new ArgumentException(
                    $"Keyword {i} has {samples[i]?.Length ?? 0} values; expected as many as the first, {samples[0]?.Length ?? 0}, and at least "
                    + "one.", nameof(samples));
            if (Array.FindIndex(samples[i], value => !float.IsFinite(value)) is var slot and >= 0)
                throw new ArgumentException($"Keyword {i}, slot {slot}: expected a finite number, found {samples[i][slot]}.", nameof(samples));
        }
        _indicatorColumnName = indicatorColumnName;
        _samples = [.. samples.Select(sample => (float[])sample.Clone())];
    }

    /// <summary>Column that says which keywords a pair holds.</summary>
    public string IndicatorColumnName => _indicatorColumnName;

    /// <summary>The keywords as samples of their modality.</summary>
    public IReadOnlyList<float[]> Samples => _samples;

    /// <summary>
    /// Modality that the keywords belong to, <see cref="Side.A"/> or <see cref="Side.B"/> (default); unpaired samples of the other one are matched with them.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public Side Modality
    {
        get => _side;
        init => _side = Check.Defined(value, nameof(Modality));
    }
}
