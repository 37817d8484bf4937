namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>
/// Names of the inputs and outputs of graphs and of their changing sizes; see docs/onnx.md. Files that were written have them: they never change.
/// </summary>
internal static class OnnxNames
{
    public const string Features = "features", Tokens = "input_ids", Mask = "attention_mask", Pictures = "pixel_values", NGrams = "ngram_ids",
        NGramCounts = "ngram_counts", SequenceProfile = "sequence_profile";

    /// <summary>The outputs.</summary>
    public const string Embedding = "embedding", EncoderFeatures = "encoder_features";

    /// <summary>Outputs of fine-tuned models.</summary>
    public const string Score = "score", Probability = "probability", PredictedLabel = "predicted_label";

    public const string Batch = "batch", Length = "length", NGramWidth = "ngrams";
}
