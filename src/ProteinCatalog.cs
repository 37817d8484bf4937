using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML;

#pragma warning disable RS0026 // A string is no sequence of strings, so the overloads cannot be mistaken for one another.

/// <summary>Loads protein sequences and structures.</summary>
public static class ProteinCatalog
{
    /// <summary>Loads the protein chains of PDB and mmCIF files, plain or gzip, one row a chain.</summary>
    /// <remarks>
    /// <para>Columns, in this order:</para>
    /// <list type="table">
    /// <item><term><c>File</c></term><description>Text: the file.</description></item>
    /// <item><term><c>Identifier</c></term><description>Text: file name without suffixes and chain id, "1abc_A".</description></item>
    /// <item><term><c>Chain</c></term><description>Text: chain id of the authors; empty if a PDB file has none.</description></item>
    /// <item><term><c>Sequence</c></term><description>Text: one letter for each residue whose alpha carbon was observed; modified residues
    /// have the letter of their parent (selenomethionine M), others X.</description></item>
    /// <item><term><c>FullSequence</c></term><description>Text: the sequence of the experiment with the residues that were not observed;
    /// empty if the file does not hold it.</description></item>
    /// <item><term><c>AlphaCarbons</c></term><description>Vector of Single, variable size: x, y, z in angstrom of each residue of
    /// <c>Sequence</c>, so three values a letter.</description></item>
    /// <item><term><c>ResidueNumbers</c></term><description>Vector of text, variable size: number and insertion code of each residue of
    /// <c>Sequence</c>, "52" or "52A".</description></item>
    /// </list>
    /// <para>Only the first model is read. Of several conformations the one with the highest occupancy counts, of equals the first. Water,
    /// ligands and residues without an alpha carbon are left out; a <see cref="ProteinFileReport"/> and the log say how many. A second chain with an id
    /// has an identifier of its own, "1abc_A-2". The content, not the name, tells format and compression.</para>
    /// <para>The files are read at once, in parallel, into memory, about 25 bytes per residue; the rows are in the order of the files and, within a file,
    /// of its chains.</para>
    /// </remarks>
    /// <example>
    /// What is read of a chain is what the tables of the sample <c>samples/ProteinAlignment</c> hold.
    /// <code>
    /// IDataView structures = mlContext.Data.LoadProteinStructures("pdb/**/*.cif.gz", new ProteinStructureLoadOptions { MinimumLength = 30 });
    /// </code>
    /// </example>
    /// <param name="catalog">The data catalog.</param>
    /// <param name="path">
    /// A file; a folder, of which all files ending in .pdb, .ent, .cif or .mmcif, also with .gz, are read; or a pattern with <c>*</c> and
    /// <c>?</c> in the file name and, optionally, <c>**</c> for all folders below: <c>pdb/**/*.cif.gz</c>. Files are sorted by ordinal path.
    /// </param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <returns>The chains.</returns>
    /// <exception cref="FileNotFoundException">Nothing matches the path.</exception>
    /// <exception cref="InvalidDataException">A file is broken and <see cref="ProteinFileOptions.BadFiles"/> is <see cref="BadFileHandling.Throw"/>;
    /// the message names file, line and reason.</exception>
    /// <exception cref="IOException">A file cannot be read and <see cref="ProteinFileOptions.BadFiles"/> is <see cref="BadFileHandling.Throw"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">As before: the file may not be read, or is a folder.</exception>
    /// <exception cref="OperationCanceledException">The load was cancelled.</exception>
    public static IDataView LoadProteinStructures(this DataOperationsCatalog catalog, string path, ProteinStructureLoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return catalog.LoadProteinStructures(ProteinFile.Find(path, ProteinFile.SuffixesOf(isStructure: true)), options);
    }

    /// <summary>Loads the protein chains of PDB and mmCIF files, plain or gzip, one row a chain; the other overload says what the columns are.</summary>
    /// <example>
    /// As files of your own choice; the sample <c>samples/ProteinAlignment</c> trains on such rows.
    /// <code>
    /// IDataView structures = mlContext.Data.LoadProteinStructures(["1abc.pdb", "2xyz.cif.gz"]);
    /// </code>
    /// </example>
    /// <param name="catalog">The data catalog.</param>
    /// <param name="files">The files, whatever they are called; their order is that of the rows.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <returns>The chains.</returns>
    /// <exception cref="InvalidDataException">A file is broken and <see cref="ProteinFileOptions.BadFiles"/> is <see cref="BadFileHandling.Throw"/>;
    /// the message names file, line and reason.</exception>
    /// <exception cref="IOException">A file cannot be read and <see cref="ProteinFileOptions.BadFiles"/> is <see cref="BadFileHandling.Throw"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">As before: the file may not be read, or is a folder.</exception>
    /// <exception cref="OperationCanceledException">The load was cancelled.</exception>
    public static IDataView LoadProteinStructures(this DataOperationsCatalog catalog, IEnumerable<string> files, ProteinStructureLoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var settings = options ?? new ProteinStructureLoadOptions();
        var chains = settings.Chains?.ToHashSet(StringComparer.Ordinal);
        return catalog.LoadFromEnumerable(ProteinFileLoader.Read(CatalogEnvironment.Of(catalog), Checked(files), settings, Rows));

        (IReadOnlyList<ProteinChainRow>, ProteinFileNotes) Rows(string file)
        {
            using var lines = ProteinFile.Open(file, settings, StructureReader.MaximumLineLength);
            var structure = StructureReader.Read(lines, settings.UseLabelIdentifiers, settings.BadFiles == BadFileHandling.Skip);
            var rows = new List<ProteinChainRow>();
            foreach (var chain in structure.Chains)
            {
                if (chains?.Contains(chain.Id) == false)
                    continue;
                if (settings.Admits(chain.Sequence.Length))
                    rows.Add(new ProteinChainRow(file, chain));
                else
                    structure.Notes.Add(ProteinFileRemark.OtherLength);
            }
            structure.Notes.Rows = rows.Count;
            if (lines.HasBytesBehind)
                structure.Notes.Add(ProteinFileRemark.BytesBehindGzip);
            return (rows, structure.Notes);
        }
    }

