using System.Globalization;
using Microsoft.ML.GentleClip.Data;
using static Microsoft.ML.GentleClip.Tests.Data.StructureText;

namespace Microsoft.ML.GentleClip.Tests.Data;

[TestClass]
public sealed class PdbReaderTests
{
    [TestMethod]
    public void OfConformationsTheMostOccupiedCounts()
    {
        var structure = Read(Pdb(
            Atom("GLY", "1", x: 1),
            Atom("SER", "2", x: 2, alternate: "A", occupancy: "0.40"),
            Atom("SER", "2", x: 3, alternate: "B", occupancy: "0.60"),
            Atom("ALA", "3", x: 4, alternate: "A", occupancy: "0.50"),
            Atom("ALA", "3", x: 5, alternate: "B", occupancy: "0.50")));
        Assert.AreEqual("A:GSA 1 2 3", structure.Summary());
        CollectionAssert.AreEqual(new float[] { 1, 0, 0, 3, 0, 0, 4, 0, 0 }, structure.Chains[0].AlphaCarbons);
    }

    [TestMethod]
    public void AConformationMayBeAnotherResidue() => Assert.AreEqual(
        "A:MGT 1 2 3",
        Read(Pdb(
            Atom("MET", "1"),
            Atom("ALA", "2", alternate: "A", occupancy: "0.30"),
            Atom("GLY", "2", alternate: "B", occupancy: "0.70"),
            Atom("THR", "3"))).Summary());

    [TestMethod]
    public void ConformationsOfALoopMayFollowOneAnother()
    {
        var structure = Read(Pdb(
            Atom("SER", "1", x: 1, alternate: "A", occupancy: "0.50"), Atom("ALA", "2", x: 2, alternate: "A", occupancy: "0.30"),
            Atom("SER", "1", x: 3, alternate: "B", occupancy: "0.50"), Atom("ALA", "2", x: 4, alternate: "B", occupancy: "0.70")));
        Assert.AreEqual("A:SA 1 2", structure.Summary());
        CollectionAssert.AreEqual(new float[] { 1, 0, 0, 4, 0, 0 }, structure.Chains[0].AlphaCarbons);
    }

    [TestMethod]
    public void InsertionCodesAndNegativeNumbersAreKept() => Assert.AreEqual(
        "A:GASTV -12 -1 0 52 52A",
        Read(Pdb(Atom("GLY", "-12"), Atom("ALA", "-1"), Atom("SER", "0"), Atom("THR", "52"), Atom("VAL", "52A"))).Summary());

    [TestMethod]
    [DataRow("9999", 9999)]
    [DataRow("A000", 10_000)]
    [DataRow("A01Z", 10_071)]
    [DataRow("ZZZZ", 1_223_055)]
    [DataRow("a000", 1_223_056)]
    [DataRow("zzzz", 2_436_111)]
    public void LargeNumbersAreHybrid36(string number, int expected) =>
        Assert.AreEqual($"A:G {expected}", Read(Pdb(Atom("GLY", number))).Summary());

    [TestMethod]
    public void ANumberMayComeAgain() => Assert.AreEqual(
        "A:GAS 9999 0 9999",
        Read(Pdb(Atom("GLY", "9999"), Atom("ALA", "0"), Atom("SER", "9999"))).Summary(), "programs count on from 0 after 9999");

    [TestMethod]
    [DataRow("MODEL        1", "ENDMDL", "MODEL        2")]
    [DataRow("", "END", "")]
    [DataRow("MODEL        1", "", "MODEL        2")]
    public void TheFirstModelIsRead(string begin, string end, string next) => Assert.AreEqual(
        "A:GA 1 2",
        Read(Pdb(begin, Atom("GLY", "1"), Atom("ALA", "2"), end, next, Atom("GLY", "1", x: 9), Atom("ALA", "2", x: 9), Atom("SER", "3", x: 9), "END"))
            .Summary());

    [TestMethod]
    public void ModifiedResiduesHaveTheirParentsLetter()
    {
        string[] names = ["MSE", "SEP", "TPO", "PTR", "CSO", "HYP", "SEC", "PYL", "KCX", "ASX", "GLX", "UNK", "HIE", "QQQ"];
        var structure = Read(Pdb(names.Select((name, i) => Atom(name, $"{i + 1}", hetero: i < 10)).Append("TER")));
        Assert.AreEqual("MSTYCPUOKBZXHX", structure.Chains[0].Sequence);
    }

