using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Texts as they are; their encoder splits them.</summary>
internal sealed class TextStore(TextEncoderOptions encoder) : PackedStore
{
    private readonly PackedRecords<char> _texts = new();

    /// <summary>The text at a position; valid until <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<char> this[int position] => _texts[Checked(position)];

    /// <inheritdoc/>
    public override int LengthOf(int position) => Math.Min(_texts[position].Length, encoder.LargestCost);

    /// <summary>Adds a text.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        _texts.Add(text);
        Count++;
    }

    /// <inheritdoc/>
    public override void AppendTo(IncrementalHash hash, int position) => Append(hash, MemoryMarshal.AsBytes(_texts[Checked(position)].Span));

    /// <inheritdoc/>
    public override Modality Complete(Modality modality, Modality? initial, SampleShards? shards = null)
    {
        if (modality is not TextModality { Encoder: IWordPieceOptions pieces } text)
            return modality;
        var known = ((initial as TextModality)?.Encoder as IWordPieceOptions)?.Vocabulary;
        var given = pieces.VocabularyFile is { } file ? TokenList.Read(file) : pieces.Vocabulary;
        if (known is not null && given is not null && !known.SequenceEqual(given))
            throw new ArgumentException(
                $"The vocabulary of column '{text.InputColumnName}' is not that of the initial model; expected the same tokens, or none.", nameof(modality));
        var vocabulary = given ?? known ?? TextVocabulary.Learn(Enumerable.Range(0, Count).Select(i => _texts[i]), pieces, shards?.Group);
        return text.With(pieces.WithVocabulary(vocabulary));
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        _texts.Clear();
    }

    /// <inheritdoc/>
    public override ExampleStore Part(ReadOnlySpan<int> positions)
    {
        var part = new TextStore(encoder);
        foreach (var position in positions)
            part.Add(this[position].Span);
        return part;
    }

    /// <inheritdoc/>
    protected override void Append(ExampleReader reader) => _texts.Add(((TextColumnReader)reader).Text);

    /// <inheritdoc/>
    protected override ModalityBatch Collect(ReadOnlySpan<int> positions)
    {
        var texts = new ReadOnlyMemory<char>[positions.Length];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = _texts[positions[i]];
        return new TextBatch(texts);
    }
}
