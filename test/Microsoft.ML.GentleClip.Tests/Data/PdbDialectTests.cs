using Microsoft.ML.GentleClip.Data;
using static Microsoft.ML.GentleClip.Tests.Data.StructureText;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>PDB files as PyMOL, ChimeraX, VMD, Amber, GROMACS, CHARMM, NAMD and scripts write them.</summary>
[TestClass]
public sealed class PdbDialectTests
{
    [TestMethod]
    public void ChainIdsMayHaveTwoLetters() => Assert.AreEqual(
        "AA:AGS 1 2 3 | BA:VL 1 2 | AB:KH 1 2",
        Read(Pdb([
            .. Residues("ALA 1 GLY 2 SER 3", "AA"), "TER",
            .. Residues("VAL 1 LEU 2", "BA"), "TER       9      LEUBA   2",
            .. Residues("LYS 1 HIS 2", "AB"), "TER",
        ])).Summary());

    [TestMethod]
    public void SequencesOfTwoLetterChainsAreFound()
    {
        var structure = Read(Pdb(["SEQRES   1AA    2  MET ALA", "SEQRES   1BA    2  GLY VAL", .. Residues("ALA 2", "AA"), .. Residues("VAL 2", "BA")]));
        CollectionAssert.AreEqual(new[] { "MA", "GV" }, structure.Chains.Select(chain => chain.FullSequence).ToArray());
    }

    [TestMethod]
    [DataRow("NALA 1 HISB 2 LYSH 3 CYS2 4 ASPH 5 GLUH 6 CLEU 7", "AHKCDEL", DisplayName = "Amber and GROMOS")]
    [DataRow("ALA 1 LYSH 2 GLY 3 HISA 4", "AKGH", DisplayName = "GROMOS with names of three letters between")]
    [DataRow("NHIE 1 CYX 2 CGLY 3", "HCG", DisplayName = "Amber, protonation states at the ends")]
    public void NamesOfFourLettersAreToldFromChainIds(string residues, string sequence) =>
        Assert.AreEqual(sequence, Read(Pdb([.. Residues(residues), "TER"])).Chains.Single(chain => chain.Id == "A").Sequence);

    [TestMethod]
    [DataRow("10001", 10_001)]
    [DataRow("99999", 99_999)]
    public void NumbersOfFiveDigitsRunIntoTheInsertionCode(string number, int expected)
    {
        var chain = Read(Pdb(Atom("ALA", "9998"), Atom("GLY", "9999", x: 3.8), Atom("SER", "0000").Replace("A0000    ", $"A{number}   "))).Chains.Single();
        Assert.AreEqual(new ResidueNumber(expected), chain.ResidueNumbers[2]);
    }

    [TestMethod]
    public void WatersMayHaveAnyNumber()
    {
        var water = Atom("TIP", "1", "W", " OH2", element: "O");
        var waters = new[] { "9999", "2710", "271a", "ffff", "****", "(new" }.Select(number => water.Replace("W   1 ", $"W{number} "));
        Assert.AreEqual("A:AGS 1 2 3", Read(Pdb([.. Residues("ALA 1 GLY 2 SER 3"), "TER", .. waters])).Summary());
    }

    [TestMethod]
    [DataRow("9998 9999 2710 2711 271a", "9998 9999 10000 10001 10010", DisplayName = "hexadecimal, VMD")]
    [DataRow("9998 9999 A000 A001 A00A", "9998 9999 10000 10001 10010", DisplayName = "hybrid-36")]
    [DataRow("9998 9999 **** **** ****", "9998 9999 10000 10001 10002", DisplayName = "overflow")]
    [DataRow("2708 2709 2710 2711 2712", "2708 2709 2710 2711 2712", DisplayName = "plain")]
    public void NumbersAbove9999AreReadInEachNotation(string numbers, string expected)
    {
        var structure = Read(Pdb(numbers.Split(' ').Select((number, i) => Atom("GLY", "1", x: 3.8 * i).Replace("A   1 ", $"A{number} "))));
        Assert.AreEqual($"A:GGGGG {expected}", structure.Summary());
        var areRepaired = expected.Contains("10000") && !numbers.Contains('A');
        Assert.AreEqual(areRepaired ? 3 : 0, structure.Notes[ProteinFileRemark.RepairedNumber]);
    }

