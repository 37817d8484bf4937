using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Collects the samples of a batch and lays them out as the graph's inputs.</summary>
internal abstract class InputBatch
{
    /// <summary>Adds the sample that the reader holds.</summary>
    public abstract void Add(ExampleReader reader);

    /// <summary>The arrays, in the order of the graph's inputs.</summary>
    public abstract IReadOnlyList<TowerInput> ToInputs();

    /// <summary>Length of an array of some sizes.</summary>
    /// <exception cref="ArgumentException">It would be longer than an array can be.</exception>
    protected static int Length(long rows, long width, long numbers = 1) => rows * width * numbers is var length && length <= Array.MaxLength
        ? (int)length
        : throw new ArgumentException($"An array of this batch would have {length} numbers; expected at most {Array.MaxLength}. Give fewer inputs at a time.");
}

/// <summary>Feature vectors.</summary>
internal sealed class VectorInputs(int dimension) : InputBatch
{
    private readonly List<float> _values = [];

    /// <inheritdoc/>
    public override void Add(ExampleReader reader) => _values.AddRange(((FeatureReader)reader).Values);

    /// <inheritdoc/>
    public override IReadOnlyList<TowerInput> ToInputs() => [new(OnnxNames.Features, _values.ToArray(), _values.Count / dimension, dimension)];
}

/// <summary>Lists of tokens, padded to the longest.</summary>
internal abstract class TokenInputs(long padding) : InputBatch
{
    private readonly List<long[]> _rows = [];

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

/// <summary>Amino-acid sequences: beginning, residues, end.</summary>
internal sealed class SequenceInputs(int maximumLength) : TokenInputs(Esm2Alphabet.Padding)
{
    /// <inheritdoc/>
    public override void Add(ExampleReader reader)
    {
        var residues = ((SequenceReader)reader).Tokens;
        residues = residues[..Math.Min(residues.Length, maximumLength)];
        var tokens = new long[residues.Length + Esm2Batch.Ends];
        (tokens[0], tokens[^1]) = (Esm2Alphabet.Beginning, Esm2Alphabet.End);
        for (var i = 0; i < residues.Length; i++)
            tokens[i + 1] = residues[i];
        Add(tokens);
    }
}

/// <summary>Texts as WordPiece tokens.</summary>
internal sealed class TextInputs(TextTokenizer tokenizer) : TokenInputs(tokenizer.Padding)
{
    /// <inheritdoc/>
    public override void Add(ExampleReader reader) => Add(Array.ConvertAll(tokenizer.Encode(((TextColumnReader)reader).Text), token => (long)token));
}

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

/// <summary>Pictures: the middle of the stored square, normalised.</summary>
internal sealed class PictureInputs(ImageOptions options) : InputBatch
{
    private readonly List<float[]> _pictures = [];

    /// <inheritdoc/>
    public override void Add(ExampleReader reader)
    {
        var square = ((PictureReader)reader).Square;
        var (side, size) = (options.Stored, options.Size);
        var start = (side - size + 1) / 2;
        var picture = new float[ImageResizer.Channels * size * size];
        for (var channel = 0; channel < ImageResizer.Channels; channel++)
        {
            var (mean, deviation) = ((float)(options.Mean[channel] * byte.MaxValue), (float)(options.StandardDeviation[channel] * byte.MaxValue));
            for (var y = 0; y < size; y++)
            {
                var source = square.Slice((channel * side + start + y) * side + start, size);
                var target = picture.AsSpan((channel * size + y) * size, size);
                for (var x = 0; x < size; x++)
                    target[x] = (source[x] - mean) / deviation;
            }
        }
        _pictures.Add(picture);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TowerInput> ToInputs()
    {
        var values = new float[Length(_pictures.Count, _pictures[0].Length)];
        for (var i = 0; i < _pictures.Count; i++)
            _pictures[i].CopyTo(values, i * _pictures[i].Length);
        return [new(OnnxNames.Pictures, values, _pictures.Count, ImageResizer.Channels, options.Size, options.Size)];
    }
}