    [TestMethod]
    public void TheFileMayNameAParent() => Assert.AreEqual(
        "A:GWX 1 2 3",
        Read(Pdb("MODRES 1ABC QQQ A    2  TRP  SOMETHING NEW", Atom("GLY", "1"), Atom("QQQ", "2", hetero: true), Atom("RRR", "3", hetero: true), "TER"))
            .Summary());

    [TestMethod]
    public void AParentNeverRenamesAStandardResidue() => Assert.AreEqual(
        "A:N 1", Read(Pdb("MODRES 1ABC ASN A    1  ASP  GLYCOSYLATION SITE", Atom("ASN", "1"))).Summary());

    [TestMethod]
    public void BehindTheChainAreLigands() => Assert.AreEqual(
        "A:GM 1 2 | B:S 1",
        Read(Pdb(
            Atom("GLY", "1"), Atom("MSE", "2", hetero: true), "TER       3      MSE A   2",
            Atom("SER", "1", "B"), "TER       5      SER B   1",
            Atom("GLU", "301", hetero: true), // a free amino acid
            Atom("QQQ", "302", hetero: true),
            Atom("HOH", "401", name: " O  ", element: "O", hetero: true))).Summary());

    [TestMethod]
    public void AListedModificationCountsBehindTheChainToo() => Assert.AreEqual(
        "A:GK 1 2",
        Read(Pdb("MODRES 1ABC QQQ A    2  LYS  LINKED", Atom("GLY", "1"), "TER", Atom("QQQ", "2", hetero: true), Atom("QQQ", "3", x: 9, hetero: true)))
            .Summary());

    [TestMethod]
    public void AnUnknownHeteroResidueCountsIfTheChainGoesOn()
    {
        string[] lines = [Atom("GLY", "1"), Atom("QQQ", "2", hetero: true), Atom("ALA", "3")];
        Assert.AreEqual("A:GXA 1 2 3", Read(Pdb(lines)).Summary(), "between residues that it is bonded to");
        Assert.AreEqual("A:GA 1 3", Read(Pdb(Atom("GLY", "1"), Atom("QQQ", "2", x: 9, hetero: true), Atom("ALA", "3"))).Summary(),
            "no TER, no SEQRES, no bond: a ligand");
        Assert.AreEqual("A:GXA 1 2 3", Read(Pdb([.. lines, "TER"])).Summary());
        Assert.AreEqual("A:GXA 1 2 3", Read(Pdb(["SEQRES   1 A    3  GLY QQQ ALA", .. lines])).Summary());
    }

    [TestMethod]
    [DataRow("CA  ", "CA", true)]
    [DataRow(" CA ", "CA", true)]
    [DataRow("CA  ", "", true)]
    [DataRow("CA  ", "CA", false)]
    public void CalciumIsNoResidue(string name, string element, bool hetero) => Assert.AreEqual(
        "A:G 1", Read(Pdb(Atom("GLY", "1"), Atom("CA", "2", name: name, element: element, hetero: hetero), "TER")).Summary());

    [TestMethod]
    [DataRow("CA  ", "C")]
    [DataRow("  CA", "")]
    [DataRow("CA  ", "")]
    [DataRow(" CA ", "12")] // old files have line numbers where the element stands now
    public void AnAlphaCarbonMayStandOutOfLine(string name, string element) =>
        Assert.AreEqual("A:GA 1 2", Read(Pdb(Atom("GLY", "1", name: name, element: element), Atom("ALA", "2", name: name, element: element))).Summary());

    [TestMethod]
    public void ResiduesWithoutAlphaCarbonAreCounted()
    {
        var structure = Read(Pdb(
            Atom("GLY", "1", name: " N  ", element: "N"), Atom("GLY", "1"), Atom("ALA", "2", name: " N  ", element: "N"), Atom("ALA", "2", name: " C  "),
            Atom("SER", "3"), Atom("DA", "4", name: " P  ", element: "P"), Atom("MSE", "5", hetero: true), Atom("VAL", "6", name: " N  ", element: "N")));
        Assert.AreEqual("A:GSM 1 3 5", structure.Summary());
        Assert.AreEqual(2, structure.ResiduesWithoutAlphaCarbon, "alanine and valine; the nucleotide is none of these");
    }

