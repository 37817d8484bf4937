namespace Microsoft.ML.GentleClip;

/// <summary>What CDConv is told of each residue, beside the geometry of its neighbourhood that the convolutions read.</summary>
public enum CdConvInput
{
    /// <summary>
    /// The residue's type, as in the published network: a learnt vector for each letter of the modality's sequence column, without which it would be the
    /// same for every residue and is refused.
    /// </summary>
    ResidueTypes,

    /// <summary>
    /// The shape of the chain around the residue: four distances between alpha carbons up to three places away, cosine and sine of the pseudo-torsion, and
    /// which of these there are. Unchanged when the structure is moved or turned; a mirror image has the other sine. The sequence is not read.
    /// </summary>
    LocalGeometry,

    /// <summary>
    /// Gentle-CLIP's equation 12: the vectors to the previous and the next alpha carbon, in the file's coordinate system, beside noise in training. It changes
    /// when the structure is turned, and carries the rotation of the file into the embedding: for comparisons with the paper. The sequence is not read.
    /// </summary>
    Steps,
}
