using Microsoft.Extensions.AI;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML;

/// <summary>Adds embedding generators of Microsoft.Extensions.AI to ML.NET's transforms.</summary>
public static class EmbedCatalog
{
    /// <summary>
    /// Creates an estimator that appends a column with a generator's embeddings of a column of text: local models, Ollama, OpenAI, whatever implements
    /// <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>. Several texts go into a call, failed calls are repeated, and with
    /// <see cref="EmbedOptions.CacheDirectory"/> each text is asked for once.
    /// </summary>
    /// <remarks>Characteristics: <see cref="TextEmbeddingEstimator"/>. Empty and blank texts are missing samples: NaN, without a call.</remarks>
    /// <example>
    /// Captions as one side of an alignment. The sample <c>samples/VectorSearch</c> makes a generator of a model.
    /// <code>
    /// IEmbeddingGenerator&lt;string, Embedding&lt;float&gt;&gt; generator = model.CreateEmbeddingGenerator&lt;string&gt;("Caption");
    /// var pipeline = mlContext.Transforms.Embed(generator, "CaptionVector", "Caption", new EmbedOptions { CacheDirectory = "embeddings" })
    ///     .Append(mlContext.Transforms.GentleClip("PictureEmbedding", "PictureFeatures", "CaptionEmbedding", "CaptionVector"));
    /// </code>
    /// </example>
    /// <param name="catalog">The transforms catalog.</param>
    /// <param name="generator">Stays the caller's, and must live as long as rows are read.</param>
    /// <param name="outputColumnName">Column that is written, a vector of <see cref="float"/>.</param>
    /// <param name="inputColumnName">Column of the texts; null: <paramref name="outputColumnName"/>.</param>
    /// <param name="options">How the generator is called; null takes the defaults, without a cache.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">A name is empty, or there is a cache and the generator does not say which model it is.</exception>
    public static TextEmbeddingEstimator Embed(this TransformsCatalog catalog, IEmbeddingGenerator<string, Embedding<float>> generator,
        string outputColumnName, string? inputColumnName = null, EmbedOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentException.ThrowIfNullOrWhiteSpace(outputColumnName);
        if (inputColumnName is not null)
            ArgumentException.ThrowIfNullOrWhiteSpace(inputColumnName);
        return new TextEmbeddingEstimator(
            CatalogEnvironment.Of(catalog), generator, outputColumnName, inputColumnName ?? outputColumnName, options ?? new EmbedOptions());
    }
}
