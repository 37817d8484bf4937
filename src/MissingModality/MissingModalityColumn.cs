namespace Microsoft.ML.GentleClip.MissingModality;

/// <summary>What was learnt of one column.</summary>
/// <param name="Output">Column that is written.</param>
/// <param name="Input">Column that is read.</param>
/// <param name="Size">Number of slots.</param>
/// <param name="Fill">What replaces a missing slot: one number for all or one a slot; null where slots stay missing.</param>
internal sealed record MissingModalityColumn(string Output, string Input, int Size, double[]? Fill)
{
    /// <summary>What replaces a slot that is missing.</summary>
    public double ValueOf(int slot) => Fill!.Length == 1 ? Fill[0] : Fill[slot];
}
