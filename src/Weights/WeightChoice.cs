namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Where an architecture's weights are in a file.</summary>
/// <param name="Prefix">What stands before all of their names; empty, or ends with a point.</param>
/// <param name="Form">How they are named behind it.</param>
internal sealed record WeightChoice(string Prefix, WeightForm Form);