    [TestMethod]
    public void WithoutIdsATerSeparatesChains()
    {
        string[] lines =
        [
            .. Residues("VAL 1 ALA 2 GLY 3", " "), "TER", .. Residues("VAL 4 SER 5 LEU 6", " ", x: 30), "TER", .. Residues("LIG 7", " ", x: 60), "TER",
        ];
        var structure = Read(Pdb(lines));
        Assert.AreEqual(":VAG 1 2 3 | :VSL 4 5 6", structure.Summary());
        CollectionAssert.AreEqual(new[] { 1, 2 }, structure.Chains.Select(chain => chain.Copy).ToArray());
    }

    [TestMethod]
    public void WithoutIdsSegmentsSeparateAndNameChains()
    {
        var structure = Read(Pdb([.. Residues("VAL 1 ALA 2", " ", segment: "P1"), .. Residues("SER 1 LEU 2", " ", x: 30, segment: "P2")]));
        Assert.AreEqual("P1:VA 1 2 | P2:SL 1 2", structure.Summary());
        Assert.AreEqual(2, structure.Notes[ProteinFileRemark.NamedChain]);
        Assert.AreEqual(":VA 1 2", Read(Pdb(Residues("VAL 1 ALA 2", " ", segment: "1ABC"))).Summary(), "one segment alone is the entry's id in old files");
    }

    [TestMethod]
    public void SegmentsSeparateChainsThatShareAnId() => Assert.AreEqual(
        "P:VA 1 2 | P:SL 1 2",
        Read(Pdb([.. Residues("VAL 1 ALA 2", "P", segment: "PROA"), .. Residues("SER 1 LEU 2", "P", x: 30, segment: "PROB")])).Summary(), "CHARMM-GUI");

    [TestMethod]
    public void AnIdThatComesAgainBehindTerIsAnotherChainIfNumbersStartAgain()
    {
        string[] lines =
        [
            .. Residues("VAL 1 ALA 2 GLY 3"), "TER", .. Residues("VAL 1 ALA 2", "B", x: 20), "TER",
            .. Residues("MSE* 1 ALA 2 GLY 3", x: 40), "TER", .. Residues("LEU 1 ALA 2", "B", x: 60), "TER",
        ];
        var structure = Read(Pdb(lines));
        Assert.AreEqual("A:VAG 1 2 3 | B:VA 1 2 | A:MAG 1 2 3 | B:LA 1 2", structure.Summary());
        CollectionAssert.AreEqual(new[] { 1, 1, 2, 2 }, structure.Chains.Select(chain => chain.Copy).ToArray());
        Assert.AreEqual(2, structure.Notes[ProteinFileRemark.SplitChain]);
    }

    [TestMethod]
    public void AnIdThatComesAgainWithoutTerIsAnotherChainIfNumbersStartAgain() => Assert.AreEqual(
        "A:VAG 1 2 3 | A:VAG 1 2 3",
        Read(Pdb([.. Residues("VAL 1 ALA 2 GLY 3"), .. Residues("VAL 1 ALA 2 GLY 3", x: 40)])).Summary());

    [TestMethod]
    public void ATerInsideAChainDoesNotEndItIfNumbersGoOn()
    {
        var structure = Read(Pdb([.. Residues("VAL 958 ALA 959"), "TER", .. Residues("ASP 967 MSE* 968 LEU 969", x: 20), "TER"]));
        Assert.AreEqual("A:VADML 958 959 967 968 969", structure.Summary());
        Assert.AreEqual(1, structure.Notes[ProteinFileRemark.JoinedChain]);
    }

