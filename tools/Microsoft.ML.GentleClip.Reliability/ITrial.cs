namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>A command that tries something many times and counts.</summary>
internal interface ITrial
{
    /// <exception cref="LossException">Something was lost.</exception>
    void Run();

    /// <summary>What was tried and what came of it, on one line or a few.</summary>
    string Counts { get; }
}
