using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Transformers;

namespace Microsoft.ML;

/// <summary>Finds the alignment in a fitted or loaded pipeline.</summary>
public static class FittedModelCatalog
{
    /// <summary>
    /// The alignment in a fitted pipeline, such as <c>mlContext.Model.Load</c> gives: its training history, its modalities, its weights.
    /// </summary>
    /// <remarks>
    /// Chains within chains are searched as well. The transformer stays the pipeline's: disposing it ends the pipeline's scoring. Embedding generators, texts,
    /// zero-shot classifiers and the export to ONNX take the pipeline itself.
    /// </remarks>
    /// <example>
    /// The sample <c>samples/Serving</c> serves any saved pipeline.
    /// <code>
    /// ITransformer pipeline = mlContext.Model.Load("model.zip", out _);
    /// GentleClipTransformer alignment = pipeline.FindGentleClip();
    /// Console.WriteLine(alignment.History);
    /// </code>
    /// </example>
    /// <param name="model">A <see cref="GentleClipTransformer"/>, or a chain of transformers that has one.</param>
    /// <param name="embeddingColumnName">An embedding column that it writes; null, the default, where the chain has one alignment.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The chain has no alignment, or more than one and none is named, or none that writes the column; the message says what it has.
    /// </exception>
    public static GentleClipTransformer FindGentleClip(this ITransformer model, string? embeddingColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return PipelineModels.Find(model, embeddingColumnName);
    }
}
