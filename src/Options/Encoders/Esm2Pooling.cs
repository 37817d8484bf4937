namespace Microsoft.ML.GentleClip;

/// <summary>How the representations of a sequence's tokens become its features.</summary>
public enum Esm2Pooling
{
    /// <summary>Mean over the residues, without the tokens at the beginning and the end.</summary>
    Mean,

    /// <summary>The representation of the token at the beginning.</summary>
    BeginningOfSequence,
}
