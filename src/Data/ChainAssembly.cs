using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// The one decision, whatever the format, on which residues belong to a polymer, where a chain begins and in which order its residues are.
/// docs/protein-files.md has the rules in words.
/// </summary>
internal sealed class ChainAssembly
{
    private const float LongestBond = ObservedResidue.LongestBond;

    private readonly List<ObservedResidue> _residues;
    private readonly IReadOnlyCollection<int> _ions;
    private readonly ResidueLetters _letters;
    private readonly ProteinFileNotes _notes;
    private readonly List<(int First, Strand Strand)> _strands = [];
    private int _ligands;

    private ChainAssembly(StructureBuilder builder) =>
        (_ions, _residues, _letters, _notes) = (builder.End().ToHashSet(), builder.Residues, builder.Letters, builder.Notes);

    /// <summary>The chains of a file that was read to its end, in the order in which they began.</summary>
    /// <param name="builder">What was read.</param>
    /// <param name="isClosed">Whether a TER record ends this piece of this chain.</param>
    /// <param name="fullSequence">The sequence of the experiment of the chain with this residue; empty when unknown.</param>
    public static ProteinStructure Chains(StructureBuilder builder, Func<string, string, bool> isClosed, Func<ObservedResidue, string> fullSequence)
    {
        var assembly = new ChainAssembly(builder);
        foreach (var pieces in assembly.Pieces(isClosed).GroupBy(piece => piece.Chain, StringComparer.Ordinal))
            assembly.Add([.. pieces]);
        return new([.. assembly.Build(fullSequence)], builder.Notes);
    }

    private List<ChainPiece> Pieces(Func<string, string, bool> isClosed)
    {
        var pieces = new Dictionary<(string, string), ChainPiece>();
        var order = new List<ChainPiece>();
        ChainPiece? last = null;
        (string Chain, string Piece) lastKey = ("", "");
        for (var i = 0; i < _residues.Count; i++)
        {
            if (_residues[i].Evidence == ResidueEvidence.Foreign || ResidueLetters.IsCap(_residues[i].Name))
            {
                _ligands++;
                continue;
            }
            var key = (_residues[i].Chain, _residues[i].Piece);
            if (last is null || key != lastKey)
            {
                if (!pieces.TryGetValue(key, out last))
                {
                    pieces.Add(key, last = new ChainPiece(key.Chain, [], isClosed(key.Chain, key.Piece)));
                    order.Add(last);
                }
                lastKey = key;
            }
            last.Residues.Add(i);
        }
        return order;
    }

    // All pieces with one chain id.
    private void Add(List<ChainPiece> pieces)
    {
        var strands = new List<(int First, Strand Strand)>();
        var floating = new List<int>();
        foreach (var piece in pieces)
        {
            var anchors = piece.Residues.Where(IsAnchor).ToList();
            if (anchors.Count == 0)
                floating.AddRange(piece.Residues);
            else
                AddPiece(piece, anchors, strands, floating);
        }
        foreach (var piece in strands.Count == 0 ? pieces : [])
        {
            if (strands.Count > 0)
                continue; // behind the polymer
            AddHeteroPiece(piece, strands);
            floating.RemoveAll(piece.Residues.Contains);
        }
        Place(floating, strands);
        _strands.AddRange(strands);
    }

    private bool IsAnchor(int i) => _residues[i].Evidence >= ResidueEvidence.AminoAcid;

    private bool IsKnown(int i) => _residues[i].Evidence >= ResidueEvidence.ListedName || _letters.IsKnown(_residues[i].Name);

    private void AddPiece(ChainPiece piece, List<int> anchors, List<(int First, Strand Strand)> strands, List<int> floating)
    {
        var strand = strands.Count > 0 && !BeginsChain(anchors, strands[^1].Strand) ? strands[^1].Strand : null;
        if (strand is not null)
            _notes.Add(ProteinFileRemark.JoinedChain, $"chain '{piece.Chain}' goes on at residue {_residues[anchors[0]].Number}");
        var (before, nextAnchor) = (-1, 0);
        var sortedAway = new List<int>();
        foreach (var i in piece.Residues)
        {
            while (nextAnchor < anchors.Count && anchors[nextAnchor] <= i)
                nextAnchor++;
            if (!IsAnchor(i))
            {
                if (!IsMember(piece, i, before, nextAnchor < anchors.Count ? anchors[nextAnchor] : -1))
                {
                    floating.Add(i);
                    continue;
                }
                // Before or behind all ATOM records of its piece it may have been sorted there; its number says where it belongs.
                var isTooLate = i > anchors[^1] && _residues[i].CompareOrder(_residues[anchors[^1]]) < 0;
                var isTooEarly = i < anchors[0] && _residues[i].CompareOrder(_residues[anchors[0]]) > 0;
                if (isTooLate || isTooEarly)
                {
                    sortedAway.Add(i);
                    continue;
                }
            }
            Append(i, piece.Chain, ref strand, strands);
            before = i;
        }
        foreach (var i in sortedAway)
            Insert(i, strand!);
    }

