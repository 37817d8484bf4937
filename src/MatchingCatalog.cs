using System.Globalization;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Search;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Matches rows of one modality with a bank of the other, and translates them into it.</summary>
public static class MatchingCatalog
{
    /// <summary>Makes a matcher from the embeddings of a fitted model: who belongs to whom, how sure that is, and who has no partner.</summary>
    /// <remarks>
    /// <para>Reads each view once and logs how many rows were left out. Memory holds the bank; for the plan a sample of at most 4,000 rows
    /// a side (the same in every run), whose cosines are one matrix. Time grows with bank x 4,000, and with pairs x bank.</para>
    /// </remarks>
    /// <example>
    /// With the columns of the sample <c>samples/ProteinAlignment</c>; the page <c>docs/matching.md</c> goes through it.
    /// <code>
    /// IDataView queries = model.Transform(test), bank = model.Transform(train);
    /// ModalityMatcher matcher = mlContext.GentleClip().CreateModalityMatcher(
    ///     queries, "SequenceEmbedding", bank, "StructureEmbedding", pairs: model.Transform(pairs)); // pairs that the model has not seen
    /// Console.WriteLine(matcher.CalibrationError);
    /// </code>
    /// </example>
    /// <param name="catalog">The catalog of <c>mlContext.GentleClip()</c>.</param>
    /// <param name="queries">Rows that stand for what will be asked; the queries themselves will do.</param>
    /// <param name="queryEmbeddingColumnName">Their embeddings: a vector of Single of known size; a row with NaN is left out.</param>
    /// <param name="bank">Rows among which partners are looked for.</param>
    /// <param name="bankEmbeddingColumnName">Their embeddings, of the same size; a row with NaN is left out.</param>
    /// <param name="pairs">
    /// Matched pairs that the model was not trained on, with both embedding columns, at least 10: they calibrate the probabilities. Their
    /// partners may be in the bank or not. Null: probabilities are uncalibrated.
    /// </param>
    /// <param name="bankIdColumnName">Identifiers of the bank's rows: a key, text, a number or Boolean. Null: matches have only row numbers.</param>
    /// <param name="bankInputColumnName">
    /// The bank's column that queries can be translated to, a vector of known size or a scalar of Single or Double. Null: no translation.
    /// </param>
    /// <param name="noPartnerShare">
    /// Share of the queries that are expected to have no partner in the bank, above 0 and below 1; calibration reckons with it. Default 0.2.
    /// </param>
    /// <param name="regularization">
    /// Temperature of the plan in standard deviations of the cosines, above 0. Larger values spread a query over more rows. Default 0.1.
    /// </param>
    /// <param name="cancellationToken">Stops the computation.</param>
    /// <returns>The matcher.</returns>
    /// <exception cref="ArgumentException">A column is not there or of an unfit type, or the embeddings' sizes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="noPartnerShare"/> or <paramref name="regularization"/> is out of its range, or the input column is missing or of another type.
    /// </exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, a view has none, or there are fewer than 10 pairs.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static ModalityMatcher CreateModalityMatcher(
        this GentleClipOperationsCatalog catalog,
        IDataView queries,
        string queryEmbeddingColumnName,
        IDataView bank,
        string bankEmbeddingColumnName,
        IDataView? pairs = null,
        string? bankIdColumnName = null,
        string? bankInputColumnName = null,
        double noPartnerShare = 0.2,
        double regularization = 0.1,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(bank);
        if (!(noPartnerShare > 0 && noPartnerShare < 1))
            throw new ArgumentOutOfRangeException(nameof(noPartnerShare), noPartnerShare, $"Expected a share above 0 and below 1, found {noPartnerShare}.");
        if (!(regularization > 0 && double.IsFinite(regularization)))
            throw new ArgumentOutOfRangeException(nameof(regularization), regularization, $"Expected a number above 0, found {regularization}.");
        EmbeddingColumnReader.FindBoth(queries, queryEmbeddingColumnName, bank, bankEmbeddingColumnName);
        using var channel = catalog.Environment.Start(nameof(ModalityMatcher));
        var asked = MatchBank.Read(queries, queryEmbeddingColumnName, null, null, "queries", cancellationToken);
        var rows = MatchBank.Read(bank, bankEmbeddingColumnName, bankIdColumnName, bankInputColumnName, "bank", cancellationToken);
        if (asked.SkippedRowCount + rows.SkippedRowCount > 0)
            channel.Info(MessageSensitivity.None, string.Create(CultureInfo.InvariantCulture,
                $"Left out {asked.SkippedRowCount} of {asked.SkippedRowCount + asked.Rows.Count} queries "
                + $"without '{queryEmbeddingColumnName}' and {rows.SkippedRowCount} of {rows.SkippedRowCount + rows.Rows.Count} rows of the bank "
                + $"without '{bankEmbeddingColumnName}'{(bankInputColumnName is null ? "" : $" or '{bankInputColumnName}'")}."));
        var examples = pairs is null
            ? null
            : EmbeddingPairReader.Read(pairs, queryEmbeddingColumnName, bankEmbeddingColumnName, cancellationToken: cancellationToken);
        if (examples is not null && examples.A.Dimension != rows.Rows.Dimension)
            throw new ArgumentException($"The pairs' embeddings have {examples.A.Dimension} dimensions, the bank's {rows.Rows.Dimension}.", nameof(pairs));
        if (examples is not null && examples.A.Count < MatchCalibration.FewestPairs)
            throw new InvalidOperationException($"Calibration needs at least {MatchCalibration.FewestPairs} pairs with both embeddings, "
                + $"found {examples.A.Count}; leave the pairs out for uncalibrated figures.");
        var matcher = ModalityMatcher.Create(asked.Rows, rows, examples, noPartnerShare, regularization, cancellationToken);
        channel.Info(MessageSensitivity.None, matcher.IsCalibrated
            ? string.Create(CultureInfo.InvariantCulture,
                $"Confidence calibrated on {matcher.CalibrationPairCount} pairs ({examples!.SkippedRowCount} rows without both embeddings left out), "
                + $"of which {100 * matcher.CalibrationAccuracy:F1} % find their partner; calibration error {matcher.CalibrationError:F3}.")
            : "No pairs: confidences are the plan's shares, uncalibrated.");
        return matcher;
    }

    /// <summary>
    /// Creates an estimator that appends what a matcher finds for each row: <c>MatchIndex</c> (Int64, row of the bank), <c>MatchScore</c> (Single,
    /// cosine), <c>MatchConfidence</c> (Single, probability that it is the partner), <c>NoPartnerProbability</c> (Single), <c>HasNoPartner</c>
    /// (Boolean, that probability is above one half) and, where the bank has identifiers, <c>MatchId</c> (text).
    /// </summary>
    /// <remarks>Characteristics: <see cref="ModalityMatcherEstimator"/>. The fitted transformer is saved with the whole bank.</remarks>
    /// <example>
    /// With the columns of the sample <c>samples/ProteinAlignment</c>; the page <c>docs/matching.md</c> goes through it.
    /// <code>
    /// IDataView queries = model.Transform(test), bank = model.Transform(train);
    /// ModalityMatcher matcher = mlContext.GentleClip().CreateModalityMatcher(queries, "SequenceEmbedding", bank, "StructureEmbedding");
    /// ITransformer matching = mlContext.Transforms.MatchModalities(matcher, "SequenceEmbedding").Fit(queries);
    /// IDataView matched = matching.Transform(queries);
    /// </code>
    /// </example>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="matcher">The matcher.</param>
    /// <param name="embeddingColumnName">
    /// The embeddings: a vector of Single of the matcher's dimension. Where one is absent (NaN), <c>MatchIndex</c> is -1, the numbers are
    /// NaN and the text is empty; the log counts such rows.
    /// </param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException"><paramref name="embeddingColumnName"/> is empty.</exception>
    public static ModalityMatcherEstimator MatchModalities(this TransformsCatalog catalog, ModalityMatcher matcher, string embeddingColumnName)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(matcher);
        ArgumentException.ThrowIfNullOrWhiteSpace(embeddingColumnName);
        return new ModalityMatcherEstimator(CatalogEnvironment.Of(catalog), new ModalityMatcherModel(matcher, embeddingColumnName, null));
    }

    /// <summary>
    /// Creates an estimator that translates rows into the other modality's input: it appends the mean of the bank's input rows, weighted by the
    /// row's shares in the plan. It is a blend of what the bank holds and never outside of it.
    /// </summary>
    /// <remarks>Characteristics: <see cref="ModalityMatcherEstimator"/>. The fitted transformer is saved with the whole bank.</remarks>
    /// <example>
    /// With the columns of the sample <c>samples/ProteinAlignment</c>; the page <c>docs/matching.md</c> goes through it.
    /// <code>
    /// IDataView queries = model.Transform(test), bank = model.Transform(train);
    /// ModalityMatcher matcher = mlContext.GentleClip().CreateModalityMatcher(
    ///     queries, "SequenceEmbedding", bank, "StructureEmbedding", bankInputColumnName: "StructureFeatures");
    /// ITransformer translation = mlContext.Transforms.TranslateModality(matcher, "Expected", "SequenceEmbedding").Fit(queries);
    /// IDataView translated = translation.Transform(queries);
    /// </code>
    /// </example>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="matcher">A matcher that was made with <c>bankInputColumnName</c>.</param>
    /// <param name="outputColumnName">Column that receives the translation, a vector of Single of the input's size.</param>
    /// <param name="embeddingColumnName">
    /// The embeddings: a vector of Single of the matcher's dimension; where one is absent (NaN), the translation is NaN in every slot, and
    /// the log counts it.
    /// </param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    /// <exception cref="InvalidOperationException">The matcher was made without an input column.</exception>
    public static ModalityMatcherEstimator TranslateModality(
        this TransformsCatalog catalog, ModalityMatcher matcher, string outputColumnName, string embeddingColumnName)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(matcher);
        ArgumentException.ThrowIfNullOrWhiteSpace(outputColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(embeddingColumnName);
        if (matcher.InputDimension == 0)
            throw new InvalidOperationException("There is nothing to translate to: the matcher was made without bankInputColumnName.");
        return new ModalityMatcherEstimator(CatalogEnvironment.Of(catalog), new ModalityMatcherModel(matcher, embeddingColumnName, outputColumnName));
    }
}
