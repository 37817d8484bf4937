using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Texts as hashed n-grams: counted once for training, scoring and graphs, and padded to the most that one text has only for graphs.</summary>
internal sealed class NGramPreparation(TextNGramOptions options) : BatchPreparation<TextBatch>
{
    /// <summary>The n-grams of the texts, without torch.</summary>
    public NGramBatch Count(TextBatch batch)
    {
        var texts = batch.Texts;
        var (rows, buckets, occurrences) = (new List<long>(), new List<long>(), new List<float>());
        for (var row = 0; row < texts.Count; row++)
        {
            foreach (var (bucket, count) in TextNGrams.Count(texts[row].Span, options))
            {
                rows.Add(row);
                buckets.Add(bucket);
                occurrences.Add(count);
            }
        }
        return new NGramBatch(texts.Count, [.. rows], [.. buckets], [.. occurrences]);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<OnnxInput> Prepare(TextBatch batch)
    {
        var found = Count(batch);
        var known = new int[found.Texts];
        foreach (var row in found.Rows)
            known[row]++;
        var width = Math.Max(1, known.Max());
        var (numbers, counts) = (new long[Length(found.Texts, width)], new float[Length(found.Texts, width)]);
        Array.Clear(known);
        for (var i = 0; i < found.Rows.Length; i++)
        {
            var at = found.Rows[i] * width + known[found.Rows[i]]++;
            (numbers[at], counts[at]) = (found.Buckets[i], found.Occurrences[i]);
        }
        return [new(OnnxNames.NGrams, numbers, found.Texts, width), new(OnnxNames.NGramCounts, counts, found.Texts, width)];
    }
}
