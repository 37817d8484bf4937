using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Sound protein files, with the rarer things of their formats in them.</summary>
internal static class ProteinTexts
{
    public static readonly byte[][] Tokens = [.. new[]
    {
        "nan", "inf", "1e400", "-0", "99999999999999999999", "", " ", "'", "\"", ";", "\n;", "\r", "\n", "\t", "?", ".", "#", "loop_", "data_", "save_",
            "_atom_site.", "_a.b", ">", "*",
        "ATOM  ", "HETATM", "TER", "END", "ENDMDL", "MODEL ", "SEQRES", "MODRES", "CA", "MSE", "zzzz", "A000", "\0", "\uFEFF", "é",
    }.Where(text => text.Length > 0).Select(Encoding.UTF8.GetBytes)];

    private static readonly string[] Residues = ["ALA", "CYS", "GLY", "LEU", "LYS", "MET", "TRP", "MSE"];

    public static byte[][] Fasta { get; } = Bytes(
        "#6\t1\n>q/1-5\nMKV-LA..\n>h\nMK-aVLA.\n\0>next\n  1 MKVLA GGSSA 10\n>stop\nMK*VL?*\n>\nM\n>empty\n--\n",
        ";old\n;comment\nMKVLA*\n;second\nMK\n\u001a",
        ">sp|P1|X First OS=Homo\nMKVLAAGGGSTTRLAV\nMKVLAAGGGS\n>two\nacdefgh*\n\n; comment\n>three again\nBZX U\r\nKL\r\n",
        string.Concat(Enumerable.Range(0, 6).Select(i => $">chain{i} a b\n{string.Concat(Enumerable.Repeat("MKVLAAGGGS", i + 2))}\n")));

    public static byte[][] Pdb { get; } = Bytes(
        PdbOf(12),
        "HEADER    TEST\nSEQRES   1 A    4  GLY MSE QQQ ALA\nMODRES 1ABC QQQ A    2A TRP  NEW\nMODEL        1\n" + Atom(1, "GLY", "  -1 ")
            + Atom(2, "MSE", "   2 ", 'A') + Atom(3, "MSE", "   2 ", 'B') + Atom(4, "QQQ", "   2A")
        + Atom(5, "ALA", "A000 ") + "TER       6      ALA A A000\nENDMDL\nMODEL        2\n" + Atom(1, "GLY", "   1 ") + "ENDMDL\nEND\n",
        Atom(1, "NALA", "   1 ") + Atom(2, "HISB", "   2 ") + "TER\n" + Atom(3, "MSE", "   3 ").Replace("ATOM  ", "HETATM")
            + Atom(4, "GLU", " 301 ").Replace("ATOM  ", "HETATM") + Atom(9, "ALA", "   1 ") + Atom(10, "GLY", "9999 ")
        + Atom(11, "GLY", "2710 ") + Atom(12, "GLY", "271a ") + Atom(13, "GLY", "**** "),
        Atom(1, "ALA", "   1 ").Replace(" A ", " AB") + Atom(2, "GLY", "   2 ").Replace(" A ", "BA ") + Atom(3, "CA", " 301 ").Replace(" A ", "   "));