    /// <summary>Loads protein sequences in FASTA format, plain or gzip, one row a sequence.</summary>
    /// <remarks>
    /// <para>Columns, all text: <c>File</c>; <c>Identifier</c>, the first word of the header; <c>Description</c>, the rest of it;
    /// <c>Sequence</c>, in letters from A to Z.</para>
    /// <para>The files are read anew by each cursor, record by record, so memory stays flat and files may have any size; what is wrong in one of them is
    /// an error of the cursor that comes to it. <c>mlContext.Data.Cache</c> keeps the rows in memory.</para>
    /// <para>Lower case becomes upper case, blanks and numbers of positions are passed over, <c>?</c> becomes X, and lines that begin with <c>;</c> or <c>#</c>
    /// are comments. Gaps are taken out, a <c>*</c> may end a sequence, and a record with one before its end is left out; <see cref="FastaLoadOptions"/> has
    /// other choices. Records without a residue are left out. Any other sign makes the record a bad one.</para>
    /// </remarks>
    /// <example>
    /// Sequences without a known structure, as in the sample <c>samples/ProteinAlignment</c>.
    /// <code>
    /// IDataView sequences = mlContext.Data.LoadFasta("uniprot.fasta.gz");
    /// </code>
    /// </example>
    /// <param name="catalog">The data catalog.</param>
    /// <param name="path">
    /// A file; a folder, of which all files ending in .fasta, .fa, .faa, .fas, .fsa or .seq, also with .gz, are read; or a pattern with
    /// <c>*</c> and <c>?</c> in the file name and, optionally, <c>**</c> for all folders below. Files are sorted by ordinal path. Alignments in a folder
    /// (.a2m, .a3m), of many sequences per protein, are passed over with a warning; a pattern reads them.
    /// </param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <returns>The sequences.</returns>
    /// <exception cref="FileNotFoundException">Nothing matches the path.</exception>
    /// <exception cref="InvalidDataException">A file is broken and <see cref="ProteinFileOptions.BadFiles"/> is <see cref="BadFileHandling.Throw"/>;
    /// the message names file, line and reason.</exception>
    /// <exception cref="IOException">A file cannot be read and <see cref="ProteinFileOptions.BadFiles"/> is <see cref="BadFileHandling.Throw"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">As before: the file may not be read, or is a folder.</exception>
    /// <exception cref="OperationCanceledException">The load was cancelled.</exception>
    public static IDataView LoadFasta(this DataOperationsCatalog catalog, string path, FastaLoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(catalog);
        var files = ProteinFile.Find(path, ProteinFile.SuffixesOf(isStructure: false));
        ProteinFileLog.WarnOfAlignments(CatalogEnvironment.Of(catalog), path);
        return catalog.LoadFasta(files, options);
    }

    /// <summary>Loads protein sequences in FASTA format, plain or gzip, one row a sequence; the other overload says what the columns are.</summary>
    /// <example>
    /// Sequences without a known structure, as in the sample <c>samples/ProteinAlignment</c>.
    /// <code>
    /// IDataView sequences = mlContext.Data.LoadFasta(["part1.fasta.gz", "part2.fasta.gz"]);
    /// </code>
    /// </example>
    /// <param name="catalog">The data catalog.</param>
    /// <param name="files">The files, whatever they are called; their order is that of the rows.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <returns>The sequences.</returns>
    /// <exception cref="InvalidDataException">A file is broken and <see cref="ProteinFileOptions.BadFiles"/> is <see cref="BadFileHandling.Throw"/>;
    /// the message names file, line and reason.</exception>
    /// <exception cref="IOException">A file cannot be read and <see cref="ProteinFileOptions.BadFiles"/> is <see cref="BadFileHandling.Throw"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">As before: the file may not be read, or is a folder.</exception>
    /// <exception cref="OperationCanceledException">The load was cancelled.</exception>
    public static IDataView LoadFasta(this DataOperationsCatalog catalog, IEnumerable<string> files, FastaLoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var settings = options ?? new FastaLoadOptions();
        return new FastaDataView(CatalogEnvironment.Of(catalog), Checked(files), settings);
    }

    private static string[] Checked(IEnumerable<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        string[] list = [.. files];
        var empty = Array.FindIndex(list, string.IsNullOrWhiteSpace);
        return empty < 0 ? list : throw new ArgumentException($"The name of file {empty} (counted from 0) is empty.", nameof(files));
    }
}
