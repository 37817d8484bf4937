using Microsoft.ML.GentleClip.Data;
using static Microsoft.ML.GentleClip.Tests.Data.StructureText;

namespace Microsoft.ML.GentleClip.Tests.Data;

[TestClass]
public sealed class MmCifReaderTests
{
    private const string Columns =
        "group_PDB type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id label_seq_id pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z "
            + "occupancy auth_seq_id auth_asym_id pdbx_PDB_model_num";

    [TestMethod]
    public void ColumnsMayComeInAnyOrderAndCase() => Assert.AreEqual(
        "AA:GM 5 6A",
        Read(Cif(
            "CARTN_Z auth_seq_id unknown_item Label_Atom_Id Cartn_x Cartn_y label_comp_id pdbx_PDB_ins_code auth_asym_id",
            "0 5 'x y' CA 1 2 GLY ? AA", "0 6 \"it's\" CA 1 2 MSE A AA")).Summary());

    [TestMethod]
    public void ConformationsModelsLigandsAndCalciumAreToldApart()
    {
        var structure = Read(Cif(
            Columns,
            "ATOM   N  N  . GLY A 1 1 ? 0 0 0 1.00 10 X 2",
            "ATOM   C  CA . GLY A 1 1 ? 1 0 0 1.00 10 X 2",
            "ATOM   C  CA A SER A 1 2 ? 2 0 0 0.40 11 X 2",
            "ATOM   C  CA B THR A 1 2 ? 3 0 0 0.60 11 X 2",
            "HETATM C  CA . MSE A 1 3 A 4 0 0 1.00 11 X 2",
            "HETATM C  CA . QQQ A 1 4 ? 5 0 0 1.00 -3 X 2",
            "ATOM   N  N  . ALA A 1 5 ? 5 0 0 1.00 -2 X 2",
            "HETATM CA CA . CA  B 2 . ? 6 0 0 1.00 90 X 2",
            "HETATM C  CA . GLU C 3 . ? 7 0 0 1.00 91 X 2",
            "ATOM   C  CA . GLY A 1 1 ? 8 0 0 1.00 10 X 1"));
        Assert.AreEqual("X:GTMX 10 11 11A -3", structure.Summary());
        CollectionAssert.AreEqual(new float[] { 1, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0 }, structure.Chains[0].AlphaCarbons);
        Assert.AreEqual(1, structure.ResiduesWithoutAlphaCarbon);
    }

    [TestMethod]
    public void WithoutGroupsTheSequenceNumberTellsLigandsApart() => Assert.AreEqual(
        "A:GX 1 2",
        Read(Cif(
            "type_symbol label_atom_id label_comp_id label_asym_id label_seq_id auth_seq_id Cartn_x Cartn_y Cartn_z",
            "C CA GLY A 1 1 0 0 0", "C CA QQQ A 2 2 0 0 0", "C CA PLM A . 404 0 0 0", "C CA GLU A . 405 0 0 0")).Summary());

    [TestMethod]
    public void LabelIdentifiersAreAChoice()
    {
        var text = Cif(Columns, "ATOM C CA . GLY Long 1 7 ? 1 0 0 1 52 X 1", "ATOM C CA . ALA Long 1 8 B 1 0 0 1 52 X 1");
        Assert.AreEqual("X:GA 52 52B", Read(text).Summary());
        Assert.AreEqual("Long:GA 7 8", Read(text, useLabels: true).Summary());
    }

    [TestMethod]
    public void RowsMayRunOverLinesAndValuesMayBeTexts() => Assert.AreEqual(
        "A:GA 1 2",
        Read(
            "# comment\n\ndata_x\nloop_ _atom_site.label_atom_id _atom_site.label_comp_id # names\n_atom_site.label_asym_id\n_atom_site.auth_seq_id "
                + "_atom_site.Cartn_x\n_atom_site.Cartn_y _atom_site.Cartn_z\n" +
            "'CA'\nGLY\n\"A\"\n1 1.5(2)\n # a comment between\n2 3 CA\n;ALA\n; A 2 1 2 3\n_cell.length_a 10\n").Summary());

    [TestMethod]
    public void OneAtomMayStandWithoutALoop() => Assert.AreEqual(
        "A:G 1",
        Read(
            "data_x\n_atom_site.label_atom_id CA\n_atom_site.label_comp_id GLY\n_atom_site.auth_asym_id A\n_atom_site.auth_seq_id 1\n_atom_site.Cartn_x "
                + "1\n_atom_site.Cartn_y 2\n_atom_site.Cartn_z 3\n").Summary());

    [TestMethod]
    public void TheFirstBlockWithAtomsCounts() => Assert.AreEqual(
        "A:G 1",
        Read("data_other\n_entry.id other\n" + Cif(Columns, "ATOM C CA . GLY A 1 1 ? 1 0 0 1 1 A 1") + Cif(Columns, "ATOM C CA . ALA A 1 2 ? 1 0 0 1 2 A 1"))
            .Summary());

