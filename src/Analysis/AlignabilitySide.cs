namespace Microsoft.ML.GentleClip;

/// <summary>One modality's rows in an <see cref="AlignabilityAnalysis"/>.</summary>
public sealed record AlignabilitySide
{
    internal AlignabilitySide()
    {
    }

    /// <summary>Column of the features.</summary>
    public required string ColumnName { get; init; }

    /// <summary>Number of slots.</summary>
    public required int Dimension { get; init; }

    /// <summary>Rows that have this side, in pairs or not.</summary>
    public required long RowCount { get; init; }

    /// <summary>Rows that have this side and belong to no pair.</summary>
    public required long UnpairedRowCount { get; init; }

    /// <summary>Rows that the figures below come from: all of <see cref="RowCount"/>, or a random sample.</summary>
    public required int SampledRowCount { get; init; }

    /// <summary>Slots that hold one value in all rows; all of them where the rows are equal.</summary>
    public required int ConstantSlotCount { get; init; }

    /// <summary>Sampled rows that equal an earlier one in every slot.</summary>
    public required int DuplicateRowCount { get; init; }

    /// <summary>
    /// Participation ratio of the principal components, (sum of variances)² / sum of their squares: over how many directions the spread is
    /// shared, 1 to <see cref="Dimension"/> and below the number of rows. Null where all rows are equal.
    /// </summary>
    public required double? EffectiveDimension { get; init; }

    /// <summary>
    /// Skewness of how often a row is among the nearest neighbours of others (Radovanović et al., "Hubs in Space", 2010): 0 for evenly
    /// spread rows, above about 3 for hubs, which CSLS mends in part. Null for fewer than 12 rows, or where all rows are equal.
    /// </summary>
    public required double? Hubness { get; init; }
}
