using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Analysis;

namespace Microsoft.ML;

/// <summary>Analyses of data before a training.</summary>
public static class AnalysisCatalog
{
    /// <summary>
    /// Measures how different two random batches of a column look, for several batch sizes: the sampling-size analysis of the Gentle-CLIP
    /// paper (appendix E, equations 10 and 11, figure 4), as printed and without its self term.
    /// </summary>
    /// <remarks>
    /// <para>The rows are taken as they are. For what a Gentle-CLIP training sees of an embedding column, note that its embeddings have unit length
    /// already; normalise other columns first if their lengths should not count.</para>
    /// <para>Of more than 20,000 rows (or twice the largest batch size, if that is more) a random sample of that many is kept in memory; every row is
    /// read and checked.
    /// Standard errors tell how well the repetitions determine the figure for these rows. Where the batches take up much of the column, other rows
    /// of the same source would differ by more.</para>
    /// <para>Time grows with repetitions x (sum of the squared batch sizes) x dimensions; the computation runs on the CPU in double precision.</para>
    /// </remarks>
    /// <example>
    /// The sample <c>samples/ProteinAlignment</c> does this with <c>--sampling-size</c>, and draws the curves.
    /// <code>
    /// SamplingSizeAnalysis analysis = mlContext.GentleClip().AnalyzeSamplingSize(data, "SequenceFeatures", batchSizes: [2, 64, 512]);
    /// Console.WriteLine(analysis);
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of <c>mlContext.GentleClip()</c>.</param>
    /// <param name="data">The rows; read once. A row whose vector is NaN in every slot, or empty, is skipped and counted.</param>
    /// <param name="columnName">A vector of numbers of known size.</param>
    /// <param name="batchSizes">
    /// Rows of a batch, at least 2 and at most half the number of rows, in any order; null: 2, 4, 8, ... 512, or up to what the rows allow.
    /// </param>
    /// <param name="repetitions">Pairs of batches drawn for each size, at least 2. Standard errors fall with its square root.</param>
    /// <param name="seed">Decides which rows are drawn; null takes the <see cref="MLContext"/>'s seed, or a random one.</param>
    /// <param name="cancellationToken">Stops the analysis between two pairs of batches.</param>
    /// <returns>The figures; <see cref="SamplingSizeAnalysis.ToString"/> prints them as a table.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The column is missing or of another type, or <paramref name="repetitions"/> is below 2.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="batchSizes"/> is empty or has one below 2.</exception>
    /// <exception cref="InvalidOperationException">
    /// Too few rows, rows that are all equal, or a vector that is infinite or NaN in some slots; the message names column, row and slot.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SamplingSizeAnalysis AnalyzeSamplingSize(
        this GentleClipOperationsCatalog catalog,
        IDataView data,
        string columnName,
        IReadOnlyList<int>? batchSizes = null,
        int repetitions = 200,
        int? seed = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return SamplingSizeAnalyzer.Run(catalog.Environment, data, columnName, batchSizes, repetitions, seed, cancellationToken);
    }

    /// <summary>
    /// Says before any training whether two columns look as if few pairs and many unpaired rows could align them: agreement of the pairs (debiased CKA, common
    /// neighbours), spread and hubs of each side, class shares, what was gained on measured sets like these, and what may go wrong.
    /// </summary>
    /// <remarks>
    /// <para>One pass. Kept are at most 1,000 pairs and 2,000 rows per side, drawn at random by the seed (fewer where rows have more than 4,194 slots,
    /// at least 200):
    /// all counts and constant slots are of all rows, the other figures of those kept. Time grows with their square times the slots.</para>
    /// <para>Features are taken as training takes them: centred, of one scale for the column. For texts, pictures and proteins analyse the features
    /// that a frozen encoder gives.</para>
    /// </remarks>
    /// <example>
    /// With the columns of the sample <c>samples/ProteinAlignment</c>; the page <c>docs/matching.md</c> reads a report line by line.
    /// <code>
    /// AlignabilityAnalysis analysis = mlContext.GentleClip().AnalyzeAlignability(data, "SequenceFeatures", "StructureFeatures", pairedColumnName: "IsPaired");
    /// Console.WriteLine(analysis);
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of <c>mlContext.GentleClip()</c>.</param>
    /// <param name="data">Pairs and unpaired rows, as an estimator is fitted on; read once. NaN in every slot, or an empty vector: the row lacks the
    /// side.</param>
    /// <param name="inputColumnNameA">Column of modality A: a vector of known size, of numbers or Booleans, or a scalar number.</param>
    /// <param name="inputColumnNameB">Column of modality B, likewise.</param>
    /// <param name="pairedColumnName">Boolean column that says whether a row is a matched pair. Null: a row that has both sides is a pair.</param>
    /// <param name="labelColumnNameA">Classes of A's rows, a key, text, a number or Boolean; null takes those of B, or none. Empty labels are left out.</param>
    /// <param name="labelColumnNameB">Classes of B's rows; null takes those of A, or none.</param>
    /// <param name="seed">Decides which rows are kept; null takes the <see cref="MLContext"/>'s seed, or a random one.</param>
    /// <param name="cancellationToken">Stops the analysis.</param>
    /// <returns>The figures; <see cref="AlignabilityAnalysis.ToString"/> prints them.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">Both modalities are one column, or a label column is missing or of an unfit type.</exception>
    /// <exception cref="InvalidOperationException">
    /// A side is missing in all rows, a vector is infinite or NaN in some slots, a row is said to be a pair and lacks a side, or there are more than
    /// 10,000 labels.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static AlignabilityAnalysis AnalyzeAlignability(
        this GentleClipOperationsCatalog catalog,
        IDataView data,
        string inputColumnNameA,
        string inputColumnNameB,
        string? pairedColumnName = null,
        string? labelColumnNameA = null,
        string? labelColumnNameB = null,
        int? seed = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return AlignabilityAnalyzer.Run(
            catalog.Environment, data, inputColumnNameA, inputColumnNameB, pairedColumnName, labelColumnNameA, labelColumnNameB, seed, cancellationToken);
    }
}