    [TestMethod]
    [DataRow("loop_\n_entity_poly_seq.entity_id\n_entity_poly_seq.num\n_entity_poly_seq.mon_id\n1 1 MSE\n1 2 GLY\n1 2 ALA\n1 3 QQQ\n2 1 DA\n")]
    [DataRow("loop_\n_pdbx_poly_seq_scheme.asym_id\n_pdbx_poly_seq_scheme.seq_id\n_pdbx_poly_seq_scheme.mon_id\nL 1 MSE\nL 2 GLY\nL 2 ALA\nL 3 QQQ\nM 1 DA\n")]
    public void TheFullSequenceMayStandBeforeOrBehindTheAtoms(string category)
    {
        var atoms = "loop_\n" + Cif(Columns, "ATOM C CA . GLY L 1 2 ? 1 0 0 1 2 A 1").Split("loop_\n")[1];
        foreach (var text in new[] { "data_x\n" + category + atoms, "data_x\n" + atoms + category })
            Assert.AreEqual("MGX", Read(text).Chains.Single().FullSequence);
    }

    [TestMethod]
    [DataRow("loop_\n_pdbx_struct_mod_residue.id\n_pdbx_struct_mod_residue.label_comp_id\n_pdbx_struct_mod_residue.parent_comp_id\n1 QQQ TRP\n2 RRR ?\n")]
    [DataRow("loop_\n_chem_comp.id\n_chem_comp.mon_nstd_parent_comp_id\nQQQ TRP\nGLY ?\nRRR 'GLY,TYR,GLY'\n")]
    public void TheFileMayNameParents(string category)
    {
        var atoms = Cif(Columns, "HETATM C CA . QQQ A 1 1 ? 1 0 0 1 1 A 1", "HETATM C CA . RRR A 1 2 ? 1 0 0 1 2 A 1");
        Assert.AreEqual("A:WX 1 2", Read(atoms + category).Summary());
    }

    [TestMethod]
    [DataRow("data_x\n_entry.id x\n", "file: the file has no _atom_site row, so it gives no positions.")]
    [DataRow("data_x\n_a.b\n_a.c 1\n", "file, line 2: '_a.b' has no value.")]
    [DataRow("data_x\n_a.b 1 2\n", "file, line 2: the value '2' belongs to no name.")]
    [DataRow("data_x\n_a.b 'open\n", "file, line 2: the quote that opens in column 6 is not closed in this line.")]
    [DataRow("data_x\n_a.b\n;open\ntext\n", "file, line 3: the text field that opens here is not closed.")]
    [DataRow("data_x\nloop_\n1 2\n", "file, line 2: expected names behind 'loop_', found none.")]
    [DataRow("data_x\nloop_\n_a.b\n_a.c\n1 2 3\n", "file, line 5: the last row of the loop that opens in line 2 has 1 values, expected 2.")]
    [DataRow("data_x\nglobal_\n", "file, line 2: 'global_' is not part of CIF.")]
    [DataRow("data_x\n_atom_site.Cartn_x 1\n", "file, line 2: the _atom_site category has no item 'label_atom_id'.")]
    public void ErrorsNameFileLineAndReason(string text, string expected) => Assert.AreEqual(expected, Error(text));

    [TestMethod]
    [DataRow("ATOM C CA . GLY A 1 1 ? x 0 0 1 1 A 1", "Cartn_x is 'x', expected a number between -1000000 and 1000000.")]
    [DataRow("ATOM C CA . GLY A 1 1 ? 0 0 nan 1 1 A 1", "Cartn_z is 'nan', expected a number between -1000000 and 1000000.")]
    [DataRow("ATOM C CA . GLY A 1 1 ? 0 0 0 1 one A 1", "auth_seq_id is 'one', expected a whole number.")]
    [DataRow("ATOM C CA . GLY A 1 99999999999 ? 0 0 0 1 ? A 1", "label_seq_id is '99999999999', expected a whole number.")]
    [DataRow("ATOM C CA . GLY A 1 1 AB 0 0 0 1 1 A 1", "pdbx_PDB_ins_code is 'AB', expected one letter.")]
    [DataRow("ATOM C CA . GLY A 1 1 ? 0 0 0 full 1 A 1", "the occupancy is 'full', expected a number.")]
    public void ErrorsInAtomsNameTheItem(string row, string expected) =>
        Assert.AreEqual($"file, line 20: {expected}", Error(Cif(Columns, row)));

    [TestMethod]
    public void TokensFollowTheSpecification()
    {
        using var lines = Lines("data_A loop_ _x.y 'it's' \"a 'b'\" ? . '?' O5' #no\n;line\r\ntwo\n;\tnext # no\r_z[1] a;b LOOP_\n ;no text");
        var tokens = new CifTokenizer(lines);
        var found = new List<string>();
        while (tokens.Read() != CifToken.End)
            found.Add($"{tokens.Kind}<{System.Text.Encoding.UTF8.GetString(tokens.Text)}>");
        CollectionAssert.AreEqual(
            new[]
            {
                "Block<data_A>", "Loop<loop_>", "Tag<_x.y>", "Value<it's>", "Value<a 'b'>", "Null<?>", "Null<.>", "Value<?>", "Value<O5'>", "Value<line\ntwo>",
                "Value<next>", "Tag<_z[1]>", "Value<a;b>", "Loop<LOOP_>", "Value<;no>", "Value<text>",
            },
            found);
    }
}
