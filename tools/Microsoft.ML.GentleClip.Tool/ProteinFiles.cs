namespace Microsoft.ML.GentleClip.Tool;

/// <summary>FASTA files and structures: each sequence or chain is a row, known by its identifier.</summary>
internal static class ProteinFiles
{
    private static readonly string[] Fasta = [".fasta", ".fa", ".faa", ".fas", ".fsa", ".a2m", ".a3m", ".seq"];
    private static readonly string[] Structures = [".pdb", ".ent", ".cif", ".mmcif"];

    /// <summary>What a path stands for, by its name; a folder, by the names of its files.</summary>
    /// <exception cref="ToolException">A folder holds files of both kinds, or of neither.</exception>
    public static SideKind KindOf(string path)
    {
        if (!Directory.Exists(path))
            return Is(path, Structures) ? SideKind.Structures : Is(path, Fasta) ? SideKind.Sequences : SideKind.Numbers;
        string[] files = Directory.GetFiles(path);
        bool hasFasta = files.Any(file => Is(file, Fasta)), hasStructures = files.Any(file => Is(file, Structures));
        if (hasFasta == hasStructures)
            throw new ToolException(hasFasta
                ? $"The folder '{path}' has sequences and structures; name one kind, such as '{Path.Combine(path, "*.pdb")}'."
                : $"The folder '{path}' has no file of sequences ({string.Join(", ", Fasta)}) or structures ({string.Join(", ", Structures)}).");
        return hasFasta ? SideKind.Sequences : SideKind.Structures;
    }

    /// <summary>Reads all sequences or chains.</summary>
    /// <param name="path">A file, a folder or a pattern.</param>
    /// <param name="kind">What it holds.</param>
    /// <param name="byFile">Whether a chain is known by the name of its file, without the chain.</param>
    /// <param name="told">Gets what was left out or changed.</param>
    /// <exception cref="ToolException">There is nothing in it, or an identifier occurs twice.</exception>
    public static Table Read(string path, SideKind kind, bool byFile, Action<string> told)
    {
        var mlContext = new MLContext();
        var report = new ProteinFileReport();
        TableRow[] rows = kind == SideKind.Sequences
            ? [.. mlContext.Data.CreateEnumerable<SequenceRow>(mlContext.Data.LoadFasta(path, new FastaLoadOptions { Report = report }), reuseRowObject: false)
                .Select(row => new TableRow { Id = row.Identifier, Sequence = row.Sequence })]
            : [.. mlContext.Data.CreateEnumerable<ChainRow>(
                mlContext.Data.LoadProteinStructures(path, new ProteinStructureLoadOptions { Report = report }), reuseRowObject: false)
                .Select(row => new TableRow { Id = byFile ? NameOf(row.File) : row.Identifier, Values = row.AlphaCarbons })];
        string what = kind == SideKind.Sequences ? "sequence" : "protein chain";
        if (rows.Length == 0)
            throw new ToolException($"{path} has no {what}.");
        if (rows.GroupBy(row => row.Id, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ToolException($"{path} has two {what}s called '{twice.Key}'; expected different "
                + (byFile ? "files of one chain each. Without --file-ids, the chain is part of the name." : "identifiers."));
        if (report.Total.ToString() is { Length: > 0 } remarks)
            told($"  in the files: {remarks}");
        return new Table(path, kind, [], rows, []);
    }

    private static string NameOf(string file)
    {
        string name = Path.GetFileName(file);
        if (name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            name = name[..^3];
        return Path.GetFileNameWithoutExtension(name);
    }

    private static bool Is(string path, string[] suffixes)
    {
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return suffixes.Any(suffix => name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));
    }

    private sealed class SequenceRow
    {
        public string Identifier { get; set; } = "";

        public string Sequence { get; set; } = "";
    }

    private sealed class ChainRow
    {
        public string File { get; set; } = "";

        public string Identifier { get; set; } = "";

        public float[] AlphaCarbons { get; set; } = [];
    }
}