    private void Append(int i, string chain, ref Strand? strand, List<(int First, Strand Strand)> strands)
    {
        if (strand is null || strand.IsRestart(_residues[i]))
        {
            strand = new Strand();
            strands.Add((i, strand));
            if (strands.Count > 1)
                _notes.Add(ProteinFileRemark.SplitChain, $"another chain '{chain}' begins at residue {_residues[i].Number}");
        }
        if (strand.Add(_residues[i]))
            _notes.Add(ProteinFileRemark.Conformation);
    }

    /// <summary>Whether a residue that has no proof of its own belongs to the piece that it stands in.</summary>
    private bool IsMember(ChainPiece piece, int i, int before, int behind)
    {
        if (_ions.Contains(i))
            return false;
        if (_residues[i].Evidence == ResidueEvidence.ListedResidue || (piece.IsClosed && IsKnown(i)))
            return true;
        var isBonded = (before >= 0 && _residues[i].IsBondedTo(_residues[before])) || (behind >= 0 && _residues[i].IsBondedTo(_residues[behind]));
        var isNext = (before >= 0 && _residues[i].Follows(_residues[before])) || (behind >= 0 && _residues[behind].Follows(_residues[i]));
        if (IsReached(i, before) || IsReached(i, behind))
            return true;
        if (before < 0 || behind < 0)
            return piece.IsClosed || _residues[i].Evidence == ResidueEvidence.AtomRecord ? isBonded || isNext : IsKnown(i) && isBonded && isNext;
        var fits = _residues[before].CompareOrder(_residues[i]) <= 0 && _residues[i].CompareOrder(_residues[behind]) <= 0;
        return IsKnown(i) ? fits || isBonded : fits && isBonded;
    }

    // Selenomethionine is no ligand, so it belongs to the chain even where its neighbours were not observed, or where models put it elsewhere.
    private bool IsReached(int i, int neighbour) => neighbour >= 0 && IsReached(_residues[i], _residues[neighbour]);

    private static bool IsReached(ObservedResidue residue, ObservedResidue neighbour) =>
        residue.Name == "MSE" && residue.Number != neighbour.Number
        && (residue.Follows(neighbour) || neighbour.Follows(residue) || residue.IsWithinReachOf(neighbour));

    // A piece without a chain id is a chain. With an id, another chain begins where the numbers start again.
    private bool BeginsChain(List<int> anchors, Strand strand)
    {
        var first = _residues[anchors[0]];
        var known = strand.Residues;
        if (first.Chain.Length == 0)
            return true;
        var arePlaces = first.Place is not null && known[^1].Place is not null;
        foreach (var i in anchors)
        {
            if (strand.Has(_residues[i]) && (arePlaces || _residues[i].AlternateLocation == '\0'))
                return true;
        }
        if (first.CompareOrder(known[^1]) > 0)
            return false;
        // Lower numbers go on only where they fill a gap.
        var (below, above) = strand.Neighbours(first);
        return below < 0 || above != below + 1 || anchors.Exists(i => _residues[i].CompareOrder(known[above]) > 0);
    }

    // A chain id that no ATOM record has: a polymer of HETATM records, or nothing but ligands.
    private void AddHeteroPiece(ChainPiece piece, List<(int First, Strand Strand)> strands)
    {
        Strand? strand = null;
        for (var at = 0; at < piece.Residues.Count; at++)
        {
            var i = piece.Residues[at];
            var isBonded = (at > 0 && IsNeighbour(piece.Residues[at - 1], i)) || (at + 1 < piece.Residues.Count && IsNeighbour(i, piece.Residues[at + 1]));
            var isMember = !_ions.Contains(i) && (_residues[i].Evidence >= ResidueEvidence.ListedName || isBonded || (piece.IsClosed && IsKnown(i)));
            if (isMember)
                Append(i, piece.Chain, ref strand, strands);
            else
                _ligands++;
        }
    }

    private bool IsNeighbour(int i, int next) =>
        _residues[i].IsBondedTo(_residues[next])
        && (_residues[next].Key == _residues[i].Key || _residues[next].Follows(_residues[i]));

    // Residues that stand apart from their chain, behind its TER or at the end of the file: each goes where its number says, if there is room.
    private void Place(List<int> floating, List<(int First, Strand Strand)> strands)
    {
        floating.Sort((a, b) => _residues[a].Number.CompareTo(_residues[b].Number) is var order && order != 0 ? order : a.CompareTo(b));
        var left = new List<int>();
        foreach (var i in floating)
        {
            if (!TryPlace(i, strands))
                left.Add(i);
        }
        left.Reverse(); // before the first residue of a chain they join from the top down
        foreach (var i in left)
        {
            if (!TryPlace(i, strands))
                _ligands++;
        }
    }

