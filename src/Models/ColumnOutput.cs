using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>
/// What a column takes of a pass through its side of the model. The embedding's column is always there; any other is there where its modality names it
/// (<see cref="Modality.OtherOutputs"/>): the list below is all that scoring, saved models, generators and graphs know of it.
/// </summary>
/// <param name="Name">What a modality and a saved model call it; files that were written have it, so it never changes. Null for the embedding.</param>
/// <param name="GraphName">Name of the output in exported graphs, which never changes either.</param>
/// <param name="Description">In words, for exported graphs.</param>
/// <param name="Dimension">Length of its vectors.</param>
/// <param name="Tensor">The tensor, <c>[batch, Dimension]</c>.</param>
/// <param name="Value">The same as a value of a graph.</param>
internal sealed record ColumnOutput(string? Name, string GraphName, string Description, Func<ISidedModel, Side, int> Dimension,
    Func<TowerOutput<Tensor>, Tensor> Tensor, Func<TowerOutput<string>, string> Value)
{
    /// <summary>The embedding.</summary>
    public static ColumnOutput Embedding { get; } = new(
        null, OnnxNames.Embedding, "embeddings of length 1", (model, _) => model.EmbeddingDimension, output => output.Embedding,
        values => values.Embedding);

    /// <summary>What comes before the projection head.</summary>
    public static ColumnOutput Features { get; } = new(
        Modality.Features, OnnxNames.EncoderFeatures, "the encoder's features, before the projection head",
        (model, side) => model.FeatureDimensionOf(side), output => output.Features, values => values.Features);

    /// <summary>All that a modality may name.</summary>
    public static IReadOnlyList<ColumnOutput> Named { get; } = [Features];

    /// <summary>What a modality's columns take, with their names: the embedding, then what the modality names.</summary>
    public static IEnumerable<(ColumnOutput Output, string ColumnName)> Of(Modality modality) =>
        Named.Where(output => modality.OtherOutputs.ContainsKey(output.Name!)).Select(output => (output, modality.OtherOutputs[output.Name!]))
            .Prepend((Embedding, modality.OutputColumnName));
}
