using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.ML.GentleClip.Data;
using static Microsoft.ML.GentleClip.Tests.Data.StructureText;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>
/// Each reader gets thousands of broken files; it reads them or throws <see cref="InvalidDataException"/>, and what it reads is sound.
/// The environment variable GENTLECLIP_FUZZ_INPUTS sets their number, GENTLECLIP_FUZZ_SEED the first seed.
/// </summary>
[TestClass]
public sealed class ReaderFuzzTests
{
    private const int WatchdogMilliseconds = 600_000; // a hang, not a slow machine

    private static readonly int Inputs = FromEnvironment("GENTLECLIP_FUZZ_INPUTS", 2_000);
    private static readonly int Seed = FromEnvironment("GENTLECLIP_FUZZ_SEED", 1);

    private static readonly byte[][] PdbFiles = Bytes(
        PdbOf(Short(0)), PdbOf(Short(1)),
        Pdb(
            "HEADER    TEST", "SEQRES   1 A    4  GLY MSE QQQ ALA", "MODRES 1ABC QQQ A    2A TRP  NEW", "MODEL        1", Atom("GLY", "-1"),
                Atom("MSE", "2", hetero: true, alternate: "A", occupancy: "0.4"),
            Atom("MSE", "2", hetero: true, alternate: "B", occupancy: "0.6"), Atom("QQQ", "2A", hetero: true), Atom("ALA", "A000"),
                "TER       4      ALA A A000",
            Atom("CA", "301", name: "CA  ", element: "CA", hetero: true), "ENDMDL", "MODEL        2", Atom("GLY", "1"), "ENDMDL", "END"),
        Pdb([.. Residues("NALA 1 HISB 2 CGLY 3", "A"), "TER", .. Residues("LYS 9999 GLY 1 MSE* 3", "B", x: 40), "TER",
            .. Residues("ALA 1 MSE* 2", " ", segment: "P1"), .. Residues("ALA 1 LIG 5", " ", segment: "P2"),
            "TER", .. Residues("SEP* 2 GLU* 300", "B", x: 3.8)]),
        Pdb([.. Residues("ALA 1 GLY 2 SER 4", "AA"), "TER", .. Residues("MSE* 3 QQQ* 5", "AA", x: 7.6), .. Residues("VAL 1 ALA 2", "AA", x: 40),
            Atom("HOH", "9999", "W", " O  ").Replace("W9999", "W271a")]));

    private static readonly byte[][] CifFiles = Bytes(
        CifOf(Short(0)), CifOf(Short(2)),
        "data_x\n_atom_site.label_atom_id 'CA'\n_atom_site.label_comp_id \"GLY\"\n_atom_site.auth_asym_id AB\n_atom_site.auth_seq_id 1\n_atom_site.Cartn_x "
            + "1.5(2)\n_atom_site.Cartn_y 2\n_atom_site.Cartn_z 3\n" +
        "_struct.title\n;a text\nof two lines\n;\nloop_\n_chem_comp.id\n_chem_comp.mon_nstd_parent_comp_id\nMSE MET\nQQQ ?\n#\nsave_y\nloop_ "
            + "_pdbx_struct_mod_residue.auth_comp_id _pdbx_struct_mod_residue.parent_comp_id QQQ TRP\nsave_\n",
        "data_x\nloop_\n_entity.id\n_entity.type\n1 polymer\n2 non-polymer\n_entity_poly.entity_id 1\n_entity_poly.pdbx_seq_one_letter_code "
            + "'MA(MSE)G'\n_entity_poly.pdbx_strand_id 'A,B'\nloop_\n_pdbx_poly_seq_scheme.asym_id\n"
        + "_pdbx_poly_seq_scheme.seq_id\n_pdbx_poly_seq_scheme.mon_id\n_pdbx_poly_seq_scheme.pdb_seq_num\n_pdbx_poly_seq_scheme.pdb_ins_code\n"
        + "_pdbx_poly_seq_scheme.pdb_strand_id\nA 1 ALA 5 A X\nA 2 MSE 6 . X\nA 3 GLY 7 . X\nloop_\n"
        + "_atom_site.group_PDB\n_atom_site.label_atom_id\n_atom_site.label_comp_id\n_atom_site.label_asym_id\n_atom_site.label_entity_id\n"
        + "_atom_site.label_seq_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n"
        + "ATOM CA ALA A 1 1 0 0 0\nATOM CA GLY A 1 3 7.6 0 0\nHETATM CA MSE A 1 2 3.8 0 0\nHETATM CA GLU B 2 . 9 0 0\nATOM CA GLY C ? 1 ? 0 "
            + "0\ndata_y\nloop_ _atom_site.id 1\n");