    [TestMethod]
    [DataRow("ALA 1 GLY 2 SER 4", "MSE* 3", 7.6, "AGMS 1 2 3 4", DisplayName = "in a gap")]
    [DataRow("ALA 1 GLY 2 SER 9", "MSE* 5", 99, "AGMS 1 2 5 9", DisplayName = "in a wide gap, without neighbours")]
    [DataRow("ALA 2 GLY 3", "MSE* 1", -3.8, "MAG 1 2 3", DisplayName = "before the first residue")]
    [DataRow("ALA 1 GLY 2", "SEP* 3", 7.6, "AGS 1 2 3", DisplayName = "behind the last residue")]
    [DataRow("ALA 3 GLY 4", "MSE* 1 SEP* 2", -7.6, "MSAG 1 2 3 4", DisplayName = "two before the first")]
    [DataRow("ALA 1 GLY 2 SER 5", "MSE* 3 MSE* 4", 50, "AGMMS 1 2 3 4 5", DisplayName = "two in a gap")]
    [DataRow("ALA 1 GLY 2", "SEP* 3", 50, "AG 1 2", DisplayName = "the next number, but elsewhere: no residue of the chain")]
    [DataRow("ALA 1 GLY 2", "GLU* 301", 7.6, "AG 1 2", DisplayName = "a free amino acid near by, with a number of its own")]
    [DataRow("ALA 1 GLY 2", "GLU* 3", 30, "AG 1 2", DisplayName = "a free amino acid with the next number, far away")]
    [DataRow("ALA 1 GLY 2 SER 9", "GLU* 5", 99, "AGS 1 2 9", DisplayName = "a free amino acid in a gap of the numbers")]
    [DataRow("ALA 1 GLY 2", "GLU* 2", 3.8, "AG 1 2", DisplayName = "a free amino acid with the number of a residue")]
    public void AHeteroResidueBehindTheChainBelongsWhereItsNumberSays(string chain, string behind, double x, string expected)
    {
        foreach (var end in new[] { "TER", "REMARK" })
            Assert.AreEqual($"A:{expected}", Read(Pdb([.. Residues(chain), end, .. Residues(behind, x: x), "END"])).Summary(), end);
    }

    [TestMethod]
    public void AListedModificationBehindTheChainBelongsWhereItsNumberSays() => Assert.AreEqual(
        "A:AGMS 1 2 3 4",
        Read(Pdb(["MODRES 9XYZ MSE A    3  MET  SELENOMETHIONINE", .. Residues("ALA 1 GLY 2 SER 4"), "TER", .. Residues("MSE* 3", x: 50)])).Summary());

    [TestMethod]
    public void ANameThatTheSequenceDoesNotListIsALigand() => Assert.AreEqual(
        "A:AGS 1 2 4",
        Read(Pdb(["SEQRES   1 A    4  ALA GLY CYS SER", .. Residues("ALA 1 GLY 2 SER 4"), "TER", .. Residues("SEP* 3", x: 5)])).Summary());

    [TestMethod]
    public void AChainMayConsistOfHeteroRecords()
    {
        Assert.AreEqual("B:ALW 1 2 3", Read(Pdb(Residues("ALA* 1 LEU* 2 TRP* 3", "B"))).Summary());
        string[] free = [.. Residues("ALA 1 GLY 2"), "TER", .. Residues("GLU* 1", "B", x: 20), .. Residues("CYS* 7", "B", x: 40)];
        Assert.AreEqual("A:AG 1 2", Read(Pdb(free)).Summary(), "free amino acids");
    }

