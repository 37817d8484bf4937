namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Sum of a loss term over the steps of an unfinished epoch.</summary>
/// <param name="Name">The term.</param>
/// <param name="Sum">Its sum.</param>
/// <param name="Steps">Steps that had it.</param>
internal sealed record TermSum(string Name, double Sum, int Steps);
