namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Reads the protein chains of the first model of a PDB file (format 3.3, https://www.wwpdb.org/documentation/file-format). Lines may be
/// cut off behind the coordinates, records that are not needed are not looked at, and residue numbers above 9999 may be hybrid-36.
/// </summary>
internal sealed class PdbReader
{
    private const int CoordinatesEnd = 54;

    private readonly LineReader _lines;
    private readonly StructureBuilder _builder = new();
    private readonly TextPool _texts = new();
    private readonly Dictionary<string, List<string>> _fullSequences = new(StringComparer.Ordinal);
    private readonly HashSet<(string Chain, string Residue)> _sequenceNames = [];
    private readonly HashSet<(string Chain, ResidueNumber Number)> _modified = [];
    private string? _lastChain;

    private PdbReader(LineReader lines) => _lines = lines;

    /// <summary>Reads the file to the end of its first model.</summary>
    /// <exception cref="InvalidDataException">The file is broken; the message names file, line and reason.</exception>
    public static ProteinStructure Read(LineReader lines) => new PdbReader(lines).Read();

    private ProteinStructure Read()
    {
        while (_lines.TryRead(out var line))
        {
            if (line.StartsWith("ATOM"u8) && IsRecord(line, 4))
                Atom(line, isHetero: false);
            else if (line.StartsWith("HETATM"u8))
                Atom(line, isHetero: true);
            else if (line.StartsWith("TER"u8) && IsRecord(line, 3))
                EndChain(line);
            else if (line.StartsWith("SEQRES"u8))
                FullSequence(line);
            else if (line.StartsWith("MODRES"u8))
                ModifiedResidue(line);
            else if (_lastChain is not null && EndsModel(line))
                break;
        }
        if (_lastChain is null)
            throw _lines.ErrorAt(0, "expected a PDB or mmCIF file, but found neither an ATOM record nor a data_ block");
        return _builder.Build(chain => _fullSequences.GetValueOrDefault(chain));
    }

    // Some programs write END, others nothing but the next MODEL, where ENDMDL belongs.
    private static bool EndsModel(ReadOnlySpan<byte> line) =>
        line.StartsWith("ENDMDL"u8) || (line.StartsWith("MODEL"u8) && IsRecord(line, 5)) || (line.StartsWith("END"u8) && IsRecord(line, 3));

    private static bool IsRecord(ReadOnlySpan<byte> line, int nameLength) => line.Length == nameLength || line[nameLength] == ' ';

    private void Atom(ReadOnlySpan<byte> line, bool isHetero)
    {
        if (line.Length < CoordinatesEnd)
            throw _lines.Error($"an atom record needs {CoordinatesEnd} columns or more, found {line.Length}");
        var id = Chain(line, 21);
        _lastChain = id;
        var isNamedAlphaCarbon = line[12..16].Trim((byte)' ').SequenceEqual("CA"u8);
        if (isHetero && !isNamedAlphaCarbon)
            return;

        var residue = _texts.Get(line[17..20].Trim((byte)' '));
        var number = Number(line);
        if (!isHetero)
            _builder.Visit(id, number, residue);
        if (!isNamedAlphaCarbon || !IsCarbon(line, residue))
            return;

        var isDoubtful = false;
        if (isHetero)
        {
            // Behind the end of the chain are its ligands, free amino acids among them.
            var isListed = _modified.Contains((id, number));
            if (_builder.Chain(id).HasEnded && !isListed)
                return;
            isDoubtful = !isListed && !_builder.Letters.IsKnown(residue) && !_sequenceNames.Contains((id, residue));
            _builder.Visit(id, number, residue);
        }
        _builder.Add(id, new AlphaCarbon(
            residue, number, Letter(line[16]), Field.Occupancy(Columns(line, 55, 60), _lines, "the occupancy in columns 55-60"),
            Field.Coordinate(Columns(line, 31, 38), _lines, "the x coordinate in columns 31-38"),
            Field.Coordinate(Columns(line, 39, 46), _lines, "the y coordinate in columns 39-46"),
            Field.Coordinate(Columns(line, 47, 54), _lines, "the z coordinate in columns 47-54"),
            isDoubtful));
    }

    // Calcium is called CA as well: one column to the left, with another element, and never in an amino acid.
    private bool IsCarbon(ReadOnlySpan<byte> line, string residue)
    {
        if (_builder.Letters.IsKnown(residue))
            return true;
        var element = Columns(line, 77, 78).Trim((byte)' ');
        var isGiven = !element.IsEmpty && char.IsAsciiLetter((char)element[0]); // files from before 1996 have line numbers there
        return isGiven ? element.SequenceEqual("C"u8) : line[12] == ' ';
    }

    private ResidueNumber Number(ReadOnlySpan<byte> line) =>
        Field.TryHybrid36(line[22..26], out var number)
            ? new ResidueNumber(number, Letter(line[26]))
            : throw _lines.Error($"the residue number in columns 23-26 is {Field.Quote(line[22..26])}, expected a whole number");

    private void EndChain(ReadOnlySpan<byte> line)
    {
        if (_lastChain is null)
            return;
        var id = line.Length > 21 ? Chain(line, 21) : "";
        var chain = _builder.Chain(id.Length > 0 ? id : _lastChain);
        chain.End();
    }

    private void FullSequence(ReadOnlySpan<byte> line)
    {
        if (line.Length < 20 || _lastChain is not null)
            return;
        var id = Chain(line, 11);
        if (!_fullSequences.TryGetValue(id, out var names))
            _fullSequences.Add(id, names = []);
        var rest = line[19..];
        foreach (var range in rest.SplitAny(" "u8))
        {
            if (rest[range].IsEmpty)
                continue;
            names.Add(_texts.Get(rest[range]));
            _sequenceNames.Add((id, names[^1]));
        }
    }

    private void ModifiedResidue(ReadOnlySpan<byte> line)
    {
        if (line.Length < 27)
            return;
        _builder.Letters.AddParent(_texts.Get(line[12..15].Trim((byte)' ')), _texts.Get(line[24..27].Trim((byte)' ')));
        if (Field.TryHybrid36(line[18..22], out var number))
            _modified.Add((Chain(line, 16), new ResidueNumber(number, Letter(line[22]))));
    }

    private string Chain(ReadOnlySpan<byte> line, int column) => line[column] == ' ' ? "" : _texts.Get(line.Slice(column, 1));

    private static char Letter(byte symbol) => symbol == ' ' ? '\0' : (char)symbol;

    private static ReadOnlySpan<byte> Columns(ReadOnlySpan<byte> line, int first, int last) =>
        line.Length < first ? [] : line[(first - 1)..Math.Min(last, line.Length)];
}
