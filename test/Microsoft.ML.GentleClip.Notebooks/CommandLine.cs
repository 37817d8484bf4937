namespace Microsoft.ML.GentleClip.Notebooks;

/// <summary>What the program is asked to do.</summary>
internal sealed record CommandLine(bool Update, bool Help, string Folder, IReadOnlyList<string> Names)
{
    public const string Usage = """
        Runs every cell of the notebooks with .NET Interactive's C# kernel.

          --check         compare what the cells give with the outputs saved in the files (default)
          --update        write what the cells give into the files
          --folder DIR    folder of the notebooks (default: samples/Notebooks of this repository)
          NAME ...        notebooks whose names begin so (default: all)

        Exit code 0: all as saved, or written; 1: a cell failed, gave nothing where something is expected, or gave something else; 2: wrong arguments.
        """;

    /// <exception cref="ArgumentException">An unknown option, or no notebook of a name.</exception>
    public static CommandLine Parse(string[] args)
    {
        var line = new CommandLine(Update: false, Help: false, Path.Combine(Root(), "samples", "Notebooks"), []);
        for (int i = 0; i < args.Length; i++)
            line = args[i] switch
            {
                "--check" => line with { Update = false },
                "--update" => line with { Update = true },
                "--help" or "-h" => line with { Help = true },
                "--folder" when i + 1 < args.Length => line with { Folder = Path.GetFullPath(args[++i]) },
                ['-', ..] => throw new ArgumentException($"'{args[i]}' is no option, or lacks its value."),
                _ => line with { Names = [.. line.Names, args[i]] },
            };
        if (!line.Help && line.Notebooks().Count == 0)
            throw new ArgumentException($"There is no such notebook in {line.Folder}.");
        return line;
    }

    /// <summary>The files, and the folder in which each is run: in turn its own, where a front end starts, and the repository's root, where people do.</summary>
    public IReadOnlyList<(string Path, string Folder)> Notebooks() =>
        [.. Directory.EnumerateFiles(Folder, "*.ipynb").Order(StringComparer.Ordinal)
            .Select((path, i) => (path, i % 2 == 0 ? Folder : Root()))
            .Where(notebook => Names.Count == 0 || Names.Any(name => System.IO.Path.GetFileName(notebook.path).StartsWith(name, StringComparison.Ordinal)))];

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Microsoft.ML.GentleClip.sln")))
                return folder.FullName;
        throw new ArgumentException($"No folder above {AppContext.BaseDirectory} holds Microsoft.ML.GentleClip.sln.");
    }
}
