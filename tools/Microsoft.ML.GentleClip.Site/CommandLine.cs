using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;

namespace Microsoft.ML.GentleClip.Site;

/// <summary>What the program is asked to do.</summary>
/// <param name="Folder">Where the site is built: sources in <c>source</c>, pages in <c>html</c>.</param>
internal sealed record CommandLine(string Folder)
{
    /// <summary>The options around what is done with them.</summary>
    public static RootCommand Create(Func<CommandLine, Task<int>> run)
    {
        var folder = CommandOption.Text("--out", "DIR", "Folder of the site. Without it, artifacts/site of this repository.");
        var command = new RootCommand(
            """
            Builds the documentation as a site: guides, rendered notebooks and the reference, with a search.

            Exit code 0: built, and every link leads somewhere; 1: DocFX complained, or a link is broken; 2: wrong arguments.
            """)
        {
            folder,
        };
        command.SetAction((result, _) => run(new CommandLine(Path.GetFullPath(result.GetValue(folder) ?? Path.Combine(Repository.Root, "artifacts", "site")))));
        return command;
    }
}
