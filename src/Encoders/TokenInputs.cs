using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Lists of tokens, padded to the longest.</summary>
internal abstract class TokenInputs(long padding) : InputBatch
{
    private readonly List<long[]> _rows = [];

    /// <summary>Declares the inputs of a graph: tokens and mask, each <c>[batch, length]</c>.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="description">What the tokens are.</param>
    public static (string Tokens, string Mask) Declare(OnnxGraph graph, string description) => (
        graph.Input(OnnxNames.Tokens, OnnxType.Int64, description, OnnxNames.Batch, OnnxNames.Length),
        graph.Input(OnnxNames.Mask, OnnxType.Int64, "1 at tokens, 0 at padding", OnnxNames.Batch, OnnxNames.Length));

    /// <summary>Adds a list.</summary>
    protected void Add(long[] tokens) => _rows.Add(tokens);

    /// <inheritdoc/>
    public override IReadOnlyList<TowerInput> ToInputs()
    {
        var width = _rows.Max(row => row.Length);
        var (tokens, mask) = (new long[Length(_rows.Count, width)], new long[Length(_rows.Count, width)]);
        Array.Fill(tokens, padding);
        for (var i = 0; i < _rows.Count; i++)
        {
            _rows[i].CopyTo(tokens, i * width);
            mask.AsSpan(i * width, _rows[i].Length).Fill(1);
        }
        return [new(OnnxNames.Tokens, tokens, _rows.Count, width), new(OnnxNames.Mask, mask, _rows.Count, width)];
    }
}
