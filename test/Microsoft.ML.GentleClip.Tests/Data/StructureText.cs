using System.Globalization;
using System.Text;
using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>Writes structure files and reads texts with the readers.</summary>
internal static class StructureText
{
    private static readonly Dictionary<char, string> Names =
        "A ALA C CYS D ASP E GLU F PHE G GLY H HIS I ILE K LYS L LEU M MET N ASN P PRO Q GLN R ARG S SER T THR V VAL W TRP Y TYR"
        .Split(' ').Chunk(2).ToDictionary(pair => pair[0][0], pair => pair[1]);

    public static string NameOf(char letter) => Names[letter];

    public static LineReader Lines(string text, string name = "file") => Lines(Encoding.UTF8.GetBytes(text), name);

    public static LineReader Lines(byte[] bytes, string name = "file") => new(new MemoryStream(bytes), name);

    public static ProteinStructure Read(string text, bool useLabels = false, bool keepsGoodRecords = false)
    {
        using var lines = Lines(text);
        return StructureReader.Read(lines, useLabels, keepsGoodRecords);
    }

    /// <summary>The error of a text that must not be read.</summary>
    public static string Error(string text) => Assert.ThrowsExactly<InvalidDataException>(() => Read(text)).Message;

    /// <summary>Chains in short: "A:GAM 1 2 2A | B:..."</summary>
    public static string Summary(this ProteinStructure structure) =>
        string.Join(" | ", structure.Chains.Select(chain => $"{chain.Id}:{chain.Sequence} {string.Join(' ', chain.ResidueNumbers)}"));

    /// <summary>One line of a PDB file; x alone tells atoms apart, y and z are 0.</summary>
    public static string Atom(
        string residue, string number, string chain = "A", string name = " CA ", double x = 0, string alternate = " ", string? occupancy = "1.00",
            string element = "C", bool hetero = false,
        string segment = "")
    {
        var insertion = char.IsAsciiLetter(number[^1]) && number.Length < 4 ? number[^1..] : " ";
        var digits = insertion == " " ? number : number[..^1];
        var columns = residue.Length > 3 ? residue + chain : $"{residue,3}{chain,2}"; // column 21 belongs to either
        var line = string.Create(CultureInfo.InvariantCulture,
            $"{(hetero ? "HETATM" : "ATOM  ")}{1,5} {name,-4}{alternate}{columns}{digits,4}{insertion}   {x,8:F3}{0,8:F3}{0,8:F3}");
        return occupancy is null ? line : $"{line}{occupancy,6}{10,6:F2}      {segment,-4}{element,2}";
    }

    /// <summary>
    /// Lines of a chain with alpha carbons 3.8 angstrom apart, from residues in short: "ALA 1 MSE* 2 GLY 3A", where a star stands for HETATM.
    /// </summary>
    public static IEnumerable<string> Residues(string residues, string chain = "A", double x = 0, string segment = "") =>
        residues.Split(' ').Chunk(2)
            .Select((pair, i) => Atom(pair[0].TrimEnd('*'), pair[1], chain, x: x + 3.8 * i, hetero: pair[0].EndsWith('*'), segment: segment));

    /// <summary>A PDB file with these lines.</summary>
    public static string Pdb(params IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    /// <summary>An mmCIF file with an _atom_site loop of these columns and rows.</summary>
    public static string Cif(string columns, params IEnumerable<string> rows) =>
        $"data_TEST\n#\nloop_\n"
            + $"{string.Concat(columns.Split(' ').Select(column => $"_atom_site.{column}\n"))}{string.Concat(rows.Select(row => row + "\n"))}#\n";

    /// <summary>A chain as the archive writes it: SEQRES, atoms, TER, water, a calcium.</summary>
    public static string PdbOf(SampleChain chain)
    {
        var text = new StringBuilder($"HEADER    TEST                                    01-JAN-00   {chain.Entry.ToUpperInvariant()}\n");
        foreach (var (i, letters) in chain.Sequence.Chunk(13).Index())
            text.AppendLine(CultureInfo.InvariantCulture,
                $"SEQRES {i + 1,3} {chain.Chain}{chain.Sequence.Length,5}  {string.Join(' ', letters.Select(NameOf))}");
        for (var i = 0; i < chain.Sequence.Length; i++)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"ATOM  {i + 1,5}  CA  {NameOf(chain.Sequence[i])} {chain.Chain}{chain.FirstNumber + i,4}    "
                    + $"{Number(chain, i, 0),8}{Number(chain, i, 1),8}{Number(chain, i, 2),8}  1.00 20.00           C  ");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"TER   {chain.Sequence.Length + 1,5}      {NameOf(chain.Sequence[^1])} {chain.Chain}{chain.FirstNumber + chain.Sequence.Length - 1,4}");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"HETATM{chain.Sequence.Length + 2,5} CA    CA {chain.Chain}{2001,4}    {"1.000",8}{"2.000",8}{"3.000",8}  1.00 20.00          CA  ");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"HETATM{chain.Sequence.Length + 3,5}  O   HOH {chain.Chain}{2002,4}    {"1.000",8}{"2.000",8}{"3.000",8}  1.00 20.00           O  ");
        return text.Append("END\n").ToString();
    }

    /// <summary>The same in mmCIF.</summary>
    public static string CifOf(SampleChain chain)
    {
        var text = new StringBuilder(
            $"data_{chain.Entry.ToUpperInvariant()}\n_entry.id "
                + $"{chain.Entry.ToUpperInvariant()}\n#\nloop_\n_entity_poly_seq.entity_id\n_entity_poly_seq.num\n_entity_poly_seq.mon_id\n");
        foreach (var (i, letter) in chain.Sequence.Index())
            text.AppendLine(CultureInfo.InvariantCulture, $"1 {i + 1} {NameOf(letter)}");
        text.Append("#\nloop_\n");
        const string items = "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id label_seq_id pdbx_PDB_ins_code "
            + "Cartn_x Cartn_y Cartn_z occupancy auth_seq_id auth_asym_id pdbx_PDB_model_num";
        foreach (var item in items.Split(' '))
            text.AppendLine($"_atom_site.{item}");
        for (var i = 0; i < chain.Sequence.Length; i++)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"ATOM {i + 1} C CA . {NameOf(chain.Sequence[i])} L 1 {i + 1} ? {Number(chain, i, 0)} {Number(chain, i, 1)} {Number(chain, i, 2)} 1.00 "
                    + $"{chain.FirstNumber + i} {chain.Chain} 1");
        text.AppendLine(CultureInfo.InvariantCulture, $"HETATM {chain.Sequence.Length + 1} CA CA . CA M 2 . ? 1.000 2.000 3.000 1.00 2001 {chain.Chain} 1");
        text.AppendLine(CultureInfo.InvariantCulture, $"HETATM {chain.Sequence.Length + 2} O O . HOH N 3 . ? 1.000 2.000 3.000 1.00 2002 {chain.Chain} 1");
        return text.Append("#\n").ToString();
    }

    private static string Number(SampleChain chain, int residue, int axis) =>
        (chain.Positions[3 * residue + axis] / 100m).ToString("F3", CultureInfo.InvariantCulture);
}
