using System.Collections.Frozen;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Gathers the residues of one structure while its file is read, and makes chains of them.</summary>
/// <param name="file">Name of the file.</param>
internal sealed class StructureBuilder(string file)
{
    private static readonly FrozenSet<string> Waters = "HOH WAT DOD H2O HHO OHH OH2 TIP TIP3 TIP4 TIP5 TP3 TP4 TP5 T3P T4P SOL SPC SPCE SWM4"
        .Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly List<int> _loneAtoms = [];
    private string? _residue;
    private bool _isHetero;
    private bool _hasOtherAtoms;
    private int _firstCarbon = -1;
    private bool _hasWholeResidues;
    private string? _classified;
    private bool _isAminoAcid;
    private ProteinFileRemark _leftOut;

    /// <summary>One-letter codes, together with the parents that this file names.</summary>
    public ResidueLetters Letters { get; } = new();

    /// <summary>What was left out or decided.</summary>
    public ProteinFileNotes Notes { get; } = new(file);

    /// <summary>The alpha carbons in the order of the file.</summary>
    public List<ObservedResidue> Residues { get; } = [];

    /// <summary>Notes the residue that the atoms to come belong to.</summary>
    /// <param name="residue">Its name.</param>
    /// <param name="isHetero">Whether its records are HETATM.</param>
    public void Visit(string residue, bool isHetero)
    {
        EndResidue();
        (_residue, _isHetero, _hasOtherAtoms, _firstCarbon) = (residue, isHetero, false, -1);
    }

    /// <summary>Notes that the residue visited last has other atoms than its alpha carbon.</summary>
    public void AddOtherAtom() => _hasOtherAtoms = true;

    /// <summary>Adds the alpha carbon of the residue visited last.</summary>
    public void Add(ObservedResidue residue)
    {
        if (_firstCarbon < 0)
            _firstCarbon = Residues.Count;
        Residues.Add(residue);
    }

    /// <summary>Leaves out a record that is damaged.</summary>
    public void AddBadRecord(string problem)
    {
        _residue = null; // it is counted as a bad record, not as a residue without alpha carbon
        Notes.Add(ProteinFileRemark.BadRecord, problem);
    }

    /// <summary>The file has no further atoms.</summary>
    /// <returns>Alpha carbons of unknown residues that have no other atom although amino acids have: ions.</returns>
    public IReadOnlyCollection<int> End()
    {
        EndResidue();
        _residue = null;
        return _hasWholeResidues ? _loneAtoms : [];
    }

    private void EndResidue()
    {
        if (_residue is null)
            return;
        if (!ReferenceEquals(_residue, _classified))
        {
            // Waters come by the thousand, and names from a pool.
            _classified = _residue;
            _isAminoAcid = Letters.IsKnown(_residue);
            _leftOut = _isAminoAcid ? ProteinFileRemark.ResidueWithoutAlphaCarbon
                : Waters.Contains(_residue) ? ProteinFileRemark.Water
                : ProteinFileRemark.Ligand;
        }
        if (_firstCarbon < 0)
            Notes.Add(_isAminoAcid && _isHetero ? ProteinFileRemark.Ligand : _leftOut);
        else if (_isAminoAcid)
            _hasWholeResidues |= _hasOtherAtoms;
        else if (!_hasOtherAtoms)
            _loneAtoms.Add(_firstCarbon);
    }
}
