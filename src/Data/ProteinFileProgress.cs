namespace Microsoft.ML.GentleClip;

/// <summary>State of a running load, reported through <see cref="ProteinFileOptions.Progress"/>.</summary>
/// <param name="Files">Files done, skipped ones included.</param>
/// <param name="TotalFiles">Files to read.</param>
/// <param name="Rows">Rows found so far.</param>
/// <param name="SkippedFiles">Files left out so far because they could not be read.</param>
public sealed record ProteinFileProgress(int Files, int TotalFiles, long Rows, int SkippedFiles);