    [TestMethod]
    public void ResiduesMayStandOutOfOrder() => Assert.AreEqual(
        "A:VAGLK 1 2 3 4 5",
        Read(Pdb(Atom("LEU", "4", x: 11.4), Atom("VAL", "1"), Atom("GLY", "3", x: 7.6), Atom("LYS", "5", x: 15.2), Atom("ALA", "2", x: 3.8))).Summary());

    [TestMethod]
    public void NumbersMayGoAnyWayIfTheChainHoldsTogether() => Assert.AreEqual(
        "A:VAGLK 220 1001 1002 263 264", Read(Pdb(Residues("VAL 220 ALA 1001 GLY 1002 LEU 263 LYS 264"))).Summary(), "an inserted domain");

    [TestMethod]
    public void SequencesEndInColumn70()
    {
        var chain = Read(Pdb(["SEQRES   1 A    5  MET ALA GLY SER LEU                                  9XYZ  31", .. Residues("ALA 2")])).Chains.Single();
        Assert.AreEqual("MAGSL", chain.FullSequence);
    }

    [TestMethod]
    public void SerialsMayFillTheirColumns() => Assert.AreEqual(
        "A:AGS 1 2 3",
        Read(Pdb(Residues("ALA 1 GLY 2 SER 3").Zip(["ATOM  999999", "ATOM1000000 ", "ATOM1000001 "], (line, start) => start + line[12..]))).Summary());

    [TestMethod]
    [DataRow("  -1234.567-123.456-999.999", "columns 28-30 hold '  -', expected blanks before the x coordinate")]
    [DataRow("   -1234.567-123.456-999.999", "the y coordinate in columns 39-46 is '7-123.45', expected a number between -1000000 and 1000000")]
    [DataRow("     10.000-1234.567-999.999", "the z coordinate in columns 47-54 is '7-999.99', expected a number between -1000000 and 1000000")]
    [DataRow("     10.000  10.000-1234.567", "the z coordinate runs out of columns 47-54, which hold '-1234.56'")]
    public void CoordinatesThatRunOutOfTheirColumnsAreNotMisread(string coordinates, string expected)
    {
        var line = Atom("GLY", "2")[..27] + coordinates + "  1.00";
        Assert.AreEqual($"file, line 2: {expected}.", Error(Pdb(Atom("ALA", "1"), line)));
        Assert.AreEqual("A:A 1", Read(Pdb(Atom("ALA", "1"), line), keepsGoodRecords: true).Summary());
    }

    [TestMethod]
    public void IonsAreNoResidues()
    {
        string[] whole = [Atom("ALA", "1", name: " N  ", element: ""), Atom("ALA", "1", element: ""), Atom("GLY", "2", x: 3.8, element: "")];
        var structure = Read(Pdb([.. whole, Atom("CA", "301", x: 5, element: ""), Atom("CA2", "302", x: 6, element: ""), "TER"]));
        Assert.AreEqual("A:AG 1 2", structure.Summary());
        Assert.AreEqual(2, structure.Notes[ProteinFileRemark.Ligand]);
    }

    [TestMethod]
    public void AnAtomRecordOfALigandIsNoResidue() => Assert.AreEqual(
        "A:AGX 1 2 3",
        Read(Pdb([.. Residues("ALA 1 GLY 2 QQQ 3"), .. Residues("LIG 301", x: 40)])).Summary(), "programs write nothing but ATOM");

    [TestMethod]
    public void CapsAreNoResidues() => Assert.AreEqual("A:AG 2 3", Read(Pdb([.. Residues("ACE 1 ALA 2 GLY 3 NMA 4"), "TER"])).Summary());

    [TestMethod]
    public void RecordsThatAreNotNeededMayBeCutShort()
    {
        string[] lines = [.. Residues("ALA 1 GLY 2"), Atom("GLY", "2", name: " CB ")[..30], "TER", Atom("HOH", "301", name: " O  ", hetero: true)[..26]];
        var structure = Read(Pdb(lines));
        Assert.AreEqual("A:AG 1 2", structure.Summary());
        Assert.AreEqual(1, structure.Notes[ProteinFileRemark.BadRecord]);
    }

