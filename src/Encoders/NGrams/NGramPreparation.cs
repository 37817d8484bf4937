using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Texts as hashed n-grams, padded to the most that one has.</summary>
internal sealed class NGramPreparation(TextNGramOptions options) : BatchPreparation<TextBatch>
{
    /// <inheritdoc/>
    public override IReadOnlyList<OnnxInput> Prepare(TextBatch batch)
    {
        var texts = batch.Texts;
        var rows = new KeyValuePair<int, int>[texts.Count][];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = TextNGrams.Count(texts[i].Span, options);
        var width = Math.Max(1, rows.Max(row => row.Length));
        var (numbers, counts) = (new long[Length(rows.Length, width)], new float[Length(rows.Length, width)]);
        for (var i = 0; i < rows.Length; i++)
            for (var j = 0; j < rows[i].Length; j++)
                (numbers[i * width + j], counts[i * width + j]) = (rows[i][j].Key, rows[i][j].Value);
        return [new(OnnxNames.NGrams, numbers, rows.Length, width), new(OnnxNames.NGramCounts, counts, rows.Length, width)];
    }
}
