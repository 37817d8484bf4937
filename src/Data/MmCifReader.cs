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

    private readonly LineReader _lines;
    private readonly bool _useLabels;
    private readonly StructureBuilder _builder = new();
    private readonly TextPool _texts = new();
    private readonly MmCifSequences _sequences;
    private string? _model;

    private MmCifReader(LineReader lines, bool useLabels) => (_lines, _useLabels, _sequences) = (lines, useLabels, new(_texts));

    /// <summary>Reads the file.</summary>
    /// <param name="lines">The file.</param>
    /// <param name="useLabels">Chain ids and residue numbers of the archive rather than of the authors.</param>
    /// <exception cref="InvalidDataException">The file is broken; the message names file, line and reason.</exception>
    public static ProteinStructure Read(LineReader lines, bool useLabels = false) => new MmCifReader(lines, useLabels).Read();

    private ProteinStructure Read()
    {
        var parser = new CifParser(
            _lines,
            new CifTable("atom_site", AtomItems, Atom),
            new CifTable("chem_comp", ["id", "mon_nstd_parent_comp_id"], row => AddParent(row[0], row[1])),
            new CifTable("pdbx_struct_mod_residue", ["label_comp_id", "auth_comp_id", "parent_comp_id"], row => AddParent(row[row.Has(0) ? 0 : 1], row[2])),
            _sequences.OfEntities(),
            _sequences.OfChains());
        parser.Read(() => _model is not null);
        if (_model is null)
            throw _lines.ErrorAt(0, "the file has no _atom_site row, so it gives no positions");
        return _builder.Build(_sequences.Of);
    }

    private void AddParent(ReadOnlySpan<byte> residue, ReadOnlySpan<byte> parent)
    {
        if (!residue.IsEmpty && !parent.IsEmpty)
            _builder.Letters.AddParent(_texts.Get(residue), _texts.Get(parent));
    }

    private void Atom(CifTable row)
    {
        var model = _texts.Get(row[Model]);
        _model ??= Begin(row, model);
        if (model != _model)
            return;
        var isNamedAlphaCarbon = Either(row, AtomName, AuthorAtomName).SequenceEqual("CA"u8);
        var isHetero = row[Group].SequenceEqual("HETATM"u8);
        if (isHetero && !isNamedAlphaCarbon)
            return;

        // Residues of a polymer have a sequence number there, ligands and water a point.
        var residue = _texts.Get(Either(row, ResidueName, AuthorResidueName));
        if (!row[Group].SequenceEqual("ATOM"u8) && row[SequenceNumber].IsEmpty && (row.Has(SequenceNumber) || !_builder.Letters.IsKnown(residue)))
            return;
        var chain = _texts.Get(_useLabels ? Either(row, Chain, AuthorChain) : Either(row, AuthorChain, Chain));
        var number = Number(row);
        _builder.Visit(chain, number, residue);
        if (!isNamedAlphaCarbon || !IsCarbon(row, residue))
            return;

        _sequences.Note(chain, row[Chain], row[Entity]);
        _builder.Add(chain, new AlphaCarbon(
            residue, number, row[AlternateLocation] is [var letter, ..] ? (char)letter : '\0', Field.Occupancy(row[OccupancyShare], _lines, "the occupancy"),
            Coordinate(row, X), Coordinate(row, Y), Coordinate(row, Z)));
    }

    private string Begin(CifTable row, string model)
    {
        Require(row, AtomName, AuthorAtomName);
        Require(row, ResidueName, AuthorResidueName);
        Require(row, SequenceNumber, AuthorSequenceNumber);
        Require(row, X, X);
        Require(row, Y, Y);
        Require(row, Z, Z);
        return model;
    }

    private void Require(CifTable row, int item, int alternative)
    {
        if (!row.Has(item) && !row.Has(alternative))
            throw _lines.Error($"the _atom_site category has no item '{row.Items[item]}'");
    }

    // Calcium is called CA as well, but it is no carbon and never in an amino acid.
    private bool IsCarbon(CifTable row, string residue) =>
        _builder.Letters.IsKnown(residue) || (row[Element].IsEmpty ? residue != "CA" : row[Element].SequenceEqual("C"u8));

    private ResidueNumber Number(CifTable row)
    {
        var isLabel = (_useLabels && !row[SequenceNumber].IsEmpty) || row[AuthorSequenceNumber].IsEmpty;
        var field = row[isLabel ? SequenceNumber : AuthorSequenceNumber];
        if (!Field.TryInt(field, out var number))
            throw _lines.Error($"{row.Items[isLabel ? SequenceNumber : AuthorSequenceNumber]} is {Field.Quote(field)}, expected a whole number");
        if (row[InsertionCode].Length > 1)
            throw _lines.Error($"{row.Items[InsertionCode]} is {Field.Quote(row[InsertionCode])}, expected one letter");
        return new ResidueNumber(number, !isLabel && row[InsertionCode] is [var code] ? (char)code : '\0');
    }

    // A standard uncertainty may follow in brackets: 12.34(5).
    private float Coordinate(CifTable row, int item)
    {
        var field = row[item];
        var bracket = field.IndexOf((byte)'(');
        return Field.Coordinate(bracket > 0 ? field[..bracket] : field, _lines, row.Items[item]);
    }

    private static ReadOnlySpan<byte> Either(CifTable row, int item, int alternative) => row[item].IsEmpty ? row[alternative] : row[item];
}