    [TestMethod]
    public void NeighboursMayShareANumber()
    {
        Assert.AreEqual("A:AGS 1 1 2", Read(Pdb(Residues("ALA 1 GLY 1 SER 2"))).Summary(), "both there in full");
        Assert.AreEqual("A:GGS 1 1 2", Read(Pdb(Residues("GLY 1 GLY 1 SER 2"))).Summary(), "of one name, but apart");
        var half = Residues("ALA 1 GLY 1 SER 2").Select(line => line.Replace("  1.00 10.00", "  0.50 10.00"));
        Assert.AreEqual("A:AS 1 2", Read(Pdb(half)).Summary(), "half of each: one place");
    }

    [TestMethod]
    public void ParentsAreThoseOfTheDictionary() => Assert.AreEqual(
        "A:AGLLFXDQ 1 2 3 4 5 6 9 10",
        Read(Pdb([.. Residues("ALA 1 GLY 2 MK8* 3 LEU 4 MEA* 5 CRO* 6 BFD* 9 PCA* 10"), "TER"])).Summary());

    [TestMethod]
    public void ADamagedRecordMayCostItsResidueAlone()
    {
        string[] lines = [.. Residues("ALA 1 GLY 2 SER 3")];
        lines[1] = lines[1].Replace("   3.800", "   3.8x0");
        StringAssert.Contains(Error(Pdb(lines)), "line 2: the x coordinate in columns 31-38 is '   3.8x0'");
        var structure = Read(Pdb(lines), keepsGoodRecords: true);
        Assert.AreEqual("A:AS 1 3", structure.Summary());
        Assert.AreEqual(1, structure.Notes[ProteinFileRemark.BadRecord]);
        Assert.AreEqual(0, structure.ResiduesWithoutAlphaCarbon);
        StringAssert.StartsWith(structure.Notes.Details.Single(), "file, line 2: ");
    }

    [TestMethod]
    public void UnknownCoordinatesCostTheirResidue()
    {
        var structure = Read(Pdb(Atom("ALA", "1"), Atom("GLY", "2").Replace("   0.000   0.000   0.000", "                        "), Atom("SER", "3")));
        Assert.AreEqual("A:AS 1 3", structure.Summary());
        Assert.AreEqual(1, structure.ResiduesWithoutAlphaCarbon);
    }

    [TestMethod]
    public void ALigandIsNotNeededSoItMayBeDamaged()
    {
        var ligand = Atom("LIG", "301", hetero: true).Replace("   0.000   0.000   0.000", "****************0.000   ");
        var structure = Read(Pdb([.. Residues("ALA 1 GLY 2"), "TER", ligand]));
        Assert.AreEqual("A:AG 1 2", structure.Summary());
        Assert.AreEqual(1, structure.Notes[ProteinFileRemark.BadRecord]);
    }

    [TestMethod]
    public void WhatIsLeftOutIsCounted()
    {
        var notes = Read(Pdb(
            "MODEL        1", Atom("ALA", "1", alternate: "A", occupancy: "0.40"), Atom("ALA", "1", alternate: "B", occupancy: "0.60"),
            Atom("GLY", "2", name: " N  "), Atom("QQQ", "3"), "TER", Atom("HEM", "201", name: "FE  ", element: "FE", hetero: true),
            Atom("CA", "202", name: "CA  ", element: "CA", hetero: true), Atom("GLU", "203", x: 40, hetero: true),
            Atom("HOH", "301", name: " O  ", hetero: true), Atom("HOH", "302", name: " O  ", hetero: true), "ENDMDL", "MODEL        2")).Notes;
        Assert.AreEqual("ResidueWithoutAlphaCarbon 1, Water 2, Ligand 3, FurtherModels 1, Conformation 1, UnknownResidue 1", notes.ToString());
    }
}
