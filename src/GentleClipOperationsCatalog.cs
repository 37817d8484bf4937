using Microsoft.ML.GentleClip;
using Microsoft.ML.Runtime;

#pragma warning disable CA1822 // Instance methods, though most need no context: they are found by typing "mlContext.", as in ML.NET's own catalogs.

namespace Microsoft.ML;

/// <summary>
/// What is done with embeddings and with data that are to be aligned: evaluation, search, matching, zero-shot classifiers, analyses before a training.
/// It is reached by <c>mlContext.GentleClip()</c>.
/// </summary>
public sealed class GentleClipOperationsCatalog
{
    internal GentleClipOperationsCatalog(IHostEnvironment environment) => Environment = environment;

    /// <summary>The context.</summary>
    internal IHostEnvironment Environment { get; }

    /// <summary>Retrieval across modalities: the rank of each sample's partner among all samples of the other modality, by cosine.</summary>
    /// <remarks>
    /// Exact, in time rows x rows x dimension and memory rows x dimension. <see cref="RetrievalMetrics"/> says how ties and duplicates are counted.
    /// </remarks>
    /// <example>
    /// The second call is for pictures with several captions each: every row of a picture holds its number.
    /// <code>
    /// RetrievalMetrics metrics = mlContext.GentleClip().EvaluateRetrieval(model.Transform(test), "SpectrumEmbedding", "ImageEmbedding");
    /// Console.WriteLine(metrics);
    /// mlContext.GentleClip().EvaluateRetrieval(model.Transform(captions), "PictureEmbedding", "TextEmbedding", itemColumnNameA: "PictureId", k: [1, 10]);
    /// </code>
    /// </example>
    /// <param name="data">
    /// Rows that are matched pairs, such as the output of <see cref="GentleClipTransformer.Transform(IDataView)"/> on held-out pairs. Rows of unpaired
    /// samples that happen to have both sides must be filtered out before.
    /// </param>
    /// <param name="embeddingColumnNameA">Embeddings of A: a vector of Single of known size; NaN where absent.</param>
    /// <param name="embeddingColumnNameB">Embeddings of B, of the same size; NaN where absent.</param>
    /// <param name="itemColumnNameA">
    /// Which sample of A a row holds: a key, text or a number. A row without a value is an item of its own; null, the default: each row is.
    /// </param>
    /// <param name="itemColumnNameB">Which sample of B a row holds; null, the default: each row holds another.</param>
    /// <param name="k">The numbers of candidates to list, each at least 1; null, the default, for 1, 5 and 10.</param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    /// <returns>The figures; <see cref="RetrievalMetrics.ToString"/> prints them as a table.</returns>
    /// <exception cref="ArgumentException">
    /// A column is not there or of an unfit type, or the embeddings' sizes differ; or a <paramref name="k"/> is below 1.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// An embedding is infinite, no row has both embeddings, or the rows of one item hold different ones.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public RetrievalMetrics EvaluateRetrieval(
        IDataView data, string embeddingColumnNameA, string embeddingColumnNameB, string? itemColumnNameA = null, string? itemColumnNameB = null,
        int[]? k = null, CancellationToken cancellationToken = default) =>
        RetrievalMetrics.Evaluate(data, embeddingColumnNameA, embeddingColumnNameB, itemColumnNameA, itemColumnNameB, k, cancellationToken);

    /// <summary>
    /// FOSCTTM, the fraction of samples closer than the true match, by Euclidean distance: 0 where each sample's partner is the nearest, about 0.5 by
    /// chance.
    /// </summary>
    /// <remarks><see cref="TrueMatchMetrics"/> says which convention is taken.</remarks>
    /// <example>
    /// <code>
    /// TrueMatchMetrics metrics = mlContext.GentleClip().EvaluateTrueMatch(model.Transform(test), "SpectrumEmbedding", "ImageEmbedding");
    /// Console.WriteLine(metrics.FractionCloserThanTrueMatch);
    /// </code>
    /// </example>
    /// <param name="data">Rows that are matched pairs.</param>
    /// <param name="embeddingColumnNameA">Embeddings of A: a vector of Single of known size; NaN where absent.</param>
    /// <param name="embeddingColumnNameB">Embeddings of B, of the same size; NaN where absent.</param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    /// <returns>The figures; <see cref="TrueMatchMetrics.ToString"/> prints them as a table.</returns>
    /// <exception cref="ArgumentException">A column is not there or not a vector of Single, or their sizes differ.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, or fewer than two rows have both.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public TrueMatchMetrics EvaluateTrueMatch(
        IDataView data, string embeddingColumnNameA, string embeddingColumnNameB, CancellationToken cancellationToken = default) =>
        TrueMatchMetrics.Evaluate(data, embeddingColumnNameA, embeddingColumnNameB, cancellationToken);

    /// <summary>The shape of the common embedding space: alignment of pairs, uniformity of each modality, and the gap between the modalities.</summary>
    /// <example>
    /// <code>
    /// EmbeddingSpaceMetrics metrics = mlContext.GentleClip().EvaluateEmbeddingSpace(model.Transform(test), "SpectrumEmbedding", "ImageEmbedding");
    /// Console.WriteLine(metrics.ModalityGap);
    /// </code>
    /// </example>
    /// <param name="data">Rows, paired or not; those that have both embeddings are taken for matched pairs.</param>
    /// <param name="embeddingColumnNameA">Embeddings of A: a vector of Single of known size; NaN where absent.</param>
    /// <param name="embeddingColumnNameB">Embeddings of B, of the same size; NaN where absent.</param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    /// <returns>The figures; <see cref="EmbeddingSpaceMetrics.ToString"/> prints them.</returns>
    /// <exception cref="ArgumentException">A column is not there or not a vector of Single, or their sizes differ.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, or a modality has none.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public EmbeddingSpaceMetrics EvaluateEmbeddingSpace(
        IDataView data, string embeddingColumnNameA, string embeddingColumnNameB, CancellationToken cancellationToken = default) =>
        EmbeddingSpaceMetrics.Evaluate(data, embeddingColumnNameA, embeddingColumnNameB, cancellationToken);

    /// <summary>
    /// Label transfer across modalities: how often the labels of the one are right for samples of the other, by nearest neighbours and by the nearest
    /// class centroid, both ways.
    /// </summary>
    /// <example>
    /// <code>
    /// LabelTransferMetrics metrics = mlContext.GentleClip().EvaluateLabelTransfer(
    ///     model.Transform(test), "SpectrumEmbedding", "ImageEmbedding", labelColumnName: "Class", neighbours: 5);
    /// </code>
    /// </example>
    /// <param name="data">Rows with one or both embeddings and a label; pairs are not needed.</param>
    /// <param name="embeddingColumnNameA">Embeddings of A: a vector of Single of known size; NaN where absent.</param>
    /// <param name="embeddingColumnNameB">Embeddings of B, of the same size; NaN where absent.</param>
    /// <param name="labelColumnName">Class of the row: a key, text, a number or Boolean; a row without one is left out and counted.</param>
    /// <param name="neighbours">Number of references that vote, at least 1, default 1; all vote if there are fewer.</param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    /// <returns>The figures; <see cref="LabelTransferMetrics.ToString"/> prints them as a table.</returns>
    /// <exception cref="ArgumentException">
    /// A column is not there or of an unfit type, the embeddings' sizes differ, or <paramref name="neighbours"/> is below 1.
    /// </exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, or the modalities share no label.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public LabelTransferMetrics EvaluateLabelTransfer(
        IDataView data, string embeddingColumnNameA, string embeddingColumnNameB, string labelColumnName, int neighbours = 1,
        CancellationToken cancellationToken = default) =>
        LabelTransferMetrics.Evaluate(data, embeddingColumnNameA, embeddingColumnNameB, labelColumnName, neighbours, cancellationToken);

    /// <summary>
    /// Zero-shot classification: how often the class of a sample of one modality is the one whose prototype, an embedding of the other, is the most
    /// similar by cosine.
    /// </summary>
    /// <example>
    /// <code>
    /// IDataView images = model.Transform(test), prompts = model.Transform(textsOfTheClasses);
    /// ZeroShotMetrics metrics = mlContext.GentleClip().EvaluateZeroShot(images, "ImageEmbedding", "Class", prompts, "TextEmbedding", "Class", k: [1, 5]);
    /// </code>
    /// </example>
    /// <param name="samples">Samples of one modality.</param>
    /// <param name="embeddingColumnName">Their embeddings: a vector of Single of known size; a row with NaN is left out.</param>
    /// <param name="labelColumnName">Their true classes: a key, text, a number or Boolean.</param>
    /// <param name="prototypes">Rows that stand for a class each; several rows of one class are averaged.</param>
    /// <param name="prototypeEmbeddingColumnName">Their embeddings, of the same size; a row with NaN is left out.</param>
    /// <param name="prototypeLabelColumnName">Their classes.</param>
    /// <param name="k">The numbers of classes to list, each at least 1; null, the default, for 1 and 5.</param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    /// <returns>The figures; <see cref="ZeroShotMetrics.ToString"/> prints them as a table.</returns>
    /// <exception cref="ArgumentException">
    /// A column is not there or of an unfit type, or the embeddings' sizes differ; or a <paramref name="k"/> is below 1.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// An embedding is infinite, a prototype has no label, or no sample can be classified.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ZeroShotMetrics EvaluateZeroShot(
        IDataView samples, string embeddingColumnName, string labelColumnName,
        IDataView prototypes, string prototypeEmbeddingColumnName, string prototypeLabelColumnName,
        int[]? k = null, CancellationToken cancellationToken = default) => ZeroShotMetrics.Evaluate(
            samples, embeddingColumnName, labelColumnName, prototypes, prototypeEmbeddingColumnName, prototypeLabelColumnName, k, cancellationToken);

    /// <summary>
    /// Prediction of many labels per row, such as EC numbers or GO terms: protein-centric F-max as CAFA defines it, and the area under the
    /// precision-recall curve.
    /// </summary>
    /// <example>
    /// <code>
    /// MultiLabelMetrics metrics = mlContext.GentleClip().EvaluateMultiLabel(functions.Transform(test), "Labels", "Probability");
    /// </code>
    /// </example>
    /// <param name="data">Scored rows, such as those of a <see cref="OnePerLabelTransformer"/>.</param>
    /// <param name="labelColumnName">
    /// True labels, one slot for each label: a vector of Boolean, or of Single or Double that are above 0 where the row has the label.
    /// </param>
    /// <param name="scoreColumnName">
    /// Scores: a vector of Single of the same size, with the same slot names if both have some. NaN in every slot: no scores.
    /// </param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    /// <returns>The figures; <see cref="MultiLabelMetrics.ToString"/> prints them.</returns>
    /// <exception cref="ArgumentException">A column is not there or of an unfit type, or their sizes or slot names differ.</exception>
    /// <exception cref="InvalidOperationException">
    /// A score is infinite or partly NaN, a label is NaN, no row has a label, none has scores, or there are more than 2^31 scores.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public MultiLabelMetrics EvaluateMultiLabel(
        IDataView data, string labelColumnName = "Labels", string scoreColumnName = "Probability", CancellationToken cancellationToken = default) =>
        MultiLabelMetrics.Evaluate(data, labelColumnName, scoreColumnName, cancellationToken);

    /// <summary>Makes an index for exact search among the rows of a view: each query is compared with every row.</summary>
    /// <example>
    /// The sample <c>samples/PretrainedSearch</c> finds pictures by words.
    /// <code>
    /// EmbeddingIndex index = mlContext.GentleClip().CreateEmbeddingIndex(model.Transform(pictures), "PictureEmbedding");
    /// IReadOnlyList&lt;EmbeddingMatch&gt; found = index.Search(model.EmbedTexts(["a red apple"])[0], count: 5);
    /// </code>
    /// </example>
    /// <param name="data">The rows to be searched; read once.</param>
    /// <param name="embeddingColumnName">Their embeddings: a vector of Single of known size; a row with NaN is left out.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The index; it holds a copy of the embeddings, 4 bytes for each number.</returns>
    /// <exception cref="ArgumentException">The column is not there or of an unfit type.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, or all are absent.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public EmbeddingIndex CreateEmbeddingIndex(IDataView data, string embeddingColumnName, CancellationToken cancellationToken = default) =>
        EmbeddingIndex.Create(data, embeddingColumnName, cancellationToken);

    /// <summary>
    /// Makes a zero-shot classifier of prototypes that are embedded already, such as a few samples of each class. Of labels' texts a model makes one
    /// itself: <see cref="ZeroShotCatalog.CreateZeroShotClassifier"/>.
    /// </summary>
    /// <example>
    /// <code>
    /// ZeroShotClassifier classifier = mlContext.GentleClip().CreateZeroShotClassifier(model.Transform(examples), "PictureEmbedding", "Group");
    /// var classification = mlContext.Transforms.ZeroShot(classifier, "PictureEmbedding");
    /// </code>
    /// </example>
    /// <param name="prototypes">Rows that stand for a label each; several rows of one label are averaged.</param>
    /// <param name="embeddingColumnName">Their embeddings: a vector of Single of known size; a row with NaN is left out.</param>
    /// <param name="labelColumnName">Their labels: a key, text, a number or Boolean.</param>
    /// <param name="temperature">What the cosines are divided by before the softmax, above 0. Default 0.07.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The classifier.</returns>
    /// <exception cref="ArgumentException">A column is not there or of an unfit type.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="temperature"/> is not above 0.</exception>
    /// <exception cref="InvalidOperationException">An embedding is infinite, a prototype has no label, or there is none.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ZeroShotClassifier CreateZeroShotClassifier(
        IDataView prototypes, string embeddingColumnName, string labelColumnName, double temperature = 0.07, CancellationToken cancellationToken = default) =>
        ZeroShotClassifier.Create(prototypes, embeddingColumnName, labelColumnName, temperature, cancellationToken);
}
