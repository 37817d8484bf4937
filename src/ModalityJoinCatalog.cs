using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML;

/// <summary>Joins two views by an id.</summary>
public static class ModalityJoinCatalog
{
    /// <summary>
    /// Joins two views by an id column: rows whose id is in both are matched pairs, the others unpaired samples. It makes what <c>Fit</c> needs of two tables
    /// as they are.
    /// </summary>
    /// <remarks>
    /// <para><b>Rows</b>: those of A in their order, each with its partner, or as often as it has partners, or alone; then those of B without a partner, in
    /// theirs. <b>Columns</b>: those of A, those of B but its id column, and <see cref="ModalityJoinOptions.PairedColumnName"/>. The cells of a side that is
    /// not there are missing: NaN, empty text, an empty vector, key 0, a null image.</para>
    /// <para><b>Ids</b> are texts, compared letter by letter, whole numbers of any type, or keys of these, compared by what they stand for. Rows without an id
    /// (empty or blank text, NaN, key 0) have no partner.</para>
    /// <para>The ids of both views are read here, once; the rows by each cursor. <see cref="JoinedModalities"/> says what that costs.</para>
    /// </remarks>
    /// <example>
    /// The sample <c>samples/ProteinAlignment</c> trains on such rows.
    /// <code>
    /// JoinedModalities joined = mlContext.Data.JoinModalities(spectra, images, "SampleId");
    /// Console.WriteLine(joined.Summary);   // pairs, rows of one side only, ids that are missing or there more than once
    /// </code>
    /// </example>
    /// <param name="catalog">The data catalog.</param>
    /// <param name="viewA">Rows of modality A.</param>
    /// <param name="viewB">Rows of modality B.</param>
    /// <param name="idColumnName">The id column of A, and its name in the joined view.</param>
    /// <param name="idColumnNameB">The id column of B; null, the default, where it has the same name.</param>
    /// <param name="options">Repeated ids, names, memory; null for the defaults.</param>
    /// <param name="cancellationToken">Stops the reading of the ids.</param>
    /// <returns>The joined view, with a summary.</returns>
    /// <exception cref="ArgumentException">
    /// An id column is missing or of another type; the ids of one side are texts and those of the other numbers; a name is there twice; or a column of a type
    /// without a missing value (Boolean, integers, dates) would need one.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A number is no id (a fraction, infinite, or too large to be exact), or an id is repeated where <see cref="ModalityJoinOptions.RepeatedIds"/> forbids it.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static JoinedModalities JoinModalities(
        this DataOperationsCatalog catalog,
        IDataView viewA,
        IDataView viewB,
        string idColumnName,
        string? idColumnNameB = null,
        ModalityJoinOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(viewA);
        ArgumentNullException.ThrowIfNull(viewB);
        ArgumentException.ThrowIfNullOrWhiteSpace(idColumnName);
        if (idColumnNameB is not null)
            ArgumentException.ThrowIfNullOrWhiteSpace(idColumnNameB);
        return ModalityJoiner.Join(
            CatalogEnvironment.Of(catalog), viewA, viewB, idColumnName, idColumnNameB ?? idColumnName, options ?? new ModalityJoinOptions(), cancellationToken);
    }
}
