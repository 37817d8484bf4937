namespace Microsoft.ML.GentleClip.Data;

/// <summary>An id as it is compared: a text, or a whole number.</summary>
/// <param name="Text">The text; null for a number.</param>
/// <param name="Number">The number; 0 for a text.</param>
internal readonly record struct JoinId(string? Text, long Number)
{
    /// <inheritdoc/>
    public override string ToString() => Text is null ? $"{Number}" : $"'{Text}'";
}
