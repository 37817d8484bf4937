using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// What a batch must hold for an <see cref="Objective"/>. A training computes what any of its objectives needs, and gives each of them no more than its
/// own needs; it also learns from them whether batches hold unpaired samples and whether there must be matched pairs.
/// </summary>
public sealed record ObjectiveNeeds
{
    private readonly double? _averageDecay, _secondViewShare;

    /// <summary>The embeddings of the matched pairs and nothing else.</summary>
    public static ObjectiveNeeds PairsOnly { get; } = new();

    /// <summary>
    /// Whether the objective looks at unpaired samples. Where it does not (default false), its batch holds only the matched pairs. Where it does, it is a
    /// loss on unpaired samples: it makes batches hold some, and is what <see cref="ValidationOptions.GuardUnpairedObjectives"/> may turn off.
    /// </summary>
    public bool UnpairedSamples { get; init; }

    /// <summary>
    /// Whether an objective on unpaired samples aligns nothing by itself, but rests on what another one learns from matched pairs. Default false: it can
    /// train without any pair. Without meaning for objectives that look only at pairs.
    /// </summary>
    public bool Pairs { get; init; }

    /// <summary>Whether the batch holds a second view of each sample, which costs another forward pass. Default false.</summary>
    public bool SecondViews { get; init; }

    /// <summary>
    /// Share of the batch's rows that have a second view, above 0 to 1; the same share of the pairs and of each side's unpaired samples, and of each at least
    /// two. A training embeds the largest share that any of its objectives needs: read the rows as <see cref="ObjectiveBatch.FirstViewsA"/>. Null (default):
    /// all rows.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double? SecondViewShare
    {
        get => _secondViewShare;
        init => _secondViewShare = value is { } share ? Check.Share(share, nameof(SecondViewShare)) : null;
    }

    /// <summary>
    /// Share of the past, 0 to below 1, in a moving average of the towers, whose embeddings the batch then holds. It costs a forward pass and a copy of
    /// the towers. All objectives of a training share one average. Null (default): no average.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double? AverageDecay
    {
        get => _averageDecay;
        init => _averageDecay = value is { } decay ? Check.InRangeExclusive(decay, 0, 1, nameof(AverageDecay)) : null;
    }

    /// <summary>
    /// Whether the batch holds the embeddings of the closed form, which <see cref="GentleClipOptions.ClosedForm"/> then must have. Default false.
    /// </summary>
    public bool ClosedForm { get; init; }

    /// <summary>Keywords whose embeddings the batch holds. All objectives of a training share them. Null (default): none.</summary>
    public KeywordOptions? Keywords { get; init; }
}
