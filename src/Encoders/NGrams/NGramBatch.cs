using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Hashed n-grams of texts, one after the other: memory grows with the n-grams there are, where rows of one length would grow with the longest text.
/// </summary>
/// <param name="Texts">Number of texts.</param>
/// <param name="Rows">Which text each n-gram is of, ascending.</param>
/// <param name="Buckets">Its bucket, ascending within a text.</param>
/// <param name="Occurrences">How often the text has it, 1 or more.</param>
internal sealed record NGramBatch(int Texts, long[] Rows, long[] Buckets, float[] Occurrences) : ModalityBatch;
