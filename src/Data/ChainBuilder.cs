using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Gathers the residues of one chain while its file is read.</summary>
internal sealed class ChainBuilder(string id)
{
    private readonly List<AlphaCarbon> _residues = [];
    private readonly Dictionary<ResidueNumber, int> _positions = [];

    /// <summary>Whether the polymer has ended; what follows under this chain id are ligands and water.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Adds a residue, or decides between two conformations of one.</summary>
    public void Add(in AlphaCarbon atom)
    {
        if (_positions.TryGetValue(atom.Number, out var position) && IsConformation(position, atom))
        {
            // Of several conformations the one that most molecules are in; of equals, the first.
            ref var kept = ref CollectionsMarshal.AsSpan(_residues)[position];
            if (atom.Occupancy > kept.Occupancy)
                kept = atom with { IsDoubtful = kept.IsDoubtful && atom.IsDoubtful };
            return;
        }
        _positions[atom.Number] = _residues.Count;
        _residues.Add(atom);
    }

    /// <summary>The polymer ends here, so everything up to now belongs to it.</summary>
    public void End()
    {
        HasEnded = true;
        foreach (ref var residue in CollectionsMarshal.AsSpan(_residues))
            residue = residue with { IsDoubtful = false };
    }

    /// <summary>The chain, or null if it has no residue.</summary>
    /// <param name="letters">One-letter codes as this file has them.</param>
    /// <param name="full">Names of all residues of the experiment; null when unknown.</param>
    public ProteinChain? Build(ResidueLetters letters, IReadOnlyList<string>? full)
    {
        _residues.RemoveAll(residue => residue.IsDoubtful);
        if (_residues.Count == 0)
            return null;
        var coordinates = new float[3 * _residues.Count];
        for (var i = 0; i < _residues.Count; i++)
            (coordinates[3 * i], coordinates[3 * i + 1], coordinates[3 * i + 2]) = (_residues[i].X, _residues[i].Y, _residues[i].Z);
        return new ProteinChain(
            id,
            string.Create(_residues.Count, (_residues, letters), static (text, state) =>
            {
                for (var i = 0; i < text.Length; i++)
                    text[i] = state.letters.Of(state._residues[i].Residue);
            }),
            full is null ? "" : string.Concat(full.Select(letters.Of)),
            coordinates,
            [.. _residues.Select(residue => residue.Number)]);
    }

    // A number may come again after 9999 residues, and then it is another residue; conformations carry letters or follow one another.
    private bool IsConformation(int position, in AlphaCarbon atom) =>
        position == _residues.Count - 1 || (atom.AlternateLocation != '\0' && atom.AlternateLocation != _residues[position].AlternateLocation);
}
