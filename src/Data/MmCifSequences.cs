namespace Microsoft.ML.GentleClip.Data;

/// <summary>The full sequences in an mmCIF file: of a chain (<c>pdbx_poly_seq_scheme</c>), or else of its entity (<c>entity_poly_seq</c>).</summary>
internal sealed class MmCifSequences(TextPool texts)
{
    private readonly Dictionary<string, (List<string> Names, string Last)> _ofEntities = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (List<string> Names, string Last)> _ofChains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Chain, string Entity)> _sources = new(StringComparer.Ordinal);

    /// <summary>Table that fills the sequences of entities.</summary>
    public CifTable OfEntities() => new("entity_poly_seq", ["entity_id", "num", "mon_id"], row => Add(_ofEntities, row));

    /// <summary>Table that fills the sequences of chains.</summary>
    public CifTable OfChains() => new("pdbx_poly_seq_scheme", ["asym_id", "seq_id", "mon_id"], row => Add(_ofChains, row));

    /// <summary>Notes under which names the archive knows a chain.</summary>
    public void Note(string chain, ReadOnlySpan<byte> labelChain, ReadOnlySpan<byte> entity)
    {
        if (!_sources.ContainsKey(chain))
            _sources.Add(chain, (texts.Get(labelChain), texts.Get(entity)));
    }

    /// <summary>Names of all residues of a chain, or null.</summary>
    public IReadOnlyList<string>? Of(string chain) =>
        !_sources.TryGetValue(chain, out var source) ? null
        : _ofChains.TryGetValue(source.Chain, out var found) || _ofEntities.TryGetValue(source.Entity, out found) ? found.Names
        : null;

    // Where the experiment had two residues at one place, the first stands for both.
    private void Add(Dictionary<string, (List<string> Names, string Last)> sequences, CifTable row)
    {
        if (row[0].IsEmpty || row[2].IsEmpty)
            return;
        var (key, place) = (texts.Get(row[0]), texts.Get(row[1]));
        if (!sequences.TryGetValue(key, out var sequence))
            sequence = ([], "");
        if (place.Length > 0 && place == sequence.Last)
            return;
        sequence.Names.Add(texts.Get(row[2]));
        sequences[key] = (sequence.Names, place);
    }
}
