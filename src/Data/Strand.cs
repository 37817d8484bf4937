namespace Microsoft.ML.GentleClip.Data;

/// <summary>The residues of one chain in the order of the polymer, one conformation each.</summary>
internal sealed class Strand
{
    private static readonly int[] LastBeforeWrap = [9_999, 99_999]; // programs count on from 0 or 1

    private readonly List<ObservedResidue> _residues = [];
    private readonly Dictionary<long, int> _positions = [];

    private bool _hasWrapped;

    /// <summary>The residues.</summary>
    public IReadOnlyList<ObservedResidue> Residues => _residues;

    /// <summary>Whether a residue with the same key is there.</summary>
    public bool Has(ObservedResidue residue) => _positions.ContainsKey(residue.Key);

    /// <summary>Whether the residue can only be one of another chain: its number was there before, and it is no further conformation.</summary>
    public bool IsRestart(ObservedResidue residue) =>
        _positions.TryGetValue(residue.Key, out var position)
        && position < _residues.Count - 1
        && !IsConformation(position, residue)
        && !IsWrap(residue)
        && ((position == 0 && !_hasWrapped) || !residue.IsBondedTo(_residues[^1]));

    /// <summary>Appends a residue, or decides between two conformations of one.</summary>
    /// <returns>Whether it is a further conformation.</returns>
    public bool Add(ObservedResidue residue)
    {
        if (_positions.TryGetValue(residue.Key, out var position) && IsConformation(position, residue))
        {
            // Of several conformations the one that most molecules are in; of equals, the first.
            if ((residue.Occupancy ?? 1) > (_residues[position].Occupancy ?? 1))
                _residues[position] = residue;
            return true;
        }
        _hasWrapped |= IsWrap(residue);
        _positions[residue.Key] = _residues.Count;
        _residues.Add(residue);
        return false;
    }

    /// <summary>Puts a residue behind the one with the largest number below its own.</summary>
    /// <returns>Whether it is a further conformation.</returns>
    public bool Insert(ObservedResidue residue)
    {
        if (_positions.ContainsKey(residue.Key))
            return Add(residue);
        var at = Neighbours(residue).Below + 1;
        _residues.Insert(at, residue);
        for (var i = at; i < _residues.Count; i++)
            _positions[_residues[i].Key] = i;
        return false;
    }

    /// <summary>Positions of the last residue below another one and of the first above it; -1 where there is none.</summary>
    public (int Below, int Above) Neighbours(ObservedResidue residue)
    {
        var (below, above) = (-1, -1);
        for (var i = 0; i < _residues.Count; i++)
        {
            var order = _residues[i].CompareOrder(residue);
            if (order < 0 && (below < 0 || _residues[i].CompareOrder(_residues[below]) >= 0))
                below = i;
            if (order > 0 && (above < 0 || _residues[i].CompareOrder(_residues[above]) < 0))
                above = i;
        }
        return (below, above);
    }

    /// <summary>Position of the residue that has this one's place or number, -1 if there is none.</summary>
    public int Find(ObservedResidue residue) => _residues.FindIndex(there => there.CompareOrder(residue) == 0);

    /// <summary>Brings residues that stand out of order into the order of their numbers, where these tell it.</summary>
    /// <returns>How many residues changed places.</returns>
    public int Sort()
    {
        var isAscending = true;
        for (var i = 1; i < _residues.Count && isAscending; i++)
            isAscending = _residues[i - 1].CompareOrder(_residues[i]) <= 0;
        if (isAscending)
            return 0;
        var havePlaces = _residues.TrueForAll(residue => residue.Place is not null);
        List<ObservedResidue> sorted = havePlaces ? [.. _residues.OrderBy(residue => residue.Place)] : [.. _residues.OrderBy(residue => residue.Number)];
        // Places in the polymer say the order. Numbers of the authors may go any way, so they count only if the chain holds together better.
        if (!havePlaces && Bonds(sorted) <= Bonds(_residues))
            return 0;
        var moved = 0;
        for (var i = 0; i < sorted.Count; i++)
            moved += sorted[i].Key == _residues[i].Key ? 0 : 1;
        _residues.Clear();
        _residues.AddRange(sorted);
        return moved;
    }

    private bool IsWrap(ObservedResidue residue) =>
        _residues.Count > 0 && LastBeforeWrap.Contains(_residues[^1].Number.Number) && residue.Number.Number < _residues[^1].Number.Number;

    private static int Bonds(List<ObservedResidue> residues)
    {
        var bonds = 0;
        for (var i = 1; i < residues.Count; i++)
            bonds += residues[i].IsBondedTo(residues[i - 1]) ? 1 : 0;
        return bonds;
    }

    /// <summary>Whether a residue whose key is taken is the same residue in another conformation.</summary>
    private bool IsConformation(int position, ObservedResidue residue)
    {
        var known = _residues[position];
        if (residue.AlternateLocation != '\0' && residue.AlternateLocation != known.AlternateLocation)
            return true;
        if (position < _residues.Count - 1)
            return false; // a number may come again after 9999 residues
        if (known.Place is not null)
            return true; // two residues do not share a place
        // Neighbours that share a number: two of different names cannot both be there in full, and two of one name not that far apart.
        const float Apart = 1.5f;
        return known.AlternateLocation != '\0' || (known.Occupancy ?? 0) + (residue.Occupancy ?? 0) <= 1.01f
            || (known.Name == residue.Name && known.DistanceTo(residue) <= Apart);
    }
}
