using System.Security.Cryptography;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Sequences as tokens, one byte a residue.</summary>
internal sealed class SequenceStore : PackedStore
{
    private readonly PackedRecords<byte> _tokens = new();

    /// <summary>The tokens at a position, without beginning and end; valid until <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> this[int position] => _tokens[Checked(position)];

    /// <inheritdoc/>
    public override int LengthOf(int position) => _tokens[position].Length;

    /// <inheritdoc/>
    public override void AppendTo(IncrementalHash hash, int position) => Append(hash, _tokens[Checked(position)].Span);

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        _tokens.Clear();
    }

    /// <inheritdoc/>
    public override ExampleStore Part(ReadOnlySpan<int> positions)
    {
        var part = new SequenceStore();
        foreach (var position in positions)
        {
            part._tokens.Add(this[position].Span);
            part.Count++;
        }
        return part;
    }

    /// <inheritdoc/>
    protected override void Append(ExampleReader reader) => _tokens.Add(((SequenceReader)reader).Tokens);

    /// <inheritdoc/>
    protected override ModalityBatch Collect(ReadOnlySpan<int> positions)
    {
        var sequences = new ReadOnlyMemory<byte>[positions.Length];
        for (var i = 0; i < sequences.Length; i++)
            sequences[i] = _tokens[positions[i]];
        return new SequenceBatch(sequences);
    }
}
