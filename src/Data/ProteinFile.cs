namespace Microsoft.ML.GentleClip.Data;

/// <summary>Opens and finds protein files.</summary>
internal static class ProteinFile
{
    private static readonly string[] StructureSuffixes = [".pdb", ".ent", ".cif", ".mmcif"];
    private static readonly string[] FastaSuffixes = [".fasta", ".fa", ".faa", ".fas", ".fsa", ".seq"];
    private static readonly string[] AlignmentSuffixes = [".a2m", ".a3m"];

    /// <summary>Suffixes that a folder is searched for; each may be followed by .gz.</summary>
    public static IReadOnlyList<string> SuffixesOf(bool isStructure) => isStructure ? StructureSuffixes : FastaSuffixes;

    /// <summary>Opens a file; its first bytes tell whether it is compressed.</summary>
    public static LineReader Open(string path, ProteinFileOptions options, int maximumLineLength, bool allowsZeros = false)
    {
        var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 1 << 14 });
        try
        {
            if (!file.CanSeek)
                throw new IOException($"{path} is a pipe or a device, expected a file.");
            return new LineReader(Decompressed(file), path, maximumLineLength, options.MaximumFileSize, allowsZeros, options.CancellationToken);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The stream itself, which must be able to seek, or, when it begins as gzip does, what it holds.</summary>
    public static Stream Decompressed(Stream stream)
    {
        Span<byte> magic = stackalloc byte[2];
        var read = stream.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        stream.Position = 0;
        return read == 2 && magic is [0x1F, 0x8B] ? new GzipContent(stream) : stream;
    }

    /// <summary>Name without folder, suffix and .gz: "1abc" of "pdb/1abc.cif.gz".</summary>
    public static string Stem(string path)
    {
        var name = Path.GetFileName(path);
        if (name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            name = name[..^3];
        return Path.GetFileNameWithoutExtension(name);
    }

    /// <summary>The files that a path stands for, in ordinal order: a file, a folder's files with one of the suffixes, or a pattern's matches.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="ArgumentException">The path is empty, or a folder in it holds a wildcard other than '**' before the name.</exception>
    public static string[] Find(string path, IReadOnlyList<string> suffixes)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (File.Exists(path))
            return [path];
        string[] found = Directory.Exists(path)
            ? [.. Files(path, "*", recursive: false).Where(HasSuffix)]
            : path.AsSpan().ContainsAny('*', '?') ? [.. Matches(path)]
            : throw new FileNotFoundException($"There is no file or folder '{path}'.", path);
        if (found.Length == 0)
        {
            var looked = Directory.Exists(path) ? $"; looked for {string.Join(", ", suffixes)}, also with .gz" : "";
            throw new FileNotFoundException($"No file matches '{path}'{looked}.", path);
        }
        Array.Sort(found, StringComparer.Ordinal);
        return found;

        bool HasSuffix(string name) => ProteinFile.HasSuffix(name, suffixes);
    }

    /// <summary>Whether the name is one of a structure file.</summary>
    public static bool IsStructure(string path) => HasSuffix(path, StructureSuffixes);

    /// <summary>Whether the name is one of an alignment.</summary>
    public static bool IsAlignment(string path) => HasSuffix(path, AlignmentSuffixes);

    private static bool HasSuffix(string name, IReadOnlyList<string> suffixes)
    {
        var end = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;
        return suffixes.Any(suffix => end.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));
    }

    private static IEnumerable<string> Matches(string path)
    {
        var (folder, pattern) = (Path.GetDirectoryName(path) ?? "", Path.GetFileName(path));
        var recursive = Path.GetFileName(folder) == "**";
        if (recursive)
            folder = Path.GetDirectoryName(folder) ?? "";
        if (folder.AsSpan().ContainsAny('*', '?') || pattern.Contains("**", StringComparison.Ordinal) || pattern.Length == 0)
            throw new ArgumentException(
                $"'{path}': wildcards may stand in the file name, with '**' for all folders below as the folder before it.", nameof(path));
        if (folder.Length > 0 && !Directory.Exists(folder))
            throw new FileNotFoundException($"There is no folder '{folder}'.", path);
        return Files(folder, pattern, recursive);
    }

    private static IEnumerable<string> Files(string folder, string pattern, bool recursive)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = recursive, IgnoreInaccessible = false };
        return Directory.EnumerateFiles(folder.Length > 0 ? folder : ".", pattern, options).Select(file => folder.Length > 0 ? file : file[2..]);
    }
}
