namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>The columns of LoadProteinStructures.</summary>
public sealed class ChainRow
{
    public string File { get; set; } = "";
    public string Identifier { get; set; } = "";
    public string Chain { get; set; } = "";
    public string Sequence { get; set; } = "";
    public string FullSequence { get; set; } = "";
    public float[] AlphaCarbons { get; set; } = [];
    public string[] ResidueNumbers { get; set; } = [];
}
