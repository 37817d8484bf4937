using static Microsoft.ML.GentleClip.Tests.Data.StructureText;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>mmCIF files as PyMOL, Biopython, python-ihm, OpenMM, Phenix and others write them.</summary>
[TestClass]
public sealed class MmCifDialectTests
{
    private const string Tables = "loop_\n_entity.id\n_entity.type\n1 polymer\n2 non-polymer\n";

    // x is 3.8 times the row; "." and "?" stand for what a program does not write.
    private static string File(string rows, bool hasAuthorNumbers = true, string tables = "") => "data_x\n" + tables
        + Cif(
            "group_PDB type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id label_seq_id pdbx_PDB_ins_code "
                + "Cartn_x Cartn_y Cartn_z occupancy auth_asym_id"
                + (hasAuthorNumbers ? " auth_seq_id" : ""),
            rows.Split(" | ").Select((row, i) => Row(row.Split(' '), i, hasAuthorNumbers)))["data_TEST\n".Length..];

    // group residue chain entity label-number insertion-code author-chain author-number [x]
    private static string Row(string[] row, int i, bool hasAuthorNumbers) =>
        $"{row[0]} C CA . {row[1]} {row[2]} {row[3]} {row[4]} {row[5]} {(row.Length > 8 ? row[8] : FormattableString.Invariant($"{3.8 * i:F1}"))} 0 0 1.0 "
            + (hasAuthorNumbers ? $"{row[6]} {row[7]}" : row[6]);

    [TestMethod]
    [DataRow(
        "ATOM ALA . ? -1 ? H . | ATOM GLY . ? 52 ? H . | ATOM SER . ? 52 A H . | ATOM VAL . ? 52 B H . | ATOM LEU . ? 53 ? H .",
        "H:AGSVL -1 52 52A 52B 53",
        DisplayName = "insertion codes")]
    [DataRow(
        "ATOM ALA . ? 1 ? A . | ATOM GLY . ? 2 ? A . | HETATM LIG . ? 301 ? A . | HETATM GLU . ? 302 ? A .",
        "A:AG 1 2",
        DisplayName = "ligands with numbers")]
    [DataRow("ATOM ALA . ? 1 ? A . | HETATM MSE . ? 2 ? A . | ATOM GLY . ? 3 ? A .", "A:AMG 1 2 3", DisplayName = "a modified residue")]
    public void PyMolWritesTheNumbersOfTheAuthorsAsThoseOfTheArchive(string rows, string expected) =>
        Assert.AreEqual(expected, Read(File(rows, hasAuthorNumbers: false)).Summary());

    [TestMethod]
    [DataRow("ATOM ALA A 1 1 ? A 1 | HETATM MSE A 1 . ? A 2 | ATOM GLY A 1 2 ? A 3", DisplayName = "no number for HETATM")]
    [DataRow("ATOM ALA A 1 ? ? A 1 | HETATM MSE A 1 ? ? A 2 | ATOM GLY A 1 ? ? A 3", DisplayName = "no numbers at all")]
    [DataRow("ATOM ALA A ? 1 ? A 1 | HETATM MSE B ? . ? A 2 | ATOM GLY C ? 2 ? A 3", DisplayName = "a label for each piece, Biopython")]
    [DataRow("ATOM ALA A 1 1 ? A 1 0 | ATOM GLY A 1 3 ? A 3 7.6 | HETATM MSE A 1 2 ? A 2 3.8", DisplayName = "sorted to the end")]
    [DataRow("ATOM ALA A 1 ? ? A 1 0 | ATOM GLY A 1 ? ? A 3 7.6 | HETATM MSE A 1 ? ? A 2 3.8", DisplayName = "sorted to the end, no numbers")]
    [DataRow("ATOM GLY A 1 3 ? A 3 | ATOM ALA A 1 1 ? A 1 | HETATM MSE A 1 2 ? A 2", DisplayName = "rows have no order")]
    public void AModifiedResidueBelongsWhereItsNumberSays(string rows) => Assert.AreEqual("A:AMG 1 2 3", Read(File(rows)).Summary());

    [TestMethod]
    public void AResidueOfAPolymerBelongsWhereItsNumberSays() => Assert.AreEqual(
        "A:AMG 1 2 3", Read(File("ATOM ALA A 1 1 ? A 1 0 | ATOM GLY A 1 2 ? A 3 3.8 | HETATM MSE B 1 . ? A 2 60", tables: Tables)).Summary(), "by the entity");

    [TestMethod]
    public void ALigandIsNotNeededSoItMayBeDamaged() => Assert.AreEqual(
        "A:AG 1 2", Read(File("ATOM ALA A ? 1 ? A 1 | ATOM GLY A ? 2 ? A 2 | HETATM LIG B ? . ? A **** x")).Summary());

    [TestMethod]
    [DataRow("ATOM ALA A 1 5 ? A 5 | ATOM GLY A 1 6 ? A 6 | HETATM SER B 2 . ? A 5 3.8", DisplayName = "number of a residue")]
    [DataRow("ATOM ALA A 1 5 ? A 5 | ATOM GLY A 1 6 ? A 6 | HETATM SER B 2 . ? A 7 7.6", DisplayName = "near by, but of an entity that is no polymer")]
    [DataRow("ATOM ALA A 1 5 ? A 5 | ATOM GLY A 1 6 ? A 6 | ATOM SER B 2 301 ? B 301", DisplayName = "an ATOM record of such an entity")]
    [DataRow(
        "ATOM ALA A ? 5 ? A 5 | ATOM GLY A ? 6 ? A 6 | HETATM LIG A ? 301 ? A 301 | HETATM GLU A ? 302 ? A 302",
        DisplayName = "all rows numbered, OpenMM")]
    public void LigandsAreLeftOut(string rows) => Assert.AreEqual("A:AG 5 6", Read(File(rows, tables: Tables)).Summary());

