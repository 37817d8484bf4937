namespace Microsoft.ML.GentleClip.Data;

/// <summary>Gathers the chains of one structure while its file is read.</summary>
internal sealed class StructureBuilder
{
    private readonly OrderedDictionary<string, ChainBuilder> _chains = new(StringComparer.Ordinal);
    private (string Chain, ResidueNumber Number)? _residue;
    private bool _isAminoAcid;
    private bool _hasAlphaCarbon;
    private int _withoutAlphaCarbon;

    /// <summary>One-letter codes, together with the parents that this file names.</summary>
    public ResidueLetters Letters { get; } = new();

    /// <summary>The chain of this id, new if there was none.</summary>
    public ChainBuilder Chain(string id)
    {
        if (!_chains.TryGetValue(id, out var chain))
            _chains.Add(id, chain = new ChainBuilder(id));
        return chain;
    }

    /// <summary>Notes the residue that the atoms to come belong to.</summary>
    public void Visit(string chain, ResidueNumber number, string residue)
    {
        if (_residue is { } same && same.Number == number && same.Chain == chain)
            return;
        EndResidue();
        (_residue, _isAminoAcid, _hasAlphaCarbon) = ((chain, number), Letters.IsKnown(residue), false);
    }

    /// <summary>Adds the alpha carbon of the residue visited last.</summary>
    public void Add(string chain, in AlphaCarbon atom)
    {
        _hasAlphaCarbon = true;
        Chain(chain).Add(atom);
    }

    /// <summary>The chains that have residues, in the order in which they began.</summary>
    /// <param name="fullSequence">Names of all residues of a chain; null when unknown.</param>
    public ProteinStructure Build(Func<string, IReadOnlyList<string>?> fullSequence)
    {
        EndResidue();
        _residue = null;
        return new([.. _chains.Select(chain => chain.Value.Build(Letters, fullSequence(chain.Key))).OfType<ProteinChain>()], _withoutAlphaCarbon);
    }

    private void EndResidue()
    {
        if (_residue is not null && _isAminoAcid && !_hasAlphaCarbon)
            _withoutAlphaCarbon++;
    }
}
