using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML;

/// <summary>Adds Gentle-CLIP to ML.NET's catalogs.</summary>
public static class GentleClipCatalog
{
    /// <summary>
    /// What is done with embeddings and with data that are to be aligned: evaluation, search, matching, zero-shot classifiers, analyses before a
    /// training. The estimators themselves are in <c>mlContext.Transforms</c>, the loading of data in <c>mlContext.Data</c>.
    /// </summary>
    /// <example>
    /// How often a sample finds its partner; the sample <c>samples/VectorSearch</c> searches.
    /// <code>
    /// Console.WriteLine(mlContext.GentleClip().EvaluateRetrieval(model.Transform(test), "SpectrumEmbedding", "ImageEmbedding"));
    /// </code>
    /// </example>
    /// <param name="mlContext">The context; its seed and its log are used.</param>
    /// <returns>The catalog.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="mlContext"/> is null.</exception>
    public static GentleClipOperationsCatalog GentleClip(this MLContext mlContext)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        return new GentleClipOperationsCatalog(CatalogEnvironment.Of(mlContext));
    }

    /// <summary>
    /// Creates an estimator that learns one embedding space for two columns of feature vectors, with the recommended settings.
    /// </summary>
    /// <remarks>Characteristics and algorithm: <see cref="GentleClipEstimator"/>.</remarks>
    /// <example>
    /// From features of proteins to embeddings and a classifier; the sample <c>samples/ProteinAlignment</c> does this on real chains.
    /// <code>
    /// var pipeline = mlContext.Transforms.GentleClip(
    ///         outputColumnNameA: "SequenceEmbedding",  inputColumnNameA: "SequenceFeatures",
    ///         outputColumnNameB: "StructureEmbedding", inputColumnNameB: "StructureFeatures",
    ///         pairedColumnName: "IsPaired")
    ///     .Append(mlContext.Transforms.Conversion.MapValueToKey("Label"))
    ///     .Append(mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy(featureColumnName: "SequenceEmbedding"));
    /// ITransformer fitted = pipeline.Fit(data);
    /// </code>
    /// </example>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="outputColumnNameA">Column that receives the embedding of modality A.</param>
    /// <param name="inputColumnNameA">Column of modality A: a vector of known size or a scalar: <see cref="float"/>,
    /// <see cref="double"/> or an integer type.</param>
    /// <param name="outputColumnNameB">Column that receives the embedding of modality B.</param>
    /// <param name="inputColumnNameB">Column of modality B: a vector of known size or a scalar: <see cref="float"/>,
    /// <see cref="double"/> or an integer type.</param>
    /// <param name="pairedColumnName">
    /// Boolean column that says whether a row is a matched pair. Null: a row that has both sides is a pair.
    /// </param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is empty, or two columns that must differ are the same.</exception>
    public static GentleClipEstimator GentleClip(
        this TransformsCatalog catalog,
        string outputColumnNameA,
        string inputColumnNameA,
        string outputColumnNameB,
        string inputColumnNameB,
        string? pairedColumnName = null) =>
        catalog.GentleClip(new GentleClipOptions
        {
            ModalityA = Modality.Vector(outputColumnNameA, inputColumnNameA),
            ModalityB = Modality.Vector(outputColumnNameB, inputColumnNameB),
            PairedColumnName = pairedColumnName,
        });

    /// <summary>Creates an estimator that learns one embedding space for two modalities.</summary>
    /// <remarks>Characteristics and algorithm: <see cref="GentleClipEstimator"/>.</remarks>
    /// <example>
    /// Pictures and their captions, encoders included; the sample <c>samples/PretrainedSearch</c> does this on real pictures.
    /// <code>
    /// var estimator = mlContext.Transforms.GentleClip(new GentleClipOptions
    /// {
    ///     ModalityA = Modality.Image("PictureEmbedding", "Picture"),
    ///     ModalityB = Modality.Text("CaptionEmbedding", "Caption"),
    /// });
    /// GentleClipTransformer transformer = estimator.Fit(data);
    /// </code>
    /// </example>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="options">Modalities and settings; copied.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A modality is missing or options contradict each other.</exception>
    public static GentleClipEstimator GentleClip(this TransformsCatalog catalog, GentleClipOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new GentleClipEstimator(CatalogEnvironment.Of(catalog), options);
    }

    /// <summary>
    /// Puts matched pairs and unpaired samples of two modalities into one data view: the rows of <paramref name="paired"/>, then those
    /// of <paramref name="unpairedA"/>, then those of <paramref name="unpairedB"/>.
    /// </summary>
    /// <remarks>
    /// The result has the union of the columns, matched by name. A column that an input lacks is missing in its rows: NaN, an empty
    /// vector or text, key 0, a null image.
    /// </remarks>
    /// <example>
    /// The sample <c>samples/ProteinAlignment</c> combines pairs with sequences and structures that have no partner.
    /// <code>
    /// IDataView train = mlContext.Data.CombineModalities(pairs, sequencesAlone, structuresAlone);   // adds the column IsPaired
    /// </code>
    /// </example>
    /// <param name="catalog">The data catalog.</param>
    /// <param name="paired">
    /// Rows with both modalities that belong together; null when there are none, as in scoring. Training needs two
    /// (<see cref="GentleClipOptions.AllowNoPairs"/>).
    /// </param>
    /// <param name="unpairedA">Rows with modality A; null when there are none.</param>
    /// <param name="unpairedB">Rows with modality B; null when there are none.</param>
    /// <param name="pairedColumnName">Name of the Boolean column that is added: true only for the rows of <paramref name="paired"/>.</param>
    /// <returns>The combined view; lazy.</returns>
    /// <exception cref="ArgumentException">
    /// No input at all, a column of different types, a column without a missing value (Boolean, integers) that an input lacks, or an
    /// input that has the paired column already.
    /// </exception>
    public static IDataView CombineModalities(
        this DataOperationsCatalog catalog,
        IDataView? paired,
        IDataView? unpairedA,
        IDataView? unpairedB,
        string pairedColumnName = "IsPaired")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrWhiteSpace(pairedColumnName);
        return ModalityCombiner.Combine(CatalogEnvironment.Of(catalog), paired, unpairedA, unpairedB, pairedColumnName);
    }
}
