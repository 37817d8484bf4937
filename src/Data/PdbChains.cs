using System.Globalization;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Chain ids of a PDB file. Column 21 may hold the first of two letters of the id or the fourth of the residue's name, which only
/// the file as a whole tells; blank ids may have a segment id in columns 73-76 instead.
/// </summary>
internal sealed class PdbChains
{
    private readonly List<(char Column21, char Chain, string Segment)> _residues = [];
    private readonly List<(int At, char Column21, char Chain)> _ends = [];
    private readonly HashSet<(string Chain, string Piece)> _closed = [];
    private readonly Dictionary<(char, char), string> _ids = [];
    private (char Column21, char Chain) _last = (' ', ' ');

    /// <summary>Notes the chain of an atom record.</summary>
    public void SetLast(char column21, char chain) => _last = (column21, chain);

    /// <summary>Notes the chain of an alpha carbon.</summary>
    public void Add(char column21, char chain, string segment) => _residues.Add((column21, chain, segment));

    /// <summary>A TER record ends a chain, the last one where it names none.</summary>
    public void End(char column21, char chain)
    {
        if (chain == ' ' && column21 == ' ')
            (column21, chain) = _last;
        _ends.Add((_residues.Count, column21, chain));
    }

    /// <summary>Whether a TER record ends this piece of this chain.</summary>
    public bool IsClosed(string chain, string piece) => _closed.Contains((chain, piece));

    /// <summary>Gives all residues their chain ids, pieces and full names.</summary>
    public void Resolve(StructureBuilder builder)
    {
        var residues = builder.Residues;
        var isName = IsColumn21OfNames(residues, builder.Letters);
        var areNamed = NamesBlankChains();
        var pieces = new Dictionary<string, (int Ends, string Segment, string Name)>(StringComparer.Ordinal);
        var named = new HashSet<string>(StringComparer.Ordinal);
        var end = 0;
        string? last = null;
        for (var i = 0; i <= residues.Count; i++)
        {
            for (; end < _ends.Count && _ends[end].At == i; end++)
                Close(_ends[end].Column21, _ends[end].Chain);
            if (i == residues.Count)
                break;
            var (column21, letter, segment) = _residues[i];
            var chain = Id(isName ? ' ' : column21, letter);
            if (chain.Length == 0 && areNamed && segment.Length > 0)
            {
                chain = segment;
                if (named.Add(segment))
                    builder.Notes.Add(ProteinFileRemark.NamedChain, $"chain '{segment}' has no id but this segment id");
            }
            if (!pieces.TryGetValue(chain, out var piece))
                pieces.Add(chain, piece = (0, segment, NameOf(0, segment)));
            if (piece.Segment != segment)
                pieces[chain] = piece = (piece.Ends, segment, NameOf(piece.Ends, segment));
            last = chain;
            (residues[i].Chain, residues[i].Piece) = (chain, piece.Name);
            if (isName && column21 != ' ')
                residues[i].Name += column21;
        }

        void Close(char column21, char letter)
        {
            var chain = Id(isName ? ' ' : column21, letter);
            if (chain.Length == 0 && areNamed && last is not null)
                chain = last;
            if (!pieces.TryGetValue(chain, out var piece))
                return;
            _closed.Add((chain, piece.Name));
            pieces[chain] = (piece.Ends + 1, piece.Segment, NameOf(piece.Ends + 1, piece.Segment));
        }
    }

    private static string NameOf(int ends, string segment) => string.Create(CultureInfo.InvariantCulture, $"{ends} {segment}");

    private string Id(char column21, char chain)
    {
        if (!_ids.TryGetValue((column21, chain), out var id))
            _ids.Add((column21, chain), id = $"{column21}{chain}".Trim(' '));
        return id;
    }

    // Files from before 1996 have one id, that of the entry, in the columns of the segment id.
    private bool NamesBlankChains()
    {
        string? first = null;
        foreach (var (column21, chain, segment) in _residues)
        {
            if (chain != ' ' || column21 != ' ')
                continue;
            first ??= segment;
            if (segment != first)
                return true;
        }
        return false;
    }

    // NALAA is alanine NALA of chain A, ALAAB alanine of chain AB. Names that only make sense with their fourth letter decide, then
    // names that only make sense without it.
    private bool IsColumn21OfNames(List<ObservedResidue> residues, ResidueLetters letters)
    {
        var seen = new HashSet<(string, char)>();
        var (names, chains) = (0, 0);
        for (var i = 0; i < residues.Count; i++)
        {
            var column21 = _residues[i].Column21;
            if (column21 == ' ' || !seen.Add((residues[i].Name, column21)))
                continue;
            var isShort = letters.IsKnown(residues[i].Name);
            var isLong = ResidueLetters.IsForceFieldName(residues[i].Name + column21);
            names += isLong && !isShort ? 1 : 0;
            chains += isShort && !isLong ? 1 : 0;
        }
        return seen.Count > 0 && names >= chains;
    }
}
