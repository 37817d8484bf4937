using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;

#pragma warning disable RS0026 // A string is no array of columns, so the overloads cannot be mistaken for one another.

namespace Microsoft.ML;

/// <summary>Adds what keeps absent sides absent to ML.NET's transforms.</summary>
public static class MissingModalityCatalog
{
    /// <summary>
    /// Creates an estimator that makes the missing modality of a row a vector of NaNs, whatever stood for it (a null or empty
    /// array, NaNs), and fills single missing slots of
    /// vectors that are there.
    /// </summary>
    /// <remarks>
    /// <para>Characteristics: <see cref="MissingModalityEstimator"/>.</para>
    /// <para>Put it first: most of ML.NET's steps take vectors of NaNs but not null arrays. Unlike <c>ReplaceMissingValues</c> it
    /// leaves absent sides absent.</para>
    /// </remarks>
    /// <example>
    /// Spectra that some rows lack, and in which single values may be missing. The sample <c>samples/ProteinAlignment</c> trains on rows that lack a side.
    /// <code>
    /// var pipeline = mlContext.Transforms.MarkMissingModality("Spectrum", slotReplacement: MissingSlotReplacement.Mean)
    ///     .Append(mlContext.Transforms.NormalizeMeanVariance("Spectrum"))
    ///     .Append(mlContext.Transforms.GentleClip("SpectrumEmbedding", "Spectrum", "ImageEmbedding", "Image"));
    /// </code>
    /// </example>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="outputColumnName">Column that is written: a vector of <see cref="double"/> where the input is, else of <see cref="float"/>.</param>
    /// <param name="inputColumnName">Column that is read, a vector of numbers or Booleans; null: <paramref name="outputColumnName"/>.</param>
    /// <param name="slotReplacement">What is put into single missing slots of a vector that is there.</param>
    /// <param name="constant">The number for <see cref="MissingSlotReplacement.Constant"/>, finite.</param>
    /// <param name="size">Number of slots where the column's type does not say it (a vector of variable size), at least 1.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is empty, or <paramref name="constant"/> is given without
    /// <see cref="MissingSlotReplacement.Constant"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is below 1, or <paramref name="constant"/> is not finite.</exception>
    public static MissingModalityEstimator MarkMissingModality(
        this TransformsCatalog catalog, string outputColumnName, string? inputColumnName = null,
        MissingSlotReplacement slotReplacement = MissingSlotReplacement.None, double constant = 0, int? size = null) =>
        catalog.MarkMissingModality([new InputOutputColumnPair(outputColumnName, inputColumnName)], slotReplacement, constant, size);

    /// <summary>
    /// Creates an estimator that makes the missing modality of a row a vector of NaNs, whatever stood for it (a null or empty
    /// array, NaNs), and fills single missing slots of
    /// vectors that are there, in several columns.
    /// </summary>
    /// <remarks>Characteristics: <see cref="MissingModalityEstimator"/>.</remarks>
    /// <example>
    /// Both sides at once. The sample <c>samples/ProteinAlignment</c> trains on rows that lack a side.
    /// <code>
    /// var pipeline = mlContext.Transforms.MarkMissingModality([new("Spectrum"), new("Image")])
    ///     .AppendCacheCheckpoint(mlContext)
    ///     .Append(mlContext.Transforms.GentleClip("SpectrumEmbedding", "Spectrum", "ImageEmbedding", "Image"));
    /// </code>
    /// </example>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="columns">Columns to read and to write, at least one.</param>
    /// <param name="slotReplacement">What is put into single missing slots of a vector that is there.</param>
    /// <param name="constant">The number for <see cref="MissingSlotReplacement.Constant"/>, finite.</param>
    /// <param name="size">Number of slots of the columns whose type does not say it (vectors of variable size), at least 1.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">There are no columns, a name is empty or written twice, or <paramref name="constant"/>
    /// is given without <see cref="MissingSlotReplacement.Constant"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is below 1, or <paramref name="constant"/> is not finite.</exception>
    public static MissingModalityEstimator MarkMissingModality(
        this TransformsCatalog catalog, InputOutputColumnPair[] columns,
        MissingSlotReplacement slotReplacement = MissingSlotReplacement.None, double constant = 0, int? size = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Length == 0)
            throw new ArgumentException("Give at least one column.", nameof(columns));
        if (!Enum.IsDefined(slotReplacement))
            throw new ArgumentOutOfRangeException(nameof(slotReplacement), slotReplacement, "Not a way to replace slots.");
        if (!double.IsFinite(constant))
            throw new ArgumentOutOfRangeException(nameof(constant), constant, "Expected a finite number: a slot of NaN or infinity cannot be trained on.");
        if (constant != 0 && slotReplacement != MissingSlotReplacement.Constant)
            throw new ArgumentException(
                $"The constant {constant} is not used with {slotReplacement}; expected {MissingSlotReplacement.Constant}.", nameof(constant));
        if (size is { } slots)
            ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1, nameof(size));
        var pairs = Array.ConvertAll(columns, column =>
        {
            ArgumentNullException.ThrowIfNull(column, nameof(columns));
            ArgumentException.ThrowIfNullOrWhiteSpace(column.OutputColumnName, nameof(columns));
            return (column.OutputColumnName, column.InputColumnName ?? column.OutputColumnName);
        });
        if (pairs.GroupBy(pair => pair.OutputColumnName, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"The column '{twice.Key}' would be written twice.", nameof(columns));
        return new MissingModalityEstimator(CatalogEnvironment.Of(catalog), pairs, slotReplacement, constant, size);
    }
}