    [TestMethod]
    public void TheFullSequenceHasWhatWasNotObserved()
    {
        var chain = Read(Pdb(
            "SEQRES   1 A   15  MSE GLY ALA SER THR VAL LEU ILE PRO PHE TYR TRP LYS", "SEQRES   2 A   15  ARG QQQ", "SEQRES   1 B    2   DA  DC",
            Atom("ALA", "3"), Atom("THR", "5"))).Chains.Single();
        Assert.AreEqual("AT", chain.Sequence);
        Assert.AreEqual("MGASTVLIPFYWKRX", chain.FullSequence);
    }

    [TestMethod]
    public void ChainsMayBeInterleaved() => Assert.AreEqual(
        "B:GS 1 2 | A:AT 1 2",
        Read(Pdb(Atom("GLY", "1", "B"), Atom("ALA", "1", "A"), Atom("SER", "2", "B"), Atom("THR", "2", "A"))).Summary());

    [TestMethod]
    public void LinesMayEndBehindTheCoordinates()
    {
        var chain = Read(Pdb(Atom("GLY", "1", " ", x: -1.25, occupancy: null))).Chains.Single();
        Assert.AreEqual("", chain.Id);
        Assert.AreEqual(-1.25f, chain.AlphaCarbons[0]);
    }

    [TestMethod]
    public void NucleicAcidsAloneGiveNoChain() => Assert.IsEmpty(Read(Pdb(Atom("DA", "1", name: " C1'"), Atom("DC", "2", name: " C1'"))).Chains);

    [TestMethod]
    public void NoCultureChangesNumbers()
    {
        var before = Thread.CurrentThread.CurrentCulture;
        var commas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (commas.NumberFormat.NumberDecimalSeparator, commas.NumberFormat.NumberGroupSeparator, commas.NumberFormat.NegativeSign) = (",", ".", "~");
        Thread.CurrentThread.CurrentCulture = commas;
        try
        {
            Assert.AreEqual(-12.345f, Read(Pdb(Atom("GLY", "-1", x: -12.345))).Chains[0].AlphaCarbons[0]);
        }
        finally
        {
            Thread.CurrentThread.CurrentCulture = before;
        }
    }

    [TestMethod]
    public void ErrorsNameFileLineAndReason()
    {
        var good = Atom("GLY", "1");
        Assert.AreEqual("file, line 2: an atom record needs 54 columns or more, found 40.", Error(Pdb(good, good[..40])));
        Assert.AreEqual("file, line 1: the x coordinate in columns 31-38 is '     abc', expected a number between -1000000 and 1000000.",
            Error(Pdb(good.Replace("   0.000   0.000   0.000", "     abc   0.000   0.000"))));
        Assert.AreEqual("file, line 1: the y coordinate in columns 39-46 is '     NaN', expected a number between -1000000 and 1000000.",
            Error(Pdb(good.Replace("   0.000   0.000   0.000", "   0.000     NaN   0.000"))));
        Assert.AreEqual("file, line 1: the z coordinate in columns 47-54 is '    1e30', expected a number between -1000000 and 1000000.",
            Error(Pdb(good.Replace("   0.000   0.000   0.000", "   0.000   0.000    1e30"))));
        Assert.AreEqual("file, line 1: the residue number in columns 23-26 is '    ', expected a whole number.",
            Error(Pdb(good.Replace(" A   1 ", " A     "))));
        Assert.AreEqual("file, line 1: the occupancy in columns 55-60 is '  much', expected a number.", Error(Pdb(Atom("GLY", "1", occupancy: "much"))));
    }

    [TestMethod]
    [DataRow("", "file: the file is empty.")]
    [DataRow("HEADER    TEST\nEND\n", "file: expected a PDB or mmCIF file, but found neither an ATOM record nor a data_ block.")]
    [DataRow("<?xml version=\"1.0\"?>\n<PDBx:datablock/>\n", "file: expected a PDB or mmCIF file, but found neither an ATOM record nor a data_ block.")]
    [DataRow("MZ\0\0\0\n", "file, line 1: expected text, found binary data.")]
    [DataRow("\u0083\0encoder\0dataBlocks", "file: the file is BinaryCIF, which is not read; convert it to mmCIF text.")]
    public void OtherFilesAreToldApart(string text, string expected) => Assert.AreEqual(expected, Error(text));

    [TestMethod]
    public void GarbageIsAnError()
    {
        var random = new Random(1);
        var bytes = new byte[10_000];
        random.NextBytes(bytes);
        using var lines = Lines(bytes);
        Assert.ThrowsExactly<InvalidDataException>(() => StructureReader.Read(lines));
        StringAssert.StartsWith(Error($"ATOM  {new string('x', 6)} CA {new string('x', 54)}"), "file, line 1: ");
    }
}
