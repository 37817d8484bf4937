using System.Text;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>What the tables of an mmCIF file say on its polymers: which they are, the author's numbers of their residues, and their full sequences.</summary>
internal sealed class MmCifPolymers(TextPool texts)
{
    private readonly Dictionary<string, bool> _isPolymer = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (List<string> Names, string Last)> _ofEntities = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (List<string> Names, string Last)> _ofChains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _entityOfStrand = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Chain, string LabelChain), string> _entities = [];
    private readonly Dictionary<(string, string), string> _sequences = [];
    private readonly List<(string Chain, int Place, ResidueNumber Number, string Strand)> _scheme = [];
    private Dictionary<(string Chain, int Place), (ResidueNumber Number, string Strand)>? _numbers;

    /// <summary>The tables to read.</summary>
    public IEnumerable<CifTable> Tables() =>
    [
        new CifTable("entity", ["id", "type"], Entity),
        new CifTable("entity_poly", ["entity_id", "pdbx_seq_one_letter_code", "pdbx_seq_one_letter_code_can", "pdbx_strand_id"], Polymer),
        new CifTable("entity_poly_seq", ["entity_id", "num", "mon_id"], row => Add(_ofEntities, row)),
        new CifTable("pdbx_poly_seq_scheme", ["asym_id", "seq_id", "mon_id", "pdb_seq_num", "auth_seq_num", "pdb_ins_code", "pdb_strand_id"], Scheme),
    ];

    /// <summary>Notes the entity of a chain.</summary>
    public void Note(string chain, string labelChain, string entity) => _entities.TryAdd((chain, labelChain), entity);

    /// <summary>Whether the tables count a chain as a polymer; null if they do not tell.</summary>
    public bool? IsPolymer(string labelChain, string entity) =>
        entity.Length > 0 && _isPolymer.TryGetValue(entity, out var isPolymer) ? isPolymer
        : (entity.Length > 0 && (_ofEntities.ContainsKey(entity) || _codes.ContainsKey(entity))) || _ofChains.ContainsKey(labelChain) ? true
        : null;

    /// <summary>Number and chain of the authors at a place of the polymer.</summary>
    public bool TryNumber(string labelChain, int place, out ResidueNumber number, out string strand)
    {
        if (_numbers is null)
        {
            _numbers = [];
            foreach (var row in _scheme)
                _numbers.TryAdd((row.Chain, row.Place), (row.Number, row.Strand));
        }
        var isFound = _numbers.TryGetValue((labelChain, place), out var found);
        (number, strand) = (found.Number, found.Strand ?? "");
        return isFound;
    }

    /// <summary>The full sequence of a chain: that of the chain, or else of its entity; empty when unknown.</summary>
    public string SequenceOf(string chain, string labelChain, ResidueLetters letters)
    {
        if (_sequences.TryGetValue((chain, labelChain), out var sequence))
            return sequence;
        var entity = _entities.GetValueOrDefault((chain, labelChain), "");
        if (entity.Length == 0)
            entity = _entityOfStrand.GetValueOrDefault(chain, "");
        sequence = _ofChains.TryGetValue(labelChain, out var found) || _ofEntities.TryGetValue(entity, out found)
            ? string.Concat(found.Names.Select(letters.Of))
            : _codes.TryGetValue(entity, out var code) ? Letters(code, letters)
            : "";
        _sequences.Add((chain, labelChain), sequence);
        return sequence;
    }

    // MAG(MSE)S, over several lines.
    private static string Letters(string code, ResidueLetters letters)
    {
        var sequence = new StringBuilder(code.Length);
        for (var i = 0; i < code.Length; i++)
        {
            if (code[i] == '(' && code.IndexOf(')', i) is var end and > 0)
            {
                sequence.Append(letters.Of(code[(i + 1)..end]));
                i = end;
            }
            else if (char.IsAsciiLetter(code[i]))
            {
                sequence.Append(char.ToUpperInvariant(code[i]));
            }
        }
        return sequence.ToString();
    }

    private void Entity(CifTable row)
    {
        if (!row[0].IsEmpty && !row[1].IsEmpty)
            _isPolymer[texts.Get(row[0])] = row[1].SequenceEqual("polymer"u8);
    }

    private void Polymer(CifTable row)
    {
        if (row[0].IsEmpty)
            return;
        var entity = texts.Get(row[0]);
        _codes[entity] = Encoding.ASCII.GetString(row[1].IsEmpty ? row[2] : row[1]);
        foreach (var range in row[3].Split((byte)','))
        {
            if (!row[3][range].IsEmpty)
                _entityOfStrand.TryAdd(texts.Get(row[3][range].Trim((byte)' ')), entity);
        }
    }

    private void Scheme(CifTable row)
    {
        Add(_ofChains, row);
        var number = row[3].IsEmpty ? row[4] : row[3];
        if (Field.TryInt(row[1], out var place) && Field.TryInt(number, out var value))
            _scheme.Add((texts.Get(row[0]), place, new(value, row[5] is [var code] ? (char)code : '\0'), texts.Get(row[6])));
    }

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
