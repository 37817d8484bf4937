namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The error for a picture that cannot be used because of its file: one that names the row, and carries what is wrong for those who name the
/// input in another way.</summary>
internal static class UnreadablePicture
{
    private const string Key = "Microsoft.ML.GentleClip.Problem";

    /// <summary>Makes the error.</summary>
    /// <param name="message">Names row, column and file.</param>
    /// <param name="problem">What is wrong, in words.</param>
    /// <param name="inner">The cause, if there is one.</param>
    public static InvalidOperationException Error(string message, string problem, Exception? inner) => new(message, inner) { Data = { [Key] = problem } };

    /// <summary>What is wrong with the picture, in words; null for other errors.</summary>
    public static string? ProblemOf(InvalidOperationException error) => error.Data[Key] as string;
}
