namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Something was lost that must not be: a checkpoint, a byte, a process, memory. Ends a command.</summary>
internal sealed class LossException(string message) : Exception(message);
