namespace Microsoft.ML.GentleClip;

/// <summary>Settings of <c>LoadFasta</c>.</summary>
public sealed class FastaLoadOptions : ProteinFileOptions;
