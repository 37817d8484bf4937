namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Reads the protein chains of the first model of a PDB file (format 3.3, https://www.wwpdb.org/documentation/file-format) and of the
/// dialects that programs write. Lines may be cut off behind the coordinates, and records that are not needed are not looked at.
/// </summary>
internal sealed class PdbReader
{
    private const int CoordinatesEnd = 54, ResidueStart = 17, ResidueEnd = 27, SequenceEnd = 70;

    private readonly LineReader _lines;
    private readonly bool _keepsGoodRecords;
    private readonly StructureBuilder _builder;
    private readonly TextPool _texts = new();
    private readonly PdbNumbers _numbers = new();
    private readonly PdbChains _chains = new();
    private readonly Dictionary<string, List<string>> _fullSequences = new(StringComparer.Ordinal);
    private readonly HashSet<(string Chain, ResidueNumber Number)> _modified = [];
    private readonly byte[] _lastResidue = new byte[ResidueEnd - ResidueStart];
    private string _residue = "";
    private bool _hasAtoms;

    private PdbReader(LineReader lines, bool keepsGoodRecords) => (_builder, _lines, _keepsGoodRecords) = (new(lines.Name), lines, keepsGoodRecords);

    /// <summary>Reads the file to the end of its first model.</summary>
    /// <param name="lines">The file.</param>
    /// <param name="keepsGoodRecords">A damaged record costs its residue rather than the file.</param>
    /// <exception cref="InvalidDataException">The file is broken; the message names file, line and reason.</exception>
    public static ProteinStructure Read(LineReader lines, bool keepsGoodRecords = false) => new PdbReader(lines, keepsGoodRecords).Read();

    private ProteinStructure Read()
    {
        while (_lines.TryRead(out var line))
        {
            if (line.StartsWith("ATOM"u8) && (IsRecord(line, 4) || char.IsAsciiDigit((char)line[4]))) // a serial of seven digits begins in column 5
                Atom(line, isHetero: false);
            else if (line.StartsWith("HETATM"u8))
                Atom(line, isHetero: true);
            else if (line.StartsWith("TER"u8) && IsRecord(line, 3))
                EndChain(line);
            else if (line.StartsWith("SEQRES"u8))
                FullSequence(line);
            else if (line.StartsWith("MODRES"u8))
                ModifiedResidue(line);
            else if (_hasAtoms && EndsModel(line))
            {
                NoteFurtherModels(line);
                break;
            }
        }
        if (!_hasAtoms)
            throw _lines.ErrorAt(0, "expected a PDB or mmCIF file, but found neither an ATOM record nor a data_ block");
        return Build();
    }

    private ProteinStructure Build()
    {
        _chains.Resolve(_builder);
        foreach (var residue in _builder.Residues)
            residue.Evidence = EvidenceOf(residue);
        var sequences = new Dictionary<string, string>(StringComparer.Ordinal);
        return ChainAssembly.Chains(_builder, _chains.IsClosed, first =>
        {
            if (!sequences.TryGetValue(first.Chain, out var sequence))
                sequences.Add(first.Chain, sequence = string.Concat(_fullSequences.GetValueOrDefault(first.Chain, []).Select(_builder.Letters.Of)));
            return sequence;
        });
    }

    private ResidueEvidence EvidenceOf(ObservedResidue residue)
    {
        var isHetero = residue.Evidence == ResidueEvidence.None;
        if (isHetero && _modified.Contains((residue.Chain, residue.Number)))
            return ResidueEvidence.ListedResidue;
        if (!isHetero && _builder.Letters.IsKnown(residue.Name))
            return ResidueEvidence.AminoAcid;
        if (_fullSequences.TryGetValue(residue.Chain, out var names))
        {
            var isListed = names.Contains(residue.Name) || (residue.Name == "MSE" && names.Contains("MET")); // the modelled protein had methionine
            return isListed ? (isHetero ? ResidueEvidence.ListedName : ResidueEvidence.AminoAcid) : isHetero ? ResidueEvidence.Unlisted : residue.Evidence;
        }
        return residue.Evidence;
    }

    // Some programs write END, others nothing but the next MODEL, where ENDMDL belongs.
    private static bool EndsModel(ReadOnlySpan<byte> line) =>
        line.StartsWith("ENDMDL"u8) || (line.StartsWith("MODEL"u8) && IsRecord(line, 5)) || (line.StartsWith("END"u8) && IsRecord(line, 3));

    private void NoteFurtherModels(ReadOnlySpan<byte> line)
    {
        var isNext = line.StartsWith("MODEL"u8) || (line.StartsWith("ENDMDL"u8) && _lines.TryRead(out line) && line.StartsWith("MODEL"u8));
        if (isNext)
            _builder.Notes.Add(ProteinFileRemark.FurtherModels);
    }

    private static bool IsRecord(ReadOnlySpan<byte> line, int nameLength) => line.Length == nameLength || line[nameLength] == ' ';

    private void Atom(ReadOnlySpan<byte> line, bool isHetero)
    {
        if (line.Length < ResidueEnd)
        {
            // The name of the atom and of the residue tell whether it is needed.
            if (line.Length < ResidueStart + 3 || (IsAlphaCarbonName(line) && _builder.Letters.IsKnown(_texts.Get(line[17..20].Trim((byte)' ')))))
                Refuse($"an atom record needs {CoordinatesEnd} columns or more, found {line.Length}");
            else
                _builder.Notes.Add(ProteinFileRemark.BadRecord, $"line {_lines.LineNumber}: an atom record of {line.Length} columns was passed over");
            _hasAtoms = true;
            return;
        }
        _hasAtoms = true;
        _chains.SetLast((char)line[20], (char)line[21]);
        if (!line[ResidueStart..ResidueEnd].SequenceEqual(_lastResidue))
        {
            line[ResidueStart..ResidueEnd].CopyTo(_lastResidue);
            _residue = _texts.Get(line[17..20].Trim((byte)' '));
            _builder.Visit(_residue, isHetero);
        }
        if (!IsAlphaCarbonName(line))
        {
            _builder.AddOtherAtom();
            return;
        }
        if (!IsCarbon(line, _residue))
            return;
        if (line.Length >= CoordinatesEnd && line[30..CoordinatesEnd].Trim((byte)' ').IsEmpty)
            return; // unknown coordinates: the residue counts as one without alpha carbon
        try
        {
            AlphaCarbon(line, _residue, isHetero);
        }
        catch (InvalidDataException problem) when (_keepsGoodRecords || (isHetero && !_builder.Letters.IsKnown(_residue)))
        {
            _builder.AddBadRecord(problem.Message);
        }
    }

    private static bool IsAlphaCarbonName(ReadOnlySpan<byte> line) =>
        line[12..16] is [(byte)' ', (byte)'C', (byte)'A', (byte)' '] || line[12..16].Trim((byte)' ').SequenceEqual("CA"u8);

    private void AlphaCarbon(ReadOnlySpan<byte> line, string residue, bool isHetero)
    {
        if (line.Length < CoordinatesEnd)
            throw _lines.Error($"an atom record needs {CoordinatesEnd} columns or more, found {line.Length}");
        if (!_numbers.TryRead(line, out var number, out var end, out var isRepaired))
            throw _lines.Error($"the residue number in columns 23-26 is {Field.Quote(line[22..26])}, expected a whole number");
        // A coordinate of nine characters runs out of its columns, and what stands in them is another number.
        if (!line[end..30].Trim((byte)' ').IsEmpty)
            throw _lines.Error($"columns {end + 1}-30 hold {Field.Quote(line[end..30])}, expected blanks before the x coordinate");
        var x = Field.Coordinate(Columns(line, 31, 38), _lines, "the x coordinate in columns 31-38");
        var y = Field.Coordinate(Columns(line, 39, 46), _lines, "the y coordinate in columns 39-46");
        var z = Field.Coordinate(Columns(line, 47, 54), _lines, "the z coordinate in columns 47-54");
        if (line.Length > CoordinatesEnd && char.IsAsciiDigit((char)line[CoordinatesEnd]) && Decimals(line[46..54]) < Decimals(line[30..38]) && line[46] != ' ')
            throw _lines.Error($"the z coordinate runs out of columns 47-54, which hold {Field.Quote(line[46..54])}");
        var occupancy = Columns(line, 55, 60);
        var carbon = new ObservedResidue
        {
            Name = residue,
            Chain = "",
            Piece = "",
            Number = number,
            Evidence = isHetero ? ResidueEvidence.None : ResidueEvidence.AtomRecord,
            AlternateLocation = PdbNumbers.Letter(line[16]),
            Occupancy = occupancy.Trim((byte)' ').IsEmpty ? null : Field.Occupancy(occupancy, _lines, "the occupancy in columns 55-60"),
            X = x,
            Y = y,
            Z = z,
        };
        if (isRepaired)
            _builder.Notes.Add(ProteinFileRemark.RepairedNumber, $"line {_lines.LineNumber}: residue number {Field.Quote(line[22..26])} was read as {number}");
        _builder.Add(carbon);
        _chains.Add((char)line[20], (char)line[21], _texts.Get(Columns(line, 73, 76).Trim((byte)' ')));
    }

    private static int Decimals(ReadOnlySpan<byte> field) => field.IndexOf((byte)'.') is var point and >= 0 ? field.Length - 1 - point : 0;

    // Calcium is called CA as well: one column to the left, with another element, and never in an amino acid.
    private bool IsCarbon(ReadOnlySpan<byte> line, string residue)
    {
        if (_builder.Letters.IsKnown(residue))
            return true;
        var element = Columns(line, 77, 78).Trim((byte)' ');
        var isGiven = !element.IsEmpty && char.IsAsciiLetter((char)element[0]); // files from before 1996 have line numbers there
        return isGiven ? element.SequenceEqual("C"u8) : line[12] == ' ' || line[20] != ' ';
    }

    private void Refuse(string reason)
    {
        var problem = _lines.Error(reason);
        if (!_keepsGoodRecords)
            throw problem;
        _builder.AddBadRecord(problem.Message);
    }

    private void EndChain(ReadOnlySpan<byte> line)
    {
        if (_hasAtoms)
            _chains.End(line.Length > 21 ? (char)line[20] : ' ', line.Length > 21 ? (char)line[21] : ' ');
    }

    private void FullSequence(ReadOnlySpan<byte> line)
    {
        if (line.Length < 20 || _hasAtoms)
            return;
        var id = _texts.Get(line[10..12].Trim((byte)' '));
        if (!_fullSequences.TryGetValue(id, out var names))
            _fullSequences.Add(id, names = []);
        var rest = line[19..Math.Min(line.Length, SequenceEnd)]; // files from before 1996 have their id and line number behind
        foreach (var range in rest.SplitAny(" "u8))
        {
            if (!rest[range].IsEmpty)
                names.Add(_texts.Get(rest[range]));
        }
    }

    private void ModifiedResidue(ReadOnlySpan<byte> line)
    {
        if (line.Length < 27)
            return;
        _builder.Letters.AddParent(_texts.Get(line[12..15].Trim((byte)' ')), _texts.Get(line[24..27].Trim((byte)' ')));
        if (Field.TryHybrid36(line[18..22], out var number))
            _modified.Add((_texts.Get(line[15..17].Trim((byte)' ')), new ResidueNumber(number, PdbNumbers.Letter(line[22]))));
    }

    private static ReadOnlySpan<byte> Columns(ReadOnlySpan<byte> line, int first, int last) =>
        line.Length < first ? [] : line[(first - 1)..Math.Min(last, line.Length)];
}
