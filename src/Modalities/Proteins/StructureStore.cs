using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Chains: coordinates and, where they are known, residue types.</summary>
internal sealed class StructureStore : PackedStore
{
    private readonly PackedRecords<float> _coordinates = new();
    private readonly PackedRecords<byte> _residues = new();

    /// <summary>The chain at a position; valid until <see cref="Clear"/>.</summary>
    public Chain this[int position]
    {
        get
        {
            var residues = _residues[Checked(position)];
            return new Chain(_coordinates[position], residues.IsEmpty ? null : (ReadOnlyMemory<byte>?)residues);
        }
    }

    /// <inheritdoc/>
    public override int LengthOf(int position) => _coordinates[position].Length / 3;

    /// <inheritdoc/>
    public override void AppendTo(IncrementalHash hash, int position)
    {
        Append(hash, MemoryMarshal.AsBytes(_coordinates[Checked(position)].Span));
        Append(hash, _residues[position].Span);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        _coordinates.Clear();
        _residues.Clear();
    }

    /// <inheritdoc/>
    public override ExampleStore Part(ReadOnlySpan<int> positions)
    {
        var part = new StructureStore();
        foreach (var position in positions)
        {
            part._coordinates.Add(_coordinates[Checked(position)].Span);
            part._residues.Add(_residues[position].Span);
            part.Count++;
        }
        return part;
    }

    /// <inheritdoc/>
    protected override void Append(ExampleReader reader)
    {
        var chain = (ChainReader)reader;
        _coordinates.Add(chain.Coordinates);
        _residues.Add(chain.Residues);
    }

    /// <inheritdoc/>
    protected override ModalityBatch Collect(ReadOnlySpan<int> positions)
    {
        var chains = new Chain[positions.Length];
        for (var i = 0; i < chains.Length; i++)
            chains[i] = this[positions[i]];
        return new StructureBatch(chains);
    }
}