    private static readonly byte[][] FastaFiles = Bytes(
        "#6\t1\n>q/1-5\nMKV-LA..\n>h\nMK-aVLA.\n\0>next\n  1 MKVLA GGSSA 10\n>stop\nMK*VL?*\n>\nM\n>empty\n--\n", ";old\n;comment\nMKVLA*\n;second\nMK\n\u001a",
        ">sp|P1|X First OS=Homo\nMKVLAAGGGSTTRLAV\nMKVLAAGGGS\n>two\nacdefgh*\n\n; comment\n>three again\nBZX U\r\nKL\r\n",
        string.Concat(
            SampleChain.All.Take(4).Select(chain => $">{chain.Entry}\n{string.Join('\n', chain.Sequence.Chunk(60).Select(line => new string(line)))}\n")));

    private static int _turn; // of the options that are tried

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void PdbReaderStandsBrokenFiles() => Fuzz(PdbFiles, lines => Check(PdbReader.Read(lines, keepsGoodRecords: _turn++ % 4 == 0)));

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void MmCifReaderStandsBrokenFiles() => Fuzz(CifFiles, lines => Check(MmCifReader.Read(lines, keepsGoodRecords: _turn++ % 4 == 0)));

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void FormatsAreToldApartInBrokenFiles() =>
        Fuzz([.. PdbFiles, .. CifFiles, .. FastaFiles], lines => Check(StructureReader.Read(lines, useLabels: true)));

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void FastaReaderStandsBrokenFiles() => Fuzz(FastaFiles, Fasta);

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void GzipStandsBrokenFiles() => Fuzz([.. FastaFiles.Select(Gzip)], Fasta);

    private static void Fasta(LineReader lines)
    {
        var options = new FastaLoadOptions
        {
            Gaps = (FastaGapHandling)(_turn % 2),
            Insertions = (FastaInsertionHandling)(_turn / 2 % 2),
            InnerStops = (FastaStopHandling)(_turn % 3),
            BadFiles = (BadFileHandling)(_turn++ / 4 % 2),
        };
        var reader = new FastaReader(lines, options, new("broken"));
        while (reader.TryRead())
        {
            Assert.IsNotNull(reader.Identifier + reader.Description);
            Assert.IsTrue(reader.Sequence.Length > 0
                && Encoding.ASCII.GetString(reader.Sequence)
                    .All(letter => char.IsAsciiLetterUpper(letter) || (letter == '-' && options.Gaps == FastaGapHandling.Keep)));
        }
    }

    private static void Check(ProteinStructure structure)
    {
        foreach (var chain in structure.Chains)
        {
            Assert.IsGreaterThan(0, chain.Sequence.Length);
            Assert.HasCount(3 * chain.Sequence.Length, chain.AlphaCarbons);
            Assert.HasCount(chain.Sequence.Length, chain.ResidueNumbers);
            Assert.IsTrue(chain.Sequence.All(char.IsAsciiLetterUpper) && chain.FullSequence.All(char.IsAsciiLetterUpper)
                && chain.AlphaCarbons.All(float.IsFinite));
        }
    }

    private static void Fuzz(byte[][] files, Action<LineReader> read)
    {
        var (good, bad) = (0, 0);
        for (var i = 0; i < Inputs; i++)
        {
            var mutator = new Mutator(Seed + i);
            var bytes = mutator.Mutate(files[i % files.Length], files[(i + 1) % files.Length]);
            try
            {
                using var lines = new LineReader(ProteinFile.Decompressed(new MemoryStream(bytes)), "broken", maximumSize: 1 << 22);
                read(lines);
                good++;
            }
            catch (InvalidDataException problem) when (problem.Message.StartsWith("broken", StringComparison.Ordinal) && problem.Message.EndsWith('.'))
            {
                bad++;
            }
            catch (Exception problem)
            {
                Assert.Fail($"seed {Seed + i}: {problem}\n{Convert.ToBase64String(bytes)}");
            }
        }
        Assert.IsTrue(good > Inputs / 100 && bad > Inputs / 100,
            $"{good} of {Inputs} were read, {bad} refused: the changes are too weak or too strong to try much");
    }

    private static SampleChain Short(int index)
    {
        var chain = SampleChain.All[index];
        return chain with { Sequence = chain.Sequence[..12], Positions = chain.Positions[..36] };
    }

    private static byte[][] Bytes(params string[] texts) => Array.ConvertAll(texts, Encoding.UTF8.GetBytes);

    private static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private static int FromEnvironment(string name, int fallback) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;
}
