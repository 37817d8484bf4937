namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Reads the protein chains of the first model in the first data block with atoms of an mmCIF file (dictionary PDBx/mmCIF 5,
/// https://mmcif.wwpdb.org). Columns and categories may come in any order; most of them may be missing.
/// </summary>
internal sealed class MmCifReader
{
    private const int Group = 0, Element = 1, AtomName = 2, AuthorAtomName = 3, AlternateLocation = 4, ResidueName = 5, AuthorResidueName = 6,
        Chain = 7, AuthorChain = 8, Entity = 9, SequenceNumber = 10, AuthorSequenceNumber = 11, InsertionCode = 12,
        X = 13, Y = 14, Z = 15, OccupancyShare = 16, Model = 17;

    private static readonly string[] AtomItems =
    [
        "group_PDB", "type_symbol", "label_atom_id", "auth_atom_id", "label_alt_id", "label_comp_id", "auth_comp_id",
        "label_asym_id", "auth_asym_id", "label_entity_id", "label_seq_id", "auth_seq_id", "pdbx_PDB_ins_code",
        "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "pdbx_PDB_model_num",
    ];

    // What tells one residue from the next.
    private static readonly int[] ResidueItems =
        [AuthorSequenceNumber, SequenceNumber, ResidueName, AuthorResidueName, Chain, AuthorChain, InsertionCode, Group, Model];

    private readonly LineReader _lines;
    private readonly bool _useLabels;
    private readonly bool _keepsGoodRecords;
    private readonly StructureBuilder _builder;
    private readonly TextPool _texts = new();
    private readonly MmCifPolymers _polymers;
    private readonly List<Source> _sources = [];
    private bool _hasHeteroWithoutPlace;
    private bool _hasAuthorNumbers;
    private string? _model;
    private bool _isOtherModel;
    private string _residue = "";

    private MmCifReader(LineReader lines, bool useLabels, bool keepsGoodRecords) =>
        (_builder, _lines, _useLabels, _keepsGoodRecords, _polymers) = (new(lines.Name), lines, useLabels, keepsGoodRecords, new(_texts));

    /// <summary>Reads the file.</summary>
    /// <param name="lines">The file.</param>
    /// <param name="useLabels">Chain ids and residue numbers of the archive rather than of the authors.</param>
    /// <param name="keepsGoodRecords">A damaged row costs its residue rather than the file.</param>
    /// <exception cref="InvalidDataException">The file is broken; the message names file, line and reason.</exception>
    public static ProteinStructure Read(LineReader lines, bool useLabels = false, bool keepsGoodRecords = false) =>
        new MmCifReader(lines, useLabels, keepsGoodRecords).Read();

    private ProteinStructure Read()
    {
        var parser = new CifParser(
            _lines,
            [
                new CifTable("atom_site", AtomItems, Atom),
                new CifTable("chem_comp", ["id", "mon_nstd_parent_comp_id"], row => AddParent(row[0], row[1])),
                new CifTable("pdbx_struct_mod_residue", ["label_comp_id", "auth_comp_id", "parent_comp_id"], row => AddParent(row[row.Has(0) ? 0 : 1], row[2])),
                .. _polymers.Tables(),
            ]);
        parser.Read(() => _model is not null, () => _builder.Notes.Add(ProteinFileRemark.FurtherDataBlocks));
        if (_model is null)
            throw _lines.ErrorAt(0, "the file has no _atom_site row, so it gives no positions");
        Decide();
        return ChainAssembly.Chains(_builder, (_, _) => false, first => _polymers.SequenceOf(first.Chain, first.Piece, _builder.Letters));
    }

    private void AddParent(ReadOnlySpan<byte> residue, ReadOnlySpan<byte> parent)
    {
        if (!residue.IsEmpty && !parent.IsEmpty)
            _builder.Letters.AddParent(_texts.Get(residue), _texts.Get(parent));
    }

    private void Atom(CifTable row)
    {
        if (!row.Repeats(ResidueItems) || _model is null)
        {
            var model = _texts.Get(row[Model]);
            _model ??= Begin(row, model);
            _isOtherModel = model != _model;
            if (_isOtherModel)
            {
                if (_builder.Notes[ProteinFileRemark.FurtherModels] == 0)
                    _builder.Notes.Add(ProteinFileRemark.FurtherModels);
                return;
            }
            _residue = _texts.Get(Either(row, ResidueName, AuthorResidueName));
            var isHetero = row[Group].SequenceEqual("HETATM"u8);
            _hasHeteroWithoutPlace |= isHetero && row[SequenceNumber].IsEmpty;
            _builder.Visit(_residue, isHetero);
        }
        if (_isOtherModel)
            return;
        if (!Either(row, AtomName, AuthorAtomName).SequenceEqual("CA"u8))
        {
            _builder.AddOtherAtom();
            return;
        }
        if (!IsCarbon(row))
            return;
        try
        {
            AlphaCarbon(row);
        }
        catch (InvalidDataException problem) when (_keepsGoodRecords || (row[Group].SequenceEqual("HETATM"u8) && !_builder.Letters.IsKnown(_residue)))
        {
            _builder.AddBadRecord(problem.Message);
        }
    }

    private string Begin(CifTable row, string model)
    {
        Require(row, AtomName, AuthorAtomName);
        Require(row, ResidueName, AuthorResidueName);
        Require(row, SequenceNumber, AuthorSequenceNumber);
        Require(row, X, X);
        Require(row, Y, Y);
        Require(row, Z, Z);
        _hasAuthorNumbers = row.Has(AuthorSequenceNumber);
        return model;
    }

    private void Require(CifTable row, int item, int alternative)
    {
        if (!row.Has(item) && !row.Has(alternative))
            throw _lines.Error($"the _atom_site category has no item '{row.Items[item]}'");
    }

    // Calcium is called CA as well, but it is no carbon and never in an amino acid.
    private bool IsCarbon(CifTable row) =>
        _builder.Letters.IsKnown(_residue) || (row[Element].IsEmpty ? _residue is not ("CA" or "CA2") : row[Element].SequenceEqual("C"u8));

    private void AlphaCarbon(CifTable row)
    {
        if (row[X].IsEmpty || row[Y].IsEmpty || row[Z].IsEmpty)
            return; // unknown coordinates: the residue counts as one without alpha carbon
        var piece = _texts.Get(row[Chain]);
        var chain = _useLabels ? Either(row, Chain, AuthorChain) : Either(row, AuthorChain, Chain);
        var residue = new ObservedResidue
        {
            Name = _residue,
            Chain = _texts.Get(chain),
            Piece = piece,
            Number = Number(row),
            Place = Field.TryInt(row[SequenceNumber], out var place) ? place : null,
            AlternateLocation = row[AlternateLocation] is [var letter, ..] ? (char)letter : '\0',
            Occupancy = row[OccupancyShare].IsEmpty ? null : Field.Occupancy(row[OccupancyShare], _lines, "the occupancy"),
            X = Coordinate(row, X),
            Y = Coordinate(row, Y),
            Z = Coordinate(row, Z),
        };
        _builder.Add(residue);
        var group = row[Group].SequenceEqual("ATOM"u8) ? RecordGroup.Atom : row[Group].SequenceEqual("HETATM"u8) ? RecordGroup.Hetero
            : !row.Has(SequenceNumber) && _builder.Letters.IsKnown(_residue) ? RecordGroup.Atom : RecordGroup.Unknown;
        var entity = _texts.Get(row[Entity]);
        _sources.Add(new(group, entity, row[AuthorChain].IsEmpty && !_useLabels));
        _polymers.Note(residue.Chain, piece, entity);
    }

    // Tables may stand before the atoms or behind, so what they say comes in at the end.
    private void Decide()
    {
        foreach (var (i, residue) in _builder.Residues.Index())
        {
            var isPolymer = _polymers.IsPolymer(residue.Piece, _sources[i].Entity);
            if (!_hasAuthorNumbers)
            {
                if (residue.Place is { } place && _polymers.TryNumber(residue.Piece, place, out var number, out var strand))
                {
                    residue.Number = _useLabels ? residue.Number : number;
                    residue.Chain = _sources[i].NeedsChain && strand.Length > 0 ? strand : residue.Chain;
                }
                else if (isPolymer != true)
                {
                    residue.Place = null; // PyMOL writes the numbers of the authors there
                }
            }
            residue.Evidence = EvidenceOf(residue, isPolymer, _sources[i].Group);
        }
    }

    private ResidueEvidence EvidenceOf(ObservedResidue residue, bool? isPolymer, RecordGroup group)
    {
        if (isPolymer is { } known)
        {
            return !known ? ResidueEvidence.Foreign
                : group == RecordGroup.Hetero && residue.Place is null ? ResidueEvidence.ListedResidue // its number says where it belongs
                : ResidueEvidence.Polymer;
        }
        // A place says that a residue is of the polymer only where ligands have none; some programs number all they write.
        if (residue.Place is not null && (group == RecordGroup.Unknown || (_hasHeteroWithoutPlace && _hasAuthorNumbers)))
            return ResidueEvidence.Polymer;
        return group != RecordGroup.Atom ? ResidueEvidence.None
            : _builder.Letters.IsKnown(residue.Name) ? ResidueEvidence.AminoAcid
            : ResidueEvidence.AtomRecord;
    }

    private ResidueNumber Number(CifTable row)
    {
        var isLabel = (_useLabels && !row[SequenceNumber].IsEmpty) || row[AuthorSequenceNumber].IsEmpty;
        var field = row[isLabel ? SequenceNumber : AuthorSequenceNumber];
        if (!Field.TryInt(field, out var number))
            throw _lines.Error($"{row.Items[isLabel ? SequenceNumber : AuthorSequenceNumber]} is {Field.Quote(field)}, expected a whole number");
        if (row[InsertionCode].Length > 1)
            throw _lines.Error($"{row.Items[InsertionCode]} is {Field.Quote(row[InsertionCode])}, expected one letter");
        var hasCode = !isLabel || (!_hasAuthorNumbers && !_useLabels);
        return new ResidueNumber(number, hasCode && row[InsertionCode] is [var code] ? (char)code : '\0');
    }

    // A standard uncertainty may follow in brackets: 12.34(5).
    private float Coordinate(CifTable row, int item)
    {
        var field = row[item];
        var bracket = field.IndexOf((byte)'(');
        return Field.Coordinate(bracket > 0 ? field[..bracket] : field, _lines, row.Items[item]);
    }

    private static ReadOnlySpan<byte> Either(CifTable row, int item, int alternative) => row[item].IsEmpty ? row[alternative] : row[item];

    private enum RecordGroup
    {
        Unknown,
        Atom,
        Hetero,
    }

    private readonly record struct Source(RecordGroup Group, string Entity, bool NeedsChain);
}