    public static byte[][] Cif { get; } = Bytes(
        CifOf(12),
        "data_x\n_atom_site.label_atom_id 'CA'\n_atom_site.label_comp_id \"GLY\"\n_atom_site.auth_asym_id AB\n_atom_site.auth_seq_id 1\n_atom_site.Cartn_x "
            + "1.5(2)\n_atom_site.Cartn_y 2\n_atom_site.Cartn_z 3\n"
        + "_struct.title\n;a text\nof two lines\n;\nloop_\n_chem_comp.id\n_chem_comp.mon_nstd_parent_comp_id\nMSE MET\nQQQ ?\n#\nsave_y\nloop_ "
            + "_pdbx_struct_mod_residue.auth_comp_id _pdbx_struct_mod_residue.parent_comp_id QQQ TRP\nsave_\n",
        "data_x\nloop_\n_entity.id\n_entity.type\n1 polymer\n2 non-polymer\n_entity_poly.entity_id 1\n_entity_poly.pdbx_seq_one_letter_code "
            + "'MA(MSE)G'\n_entity_poly.pdbx_strand_id 'A,B'\nloop_\n_pdbx_poly_seq_scheme.asym_id\n"
        + "_pdbx_poly_seq_scheme.seq_id\n_pdbx_poly_seq_scheme.mon_id\n_pdbx_poly_seq_scheme.pdb_seq_num\n_pdbx_poly_seq_scheme.pdb_ins_code\n"
        + "_pdbx_poly_seq_scheme.pdb_strand_id\nA 1 ALA 5 A X\nA 2 MSE 6 . X\nA 3 GLY 7 . X\nloop_\n"
        + "_atom_site.group_PDB\n_atom_site.label_atom_id\n_atom_site.label_comp_id\n_atom_site.label_asym_id\n_atom_site.label_entity_id\n"
        + "_atom_site.label_seq_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n"
        + "ATOM CA ALA A 1 1 0 0 0\nATOM CA GLY A 1 3 7.6 0 0\nHETATM CA MSE A 1 2 3.8 0 0\nHETATM CA GLU B 2 . 9 0 0\nATOM CA GLY C ? 1 ? 0 "
            + "0\ndata_y\nloop_ _atom_site.id 1\n");

    /// <summary>A broken copy of one of them; one in ten is packed with gzip, and broken there.</summary>
    public static byte[] Mutated(byte[][] files, Random random)
    {
        var which = random.Next(files.Length);
        var mutator = new ByteMutator(random, Tokens);
        return random.Next(10) == 0 ? mutator.Mutate(Gzip(files[which]), Gzip(files[0])) : mutator.Mutate(files[which], files[(which + 1) % files.Length]);
    }

    public static LineReader Lines(byte[] file) => new(ProteinFile.Decompressed(new MemoryStream(file)), "broken", maximumSize: 1 << 22);

    private static string PdbOf(int length)
    {
        var text = new StringBuilder("HEADER    TEST                                    01-JAN-00   1ABC\n").AppendLine(CultureInfo.InvariantCulture,
            $"SEQRES   1 A {length,4}  {string.Join(' ', Enumerable.Range(0, length).Select(i => Residues[i % Residues.Length]))}");
        for (var i = 0; i < length; i++)
            text.Append(Atom(i + 1, Residues[i % Residues.Length], $"{i + 1,4} "));
        return text.Append("TER\nEND\n").ToString();
    }

    private static string Atom(int serial, string residue, string number, char alternate = ' ') =>
        string.Create(CultureInfo.InvariantCulture,
            $"ATOM  {serial,5}  CA {alternate}{(residue.Length > 3 ? residue : $"{residue,3} ")}A{number}   {serial * 3.8,8:F3}{1.5,8:F3}{-2.25,8:F3}  1.00 "
                + $"20.00           C  \n");

    private static string CifOf(int length)
    {
        var text = new StringBuilder("data_1ABC\n_entry.id 1ABC\n#\nloop_\n_entity_poly_seq.entity_id\n_entity_poly_seq.num\n_entity_poly_seq.mon_id\n");
        for (var i = 0; i < length; i++)
            text.AppendLine(CultureInfo.InvariantCulture, $"1 {i + 1} {Residues[i % Residues.Length]}");
        text.Append("#\nloop_\n");
        const string items = "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id label_seq_id pdbx_PDB_ins_code "
            + "Cartn_x Cartn_y Cartn_z occupancy auth_seq_id auth_asym_id pdbx_PDB_model_num";
        foreach (var item in items.Split(' '))
            text.AppendLine($"_atom_site.{item}");
        for (var i = 0; i < length; i++)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"ATOM {i + 1} C CA . {Residues[i % Residues.Length]} L 1 {i + 1} ? {i * 3.8:F3} 1.500 -2.250 1.00 {i + 5} A 1");
        return text.Append("#\n").ToString();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private static byte[][] Bytes(params string[] texts) => Array.ConvertAll(texts, Encoding.UTF8.GetBytes);
}
