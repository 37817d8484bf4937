using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Texts as hashed n-grams, padded to the most that one has.</summary>
internal sealed class NGramInputs(TextNGramOptions options) : InputBatch
{
    private readonly List<KeyValuePair<int, int>[]> _rows = [];

    /// <inheritdoc/>
    public override void Add(ExampleReader reader) => _rows.Add(TextNGrams.Count(((TextColumnReader)reader).Text, options));

    /// <inheritdoc/>
    public override IReadOnlyList<TowerInput> ToInputs()
    {
        var width = Math.Max(1, _rows.Max(row => row.Length));
        var (numbers, counts) = (new long[Length(_rows.Count, width)], new float[Length(_rows.Count, width)]);
        for (var i = 0; i < _rows.Count; i++)
            for (var j = 0; j < _rows[i].Length; j++)
                (numbers[i * width + j], counts[i * width + j]) = (_rows[i][j].Key, _rows[i][j].Value);
        return [new(OnnxNames.NGrams, numbers, _rows.Count, width), new(OnnxNames.NGramCounts, counts, _rows.Count, width)];
    }
}
