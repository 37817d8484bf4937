using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Rows of tokens and their mask.</summary>
internal abstract class TokenPreparation : Preparation
{
    /// <summary>Declares the inputs of a graph: tokens and mask, each <c>[batch, length]</c>.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="description">What the tokens are.</param>
    public static (string Tokens, string Mask) Declare(OnnxGraph graph, string description) => (
        graph.Input(OnnxNames.Tokens, OnnxType.Int64, description, OnnxNames.Batch, OnnxNames.Length),
        graph.Input(OnnxNames.Mask, OnnxType.Int64, "1 at tokens, 0 at padding", OnnxNames.Batch, OnnxNames.Length));

    /// <inheritdoc/>
    public sealed override IReadOnlyList<TowerInput> Prepare(ExampleStore examples)
    {
        var rows = Rows(examples);
        var tokens = rows.Pad(out var width);
        return [new(OnnxNames.Tokens, tokens, rows.Count, width), new(OnnxNames.Mask, rows.Mask(width, 1L), rows.Count, width)];
    }

    /// <summary>The tokens of the examples.</summary>
    protected abstract TokenRows Rows(ExampleStore examples);
}
