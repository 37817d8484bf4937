namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>A picture cannot be used, because of its file rather than of its row.</summary>
/// <param name="message">Names row, column and file.</param>
/// <param name="problem">What is wrong, in words, for those who name the input in another way.</param>
/// <param name="inner">The cause, if there is one.</param>
internal sealed class UnreadablePictureException(string message, string problem, Exception? inner = null) : InvalidOperationException(message, inner)
{
    /// <summary>What is wrong, in words.</summary>
    public string Problem => problem;
}
