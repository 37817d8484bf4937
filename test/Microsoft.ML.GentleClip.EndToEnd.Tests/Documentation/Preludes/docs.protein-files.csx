using System.IO.Compression;

void WriteGzip(string path, string text)
{
    using var file = new StreamWriter(new GZipStream(File.Create(path), CompressionLevel.Fastest));
    file.Write(text);
}

Directory.CreateDirectory("pdb/a");
string[] items = ["group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id", "label_seq_id", "Cartn_x",
    "Cartn_y", "Cartn_z", "occupancy", "auth_seq_id", "auth_asym_id", "pdbx_PDB_model_num"];
WriteGzip("pdb/a/1abc.cif.gz", "data_1ABC\nloop_\n" + string.Concat(items.Select(item => $"_atom_site.{item}\n"))
    + string.Concat(Enumerable.Range(1, 40).Select(i => $"ATOM {i} C CA . ALA A {i} {3.8 * i:0.0} 0.0 0.0 1.00 {i} A 1\n")) + "#\n");
WriteGzip("uniprot.fasta.gz", ">P1 made up\nMKTAYIAKQR\n>P2\nGSHMLEDPVD\n");
