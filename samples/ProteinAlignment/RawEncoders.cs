using Microsoft.ML.GentleClip;

namespace ProteinAlignment;

/// <summary>
/// Encoders of raw chains: the default one of sequences and a small CDConv, small enough for two cores, from random weights. ESM-2 with pretrained weights
/// (<see cref="Esm2Options.WeightsFile"/>) would do far better.
/// </summary>
internal static class RawEncoders
{
    private const int CropLength = 96; // residues: in training at a random place; scoring sees the whole chain

    /// <summary>Sets both modalities and what a training of such encoders needs.</summary>
    public static void SetUp(GentleClipOptions options)
    {
        // The classifier takes what comes before the projection head, the search what comes out of it.
        options.ModalityA = Modality.ProteinSequence(Columns.SequenceEmbedding, nameof(Protein.Sequence)).WithFeatures(Columns.EncodedSequence);
        options.ModalityB = Modality.ProteinStructure(Columns.StructureEmbedding, nameof(Protein.AlphaCarbons), encoder: new CdConvOptions
        {
            Channels = [32, 64],
            Radii = [8, 12],
            SequentialKernelSize = 5,
            MaximumLength = CropLength,
            CoordinateNoise = 0.1,
        });
        (options.EmbeddingDimension, options.Batches.Size, options.Optimizer.LearningRate) = (64, 32, 5e-3);
    }
}
