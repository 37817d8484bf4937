namespace Microsoft.ML.GentleClip.Tool;

/// <summary>FASTA files and structures: each sequence or chain is a row, known by its identifier.</summary>
internal static class ProteinFiles
{
    private static readonly string[] Fasta = [".fasta", ".fa", ".faa", ".fas", ".fsa", ".seq"];
    private static readonly string[] Alignments = [".a2m", ".a3m"];
    private static readonly string[] Structures = [".pdb", ".ent", ".cif", ".mmcif"];

    /// <summary>What a path stands for, by its name; a folder, by the names of its files.</summary>
    /// <exception cref="ToolException">A folder holds files of several kinds, or of none.</exception>
    public static SideKind KindOf(string path)
    {
        if (!Directory.Exists(path))
            return Is(path, Structures) ? SideKind.Structures : Is(path, Fasta) || Is(path, Alignments) ? SideKind.Sequences : SideKind.Numbers;
        return SuffixesOf(path) == Structures ? SideKind.Structures : SideKind.Sequences;
    }

    /// <summary>A kind in words.</summary>
    public static string Words(SideKind kind) => kind switch
    {
        SideKind.Sequences => "sequences",
        SideKind.Structures => "protein structures",
        _ => "a table of numbers",
    };

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
        // Files of a folder are listed here: the loaders would pass alignments over.
        string[]? files = Directory.Exists(path) ? FilesOf(path, told) : null;
        (string File, TableRow Row)[] rows = [.. (kind == SideKind.Sequences ? Sequences() : Chains()).Select((entry, i) => (entry.File, new TableRow
        {
            Id = entry.Id,
            Line = i + 1,
            Sequence = entry.Sequence,
            Values = entry.Positions,
        }))];
        string what = kind == SideKind.Sequences ? "sequence" : "protein chain";
        if (rows.Length == 0)
            throw new ToolException($"{path} has no {what}.");
        if (rows.Where(entry => entry.Row.Id.Length > 0).GroupBy(entry => entry.Row.Id, StringComparer.Ordinal)
            .FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            string[] of = [.. twice.Select(entry => entry.File).Distinct()];
            throw new ToolException($"{path} has two {what}s called '{twice.Key}'{(of.Length > 1 ? $", in {of[0]} and {of[1]}" : "")}; expected different "
                + (byFile && kind == SideKind.Structures ? "files of one chain each. Without --file-ids, the chain is part of the name." : "identifiers."));
        }
        if (report.Total.ToString() is { Length: > 0 } remarks)
            told($"  in the files: {remarks}");
        return new Table(path, kind, [], [.. rows.Select(entry => entry.Row)], [], []);

        IEnumerable<(string File, string Id, string Sequence, float[] Positions)> Sequences()
        {
            var options = new FastaLoadOptions { Report = report };
            return mlContext.Data.CreateEnumerable<SequenceRow>(
                files is null ? mlContext.Data.LoadFasta(path, options) : mlContext.Data.LoadFasta(files, options), reuseRowObject: false)
                .Select(row => (row.File, row.Identifier, row.Sequence, Array.Empty<float>()));
        }

        IEnumerable<(string File, string Id, string Sequence, float[] Positions)> Chains()
        {
            var options = new ProteinStructureLoadOptions { Report = report };
            var view = files is null ? mlContext.Data.LoadProteinStructures(path, options) : mlContext.Data.LoadProteinStructures(files, options);
            return mlContext.Data.CreateEnumerable<ChainRow>(view, reuseRowObject: false)
                .Select(row => (row.File, byFile ? NameOf(row.File) : row.Identifier, "", row.AlphaCarbons));
        }
    }

    // What a folder holds; rows of alignments are many for each protein, so that they are not mixed with single sequences.
    private static string[] SuffixesOf(string folder)
    {
        string[] files = NamesOf(folder);
        string[][] found = [.. new[] { Fasta, Alignments, Structures }.Where(suffixes => files.Any(file => Is(file, suffixes)))];
        return found switch
        {
            [var one] => one,
            [] => throw new ToolException($"The folder '{folder}' has no file of sequences ({string.Join(", ", [.. Fasta, .. Alignments])}) or structures "
                + $"({string.Join(", ", Structures)}){(files.Length == 0 ? "" : $"; found {Table.FirstOf(Array.ConvertAll(files, Path.GetFileName)!, 3)}")}. "
                + "A table is one file."),
            _ => throw new ToolException($"The folder '{folder}' has {string.Join(" and ", found.Select(KindWords))}; name one kind, such as "
                + $"'{Path.Combine(folder, $"*{found[0].First(suffix => files.Any(file => Is(file, [suffix])))}")}'."),
        };

        static string KindWords(string[] suffixes) => suffixes == Fasta ? "sequences" : suffixes == Alignments ? "alignments" : "structures";
    }

    private static string[] FilesOf(string folder, Action<string> told)
    {
        string[] suffixes = SuffixesOf(folder), files = NamesOf(folder), others = [.. files.Where(file => !Is(file, suffixes))];
        if (others.Length > 0)
            told($"  not read, by their names: {Table.FirstOf(Array.ConvertAll(others, Path.GetFileName)!, 5)}");
        if (suffixes == Alignments)
            told("  alignments: each row is a sequence of its own, without gaps and with its insertions");
        return [.. files.Where(file => Is(file, suffixes))];
    }

    private static string[] NamesOf(string folder) =>
        [.. Directory.GetFiles(folder).Where(file => !Path.GetFileName(file).StartsWith('.')).Order(StringComparer.Ordinal)];

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
        public string File { get; set; } = "";

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