    [TestMethod]
    public void ChainsOfOneAuthorIdAreSplitWhereNumbersStartAgain()
    {
        var structure = Read(File("ATOM ALA A 1 1 ? A 1 | ATOM GLY A 1 2 ? A 2 | ATOM ALA B 1 1 ? A 1 | ATOM GLY B 1 2 ? A 2", tables: Tables));
        Assert.AreEqual("A:AG 1 2 | A:AG 1 2", structure.Summary());
        Assert.AreEqual(1, structure.Notes[ProteinFileRemark.SplitChain]);
        var numbered = File("ATOM ALA A 1 1 ? A 1 | ATOM GLY A 1 2 ? A 2 | ATOM ALA B 1 1 ? A 101 | ATOM GLY B 1 2 ? A 102");
        Assert.AreEqual("A:AG 1 2 | A:AG 101 102", Read(numbered).Summary(), "by the archive's numbers");
    }

    [TestMethod]
    public void ChainsMayTakeTurns() => Assert.AreEqual(
        "A:AG 1 2 | B:VL 1 2",
        Read(File("ATOM ALA A 1 1 ? A 1 | ATOM VAL B 1 1 ? B 1 | ATOM GLY A 1 2 ? A 2 | ATOM LEU B 1 2 ? B 2")).Summary());

    [TestMethod]
    public void ThePlaceTellsResiduesOfOneNumberApart() => Assert.AreEqual(
        "A:ARIG 103 105 105 106",
        Read(File("ATOM ALA A 1 103 ? A 103 | ATOM ARG A 1 105 ? A 105 | ATOM ILE A 1 106 ? A 105 | ATOM GLY A 1 107 ? A 106")).Summary());

    [TestMethod]
    public void NumbersOfTheAuthorsMayStandInTheScheme()
    {
        var items = "asym_id entity_id seq_id mon_id pdb_seq_num auth_seq_num pdb_strand_id pdb_ins_code".Split(' ')
            .Select(item => $"_pdbx_poly_seq_scheme.{item}\n");
        var scheme = $"loop_\n{string.Concat(items)}A 1 1 ALA 101 101 X .\nA 1 2 GLY 101 ? X B\nA 1 3 SER 102 ? X .\n";
        var text = File("ATOM ALA A 1 1 ? . . | ATOM GLY A 1 2 ? . .", hasAuthorNumbers: false, tables: scheme);
        Assert.AreEqual("X:AG 101 101B", Read(text).Summary());
        Assert.AreEqual("AGS", Read(text).Chains.Single().FullSequence);
        Assert.AreEqual("A:AG 1 2", Read(text, useLabels: true).Summary());
    }

    [TestMethod]
    [DataRow("_entity_poly.entity_id 1\n_entity_poly.pdbx_seq_one_letter_code\n;MAG(MSE)\nLK\n;\n_entity_poly.pdbx_strand_id A\n", "1")]
    [DataRow("_entity_poly.entity_id 1\n_entity_poly.pdbx_seq_one_letter_code_can MAGMLK\n_entity_poly.pdbx_strand_id 'B,A'\n", "?")]
    public void TheFullSequenceMayStandInLetters(string table, string entity) => Assert.AreEqual(
        "MAGMLK", Read(File($"ATOM ALA A {entity} 2 ? A 2 | ATOM GLY A {entity} 3 ? A 3", tables: table)).Chains.Single().FullSequence);

    [TestMethod]
    public void UnknownCoordinatesCostTheirResidue()
    {
        var structure = Read(File("ATOM ALA A 1 1 ? A 1 | ATOM GLY A 1 2 ? A 2 ? | ATOM SER A 1 3 ? A 3"));
        Assert.AreEqual("A:AS 1 3", structure.Summary());
        Assert.AreEqual(1, structure.ResiduesWithoutAlphaCarbon);
    }

    [TestMethod]
    public void ADamagedRowMayCostItsResidueAlone()
    {
        var text = File("ATOM ALA A 1 1 ? A 1 | ATOM GLY A 1 2 ? A 2 x | ATOM SER A 1 3 ? A 3");
        StringAssert.Contains(Error(text), "Cartn_x is 'x'");
        var structure = Read(text, keepsGoodRecords: true);
        Assert.AreEqual("A:AS 1 3", structure.Summary());
        Assert.AreEqual(1, structure.Notes[ProteinFileRemark.BadRecord]);
    }

    [TestMethod]
    public void FurtherBlocksAreReported()
    {
        var text = File("ATOM ALA A 1 1 ? A 1");
        Assert.AreEqual(1, Read(text + text).Notes[ProteinFileRemark.FurtherDataBlocks]);
        Assert.AreEqual(0, Read(text + "data_restraints\n_chem_comp.id QQQ\n").Notes[ProteinFileRemark.FurtherDataBlocks]);
        Assert.AreEqual("A:A 1", Read(text + "data_broken\nloop_ 'open\n").Summary(), "what is wrong behind is no matter");
    }

    [TestMethod]
    public void ALabelMayBeUnknown() => Assert.AreEqual("A:AG 1 2", Read(File("ATOM ALA . 1 1 ? A 1 | ATOM GLY . 1 2 ? A 2")).Summary());
}
