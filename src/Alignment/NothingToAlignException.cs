namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// The rows hold nothing that a closed form could align. An optional closed form is left out then; to users it is an <see cref="InvalidOperationException"/>.
/// </summary>
internal sealed class NothingToAlignException(string message) : InvalidOperationException(message);