    private bool TryPlace(int i, List<(int First, Strand Strand)> strands)
    {
        if (_ions.Contains(i) || !IsKnown(i) || _residues[i].Evidence == ResidueEvidence.Unlisted)
            return false;
        var best = -1;
        var distance = float.PositiveInfinity;
        for (var s = 0; s < strands.Count; s++)
        {
            if (Fit(_residues[i], strands[s].Strand) is { } fit && fit < distance)
                (best, distance) = (s, fit);
        }
        if (best < 0)
            return false;
        Insert(i, strands[best].Strand);
        return true;
    }

    private void Insert(int i, Strand strand)
    {
        var residue = _residues[i];
        if (strand.Insert(residue))
            _notes.Add(ProteinFileRemark.Conformation);
        else
            _notes.Add(ProteinFileRemark.MovedResidue, $"{residue.Name} {residue.Number} of chain '{residue.Chain}' was moved to where its number says");
    }

    /// <summary>Distance to the neighbours that a residue would have in a chain, or null if it has no place there.</summary>
    private static float? Fit(ObservedResidue residue, Strand strand)
    {
        if (strand.Find(residue) is var taken and >= 0)
        {
            var there = strand.Residues[taken];
            return residue.AlternateLocation != '\0' && residue.AlternateLocation != there.AlternateLocation ? residue.DistanceTo(there) : null;
        }
        var (below, above) = strand.Neighbours(residue);
        var isNextToBelow = below >= 0 && residue.Follows(strand.Residues[below]);
        var isNextToAbove = above >= 0 && strand.Residues[above].Follows(residue);
        var nearest = Math.Min(
            isNextToBelow ? residue.DistanceTo(strand.Residues[below]) : float.MaxValue,
            isNextToAbove ? residue.DistanceTo(strand.Residues[above]) : float.MaxValue);
        if (residue.Evidence == ResidueEvidence.ListedResidue)
            return nearest;
        // Inside a chain a modified residue fills a gap of the numbers, while a plain amino acid may as well be a ligand.
        if (below >= 0 && above >= 0 && !ResidueLetters.IsStandard(residue.Name))
            return nearest;
        if ((below >= 0 && IsReached(residue, strand.Residues[below])) || (above >= 0 && IsReached(residue, strand.Residues[above])))
            return nearest;
        return nearest <= LongestBond ? nearest : null;
    }

    private IEnumerable<ProteinChain> Build(Func<ObservedResidue, string> fullSequence)
    {
        var copies = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (_, strand) in _strands.OrderBy(strand => strand.First))
        {
            if (!IsProtein(strand))
            {
                _ligands += strand.Residues.Count;
                continue;
            }
            var moved = strand.Sort();
            if (moved > 0)
                _notes.Add(ProteinFileRemark.MovedResidue, moved);
            var id = strand.Residues[0].Chain;
            ref var copy = ref CollectionsMarshal.GetValueRefOrAddDefault(copies, id, out _);
            yield return Chain(id, strand.Residues, fullSequence(strand.Residues[0]), ++copy);
        }
        _notes.Add(ProteinFileRemark.Ligand, _ligands);
    }

    // A ligand of programs that write nothing but ATOM records is a chain of one unknown residue or two.
    private bool IsProtein(Strand strand) =>
        strand.Residues.Count > 2 || strand.Residues.Any(residue => residue.Evidence >= ResidueEvidence.ListedName || _letters.IsKnown(residue.Name));

    private ProteinChain Chain(string id, IReadOnlyList<ObservedResidue> residues, string fullSequence, int copy)
    {
        var coordinates = new float[3 * residues.Count];
        var numbers = new ResidueNumber[residues.Count];
        for (var i = 0; i < residues.Count; i++)
        {
            (coordinates[3 * i], coordinates[3 * i + 1], coordinates[3 * i + 2]) = (residues[i].X, residues[i].Y, residues[i].Z);
            numbers[i] = residues[i].Number;
        }
        var sequence = string.Create(residues.Count, (residues, _letters), static (text, state) =>
        {
            for (var i = 0; i < text.Length; i++)
                text[i] = state._letters.Of(state.residues[i].Name);
        });
        var unknown = sequence.AsSpan().Count(ResidueLetters.Unknown);
        if (unknown > 0)
            _notes.Add(ProteinFileRemark.UnknownResidue, unknown);
        return new ProteinChain(id, sequence, fullSequence, coordinates, numbers, copy);
    }
}
