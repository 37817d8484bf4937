namespace Microsoft.ML.GentleClip;

/// <summary>What the reading of an embedded column has cost so far.</summary>
/// <param name="Embedded">Texts that the generator was asked for and gave.</param>
/// <param name="FromCache">Texts out of the cache.</param>
/// <param name="Calls">Calls of the generator, those that failed included.</param>
/// <param name="Damaged">Files of the cache that were damaged or of another text, and are replaced.</param>
public sealed record EmbedProgress(long Embedded, long FromCache, long Calls, long Damaged);
