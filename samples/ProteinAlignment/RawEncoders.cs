using Microsoft.ML.GentleClip;

namespace ProteinAlignment;

/// <summary>
/// Encoders of raw chains: the shapes of ESM-2 and CDConv, small enough for two cores, from random weights. Pretrained weights
/// (<see cref="Esm2Options.WeightsFile"/>) would do far better.
/// </summary>
internal static class RawEncoders
{
    private const int CropLength = 96; // residues: in training at a random place, in scoring the first

    /// <summary>Sets both modalities and what a training of such encoders needs.</summary>
    public static void SetUp(GentleClipOptions options)
    {
        options.ModalityA = Modality.ProteinSequence(Columns.SequenceEmbedding, nameof(Protein.Sequence), new Esm2Options
        {
            Size = new Esm2Size(layers: 2, hiddenDimension: 64, attentionHeads: 4),
            MaximumLength = CropLength,
            Masking = 0.1,
        });
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
