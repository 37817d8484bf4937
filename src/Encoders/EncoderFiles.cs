namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>What an encoder's settings take from files: it is looked for before a training reads any row, and decides what the training computes.</summary>
/// <param name="Weights">File of pretrained weights, or null.</param>
/// <param name="VocabularyFile">File of a vocabulary, or null.</param>
/// <param name="Vocabulary">The vocabulary, wherever it came from; null where there is none, or none yet.</param>
internal readonly record struct EncoderFiles(string? Weights = null, string? VocabularyFile = null, IReadOnlyList<string>? Vocabulary = null);
