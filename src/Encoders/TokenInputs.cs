using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Tokens and mask: as inputs of a graph, and as the arrays that it and the library's own networks take.</summary>
internal static class TokenInputs
{
    /// <summary>Declares the inputs of a graph: tokens and mask, each <c>[batch, length]</c>.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="description">What the tokens are.</param>
    public static (string Tokens, string Mask) Declare(OnnxGraph graph, string description) => (
        graph.Input(OnnxNames.Tokens, OnnxType.Int64, description, OnnxNames.Batch, OnnxNames.Length),
        graph.Input(OnnxNames.Mask, OnnxType.Int64, "1 at tokens, 0 at padding", OnnxNames.Batch, OnnxNames.Length));

    /// <summary>The arrays of rows.</summary>
    public static IReadOnlyList<OnnxInput> Of(TokenRows rows)
    {
        var tokens = rows.Pad(out var width);
        return [new(OnnxNames.Tokens, tokens, rows.Count, width), new(OnnxNames.Mask, rows.Mask(width, 1L), rows.Count, width)];
    }
}
