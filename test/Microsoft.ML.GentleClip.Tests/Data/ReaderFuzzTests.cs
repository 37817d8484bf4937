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
            "HEADER    TEST", "SEQRES   1 A    4  GLY MSE QQQ ALA", "MODRES 1ABC QQQ A    2A TRP  NEW", "MODEL        1", Atom("GLY", "-1"), Atom("MSE", "2", hetero: true, alternate: "A", occupancy: "0.4"),
            Atom("MSE", "2", hetero: true, alternate: "B", occupancy: "0.6"), Atom("QQQ", "2A", hetero: true), Atom("ALA", "A000"), "TER       4      ALA A A000",
            Atom("CA", "301", name: "CA  ", element: "CA", hetero: true), "ENDMDL", "MODEL        2", Atom("GLY", "1"), "ENDMDL", "END"));

    private static readonly byte[][] CifFiles = Bytes(
        CifOf(Short(0)), CifOf(Short(2)),
        "data_x\n_atom_site.label_atom_id 'CA'\n_atom_site.label_comp_id \"GLY\"\n_atom_site.auth_asym_id AB\n_atom_site.auth_seq_id 1\n_atom_site.Cartn_x 1.5(2)\n_atom_site.Cartn_y 2\n_atom_site.Cartn_z 3\n" +
        "_struct.title\n;a text\nof two lines\n;\nloop_\n_chem_comp.id\n_chem_comp.mon_nstd_parent_comp_id\nMSE MET\nQQQ ?\n#\nsave_y\nloop_ _pdbx_struct_mod_residue.auth_comp_id _pdbx_struct_mod_residue.parent_comp_id QQQ TRP\nsave_\n");

    private static readonly byte[][] FastaFiles = Bytes(
        ">sp|P1|X First OS=Homo\nMKVLAAGGGSTTRLAV\nMKVLAAGGGS\n>two\nacdefgh*\n\n; comment\n>three again\nBZX U\r\nKL\r\n",
        string.Concat(SampleChain.All.Take(4).Select(chain => $">{chain.Entry}\n{string.Join('\n', chain.Sequence.Chunk(60).Select(line => new string(line)))}\n")));

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void PdbReaderStandsBrokenFiles() => Fuzz(PdbFiles, lines => Check(PdbReader.Read(lines)));

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void MmCifReaderStandsBrokenFiles() => Fuzz(CifFiles, lines => Check(MmCifReader.Read(lines)));

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void FormatsAreToldApartInBrokenFiles() => Fuzz([.. PdbFiles, .. CifFiles, .. FastaFiles], lines => Check(StructureReader.Read(lines, useLabels: true)));

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void FastaReaderStandsBrokenFiles() => Fuzz(FastaFiles, Fasta);

    [TestMethod]
    [Timeout(WatchdogMilliseconds)]
    public void GzipStandsBrokenFiles() => Fuzz([.. FastaFiles.Select(Gzip)], Fasta);

    private static void Fasta(LineReader lines)
    {
        foreach (var record in FastaReader.Read(lines))
            Assert.IsTrue(record.Identifier.Length > 0 && record.Sequence.Length > 0 && record.Sequence.All(char.IsAsciiLetterUpper));
    }

    private static void Check(ProteinStructure structure)
    {
        foreach (var chain in structure.Chains)
        {
            Assert.IsGreaterThan(0, chain.Sequence.Length);
            Assert.HasCount(3 * chain.Sequence.Length, chain.AlphaCarbons);
            Assert.HasCount(chain.Sequence.Length, chain.ResidueNumbers);
            Assert.IsTrue(chain.Sequence.All(char.IsAsciiLetterUpper) && chain.FullSequence.All(char.IsAsciiLetterUpper) && chain.AlphaCarbons.All(float.IsFinite));
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
        Assert.IsTrue(good > Inputs / 100 && bad > Inputs / 100, $"{good} of {Inputs} were read, {bad} refused: the changes are too weak or too strong to try much");
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
