using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Search;
using Microsoft.ML.GentleClip.Transformers;

namespace Microsoft.ML;

/// <summary>Zero-shot classification and embeddings of texts by a fitted model.</summary>
public static class ZeroShotCatalog
{
    private const string Placeholder = "{0}";

    /// <summary>Embeds texts that are in no data view, such as what a user types into a search box.</summary>
    /// <example>
    /// The sample <c>samples/PretrainedSearch</c> finds pictures by words.
    /// <code>
    /// EmbeddingIndex index = mlContext.GentleClip().CreateEmbeddingIndex(model.Transform(pictures), "PictureEmbedding");
    /// IReadOnlyList&lt;EmbeddingMatch&gt; found = index.Search(model.EmbedTexts(["a red apple"])[0], count: 5);
    /// </code>
    /// </example>
    /// <param name="model">A model with a modality of text, or a fitted or loaded pipeline that has one.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="textColumnName">Input column of the modality that embeds them; null, the default, where only one is text.</param>
    /// <returns>An embedding of length 1 for each text; NaN in every slot for one that is empty or blank.</returns>
    /// <exception cref="ArgumentException">
    /// The model has no such modality; or none is named and both are text; or a step of the pipeline before the model makes the text.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public static IReadOnlyList<float[]> EmbedTexts(this ITransformer model, IEnumerable<string> texts, string? textColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(texts);
        var found = PipelineModels.Find(model);
        return TextEmbedding.Embed(found, TextSide(model, found, textColumnName), [.. texts]);
    }

    /// <summary>
    /// Makes a zero-shot classifier of labels' texts: each label's prototype is the mean of the unit embeddings of its prompts. The temperature is the
    /// model's.
    /// </summary>
    /// <example>
    /// The sample <c>samples/PretrainedSearch</c> sorts pictures into groups that nobody labelled.
    /// <code>
    /// ZeroShotClassifier classifier = model.CreateZeroShotClassifier(["apple", "car"], templates: ["a picture of {0}", "{0}"]);
    /// string? label = classifier.Classify(model.EmbedTexts(["a small red fruit"])[0]);
    /// </code>
    /// </example>
    /// <param name="model">A model with a modality of text, or a fitted or loaded pipeline that has one.</param>
    /// <param name="labels">The labels, different from one another.</param>
    /// <param name="templates">Prompts with <c>{0}</c> where the label goes, such as "a picture of {0}"; null, the default, for only the labels.</param>
    /// <param name="textColumnName">Input column of the modality that embeds them; null, the default, where only one is text.</param>
    /// <returns>The classifier; it needs the model no more.</returns>
    /// <exception cref="ArgumentException">
    /// The model has no such modality, or none is named and both are text; there are no labels or no templates, a label is blank or there twice, or a
    /// template lacks <c>{0}</c>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public static ZeroShotClassifier CreateZeroShotClassifier(
        this ITransformer model, IEnumerable<string> labels, IEnumerable<string>? templates = null, string? textColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(labels);
        string[] names = [.. labels], prompts = [.. templates ?? [Placeholder]];
        Check(names, prompts);
        var found = PipelineModels.Find(model);
        var side = TextSide(model, found, textColumnName);
        string[] texts = [.. names.SelectMany(label => prompts.Select(prompt => prompt.Replace(Placeholder, label, StringComparison.Ordinal)))];
        var rows = new EmbeddingRows(found.EmbeddingDimension, texts.Length);
        foreach (var embedding in TextEmbedding.Embed(found, side, texts))
            rows.Add(embedding);
        int[] classes = [.. Enumerable.Range(0, texts.Length).Select(row => row / prompts.Length)];
        return ZeroShotClassifier.Create(names, rows, classes, Math.Exp(-found.LogitScale));
    }

    /// <summary>Creates an estimator that appends the columns of a zero-shot classification: probabilities of the labels, and the most probable one.</summary>
    /// <remarks>Characteristics: <see cref="ZeroShotEstimator"/>. The fitted transformer is saved with the prototypes, not with the model.</remarks>
    /// <example>
    /// The sample <c>samples/PretrainedSearch</c> sorts pictures into groups that nobody labelled. Here model and classification become one file.
    /// <code>
    /// ZeroShotClassifier classifier = model.CreateZeroShotClassifier(["apple", "car"], templates: ["a picture of {0}", "{0}"]);
    /// IDataView embedded = model.Transform(pictures);
    /// ITransformer whole = model.Append(mlContext.Transforms.ZeroShot(classifier, "PictureEmbedding").Fit(embedded));
    /// mlContext.Model.Save(whole, pictures.Schema, "model.zip");
    /// </code>
    /// </example>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="classifier">The classifier.</param>
    /// <param name="embeddingColumnName">The embeddings: a vector of Single of the classifier's dimension; NaN where absent.</param>
    /// <param name="scoreColumnName">
    /// Column that receives the probabilities, a vector of Single with a slot for each label, named as the label; NaN where the embedding is absent.
    /// </param>
    /// <param name="predictedLabelColumnName">Column that receives the most probable label, text; empty where the embedding is absent.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is empty, or both output columns are the same.</exception>
    public static ZeroShotEstimator ZeroShot(
        this TransformsCatalog catalog, ZeroShotClassifier classifier, string embeddingColumnName,
        string scoreColumnName = "Score", string predictedLabelColumnName = "PredictedLabel")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentException.ThrowIfNullOrWhiteSpace(embeddingColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(scoreColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(predictedLabelColumnName);
        if (scoreColumnName == predictedLabelColumnName)
            throw new ArgumentException(
                $"Scores and predicted labels need columns of their own, but both are to be '{scoreColumnName}'.", nameof(predictedLabelColumnName));
        return new ZeroShotEstimator(
            CatalogEnvironment.Of(catalog), new ZeroShotModel(classifier, embeddingColumnName, scoreColumnName, predictedLabelColumnName));
    }

    /// <summary>Embeds rows by a model and classifies those of its other modality by labels' texts.</summary>
    /// <example>
    /// The sample <c>samples/PretrainedSearch</c> sorts pictures into groups that nobody labelled.
    /// <code>
    /// IDataView classified = model.ClassifyZeroShot(mlContext, pictures, ["apple", "car"], templates: ["a picture of {0}"]);
    /// </code>
    /// </example>
    /// <param name="model">A model with a modality of text, or a fitted or loaded pipeline that has one.</param>
    /// <param name="mlContext">The context of the view.</param>
    /// <param name="data">Rows with what the model takes; the text may be missing, also as a column.</param>
    /// <param name="labels">The labels, different from one another.</param>
    /// <param name="templates">Prompts with <c>{0}</c> where the label goes; null, the default, for only the labels.</param>
    /// <returns>The rows with the model's embeddings and the columns <c>Score</c>, a probability for each label, and <c>PredictedLabel</c>, text.</returns>
    /// <inheritdoc cref="CreateZeroShotClassifier" path="/exception"/>
    public static IDataView ClassifyZeroShot(
        this ITransformer model, MLContext mlContext, IDataView data, IEnumerable<string> labels, IEnumerable<string>? templates = null)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        var classifier = model.CreateZeroShotClassifier(labels, templates);
        var embedded = model.Transform(data);
        var column = TextEmbedding.Sides(PipelineModels.Find(model), null).Other.OutputColumnName;
        return mlContext.Transforms.ZeroShot(classifier, column).Fit(embedded).Transform(embedded);
    }

    private static TextModality TextSide(ITransformer model, GentleClipTransformer found, string? textColumnName)
    {
        var side = TextEmbedding.Sides(found, textColumnName).Text;
        PipelineModels.CheckIsRaw(model, found, side);
        return side;
    }

    private static void Check(string[] labels, string[] templates)
    {
        if (labels.Length == 0 || templates.Length == 0)
            throw new ArgumentException($"There are {labels.Length} labels and {templates.Length} templates; expected at least one of each.");
        var blank = Array.FindIndex(labels, label => TextWords.IsBlank(label));
        if (blank >= 0)
            throw new ArgumentException($"Label {blank} (counted from 0) is blank.", nameof(labels));
        if (labels.GroupBy(label => label, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Label '{twice.Key}' is there {twice.Count()} times; expected different ones.", nameof(labels));
        foreach (var template in templates)
            if (template?.Contains(Placeholder, StringComparison.Ordinal) != true)
                throw new ArgumentException($"Template '{template}' lacks {Placeholder}, where the label goes.", nameof(templates));
    }
}
