using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;

namespace FirstScreen;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine(int Seeds, string OutFolder)
{
    /// <summary>The options around what is done with them.</summary>
    public static RootCommand Create(Func<CommandLine, int> run)
    {
        var seeds = CommandOption.Number("--seeds", "N", "Seeds 1 to N: which digits are pairs, and which are known by one row.", 3);
        var output = CommandOption.Text("--out", "DIR", "Where the figures and the two pictures go.", ".");
        var command = new RootCommand("Measures what README's first program gives beside less, and draws its two pictures.") { seeds, output };
        command.SetAction(result => run(new CommandLine(result.GetValue(seeds), result.GetRequiredValue(output)!)));
        return command;
    }
}
