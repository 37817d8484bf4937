using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;

namespace Microsoft.ML.GentleClip.Notebooks;

/// <summary>What the program is asked to do.</summary>
/// <param name="Update">Whether what the cells give is written into the files.</param>
/// <param name="Notebooks">The files, and the folder in which each is run.</param>
internal sealed record CommandLine(bool Update, IReadOnlyList<(string Path, string Folder)> Notebooks)
{
    /// <summary>The options around what is done with them.</summary>
    public static RootCommand Create(Func<CommandLine, Task<int>> run)
    {
        var check = CommandOption.Flag("--check", "Compares what the cells give with the outputs saved in the files; so it is without --update.");
        var update = CommandOption.Flag("--update", "Writes what the cells give into the files.");
        var folder = CommandOption.Text("--folder", "DIR", "Folder of the notebooks. Without it, samples/Notebooks of this repository.");
        var names = new Argument<string[]>("NAME")
        {
            Description = "Notebooks whose names begin so. Without it, all.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new RootCommand(
            """
            Runs every cell of the notebooks with .NET Interactive's C# kernel.

            Exit code 0: all as saved, or written; 1: a cell failed, gave nothing where something is expected, or gave something else; 2: wrong arguments.
            """)
        {
            check, update, folder, names,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(check) && result.GetValue(update))
                result.AddError("--check and --update exclude each other.");
        });
        names.Validators.Add(result =>
        {
            var where = FolderOf(result.GetValue(folder));
            if (!Directory.Exists(where) || Find(where, result.GetValueOrDefault<string[]>()).Count == 0)
                result.AddError($"There is no such notebook in {where}.");
        });
        command.SetAction((result, _) => run(new CommandLine(result.GetValue(update), Find(FolderOf(result.GetValue(folder)), result.GetValue(names) ?? []))));
        return command;
    }

    private static string FolderOf(string? folder) => folder is null ? Path.Combine(Root(), "samples", "Notebooks") : Path.GetFullPath(folder);

    // In turn each notebook's own folder, where a front end starts, and the repository's root, where people do.
    private static IReadOnlyList<(string Path, string Folder)> Find(string folder, string[] names) =>
        [.. Directory.EnumerateFiles(folder, "*.ipynb").Order(StringComparer.Ordinal)
            .Select((path, i) => (path, i % 2 == 0 ? folder : Root()))
            .Where(notebook => names.Length == 0 || names.Any(name => Path.GetFileName(notebook.path).StartsWith(name, StringComparison.Ordinal)))];

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Microsoft.ML.GentleClip.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Microsoft.ML.GentleClip.sln.");
    }
}
