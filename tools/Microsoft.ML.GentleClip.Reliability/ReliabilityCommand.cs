using System.CommandLine;
using System.Globalization;
using Microsoft.ML.GentleClip.Programs;
using CliCommand = System.CommandLine.Command;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>What the user, or this program in a child process, can ask for.</summary>
internal static class ReliabilityCommand
{
    /// <summary>The commands.</summary>
    /// <param name="output">Takes what the trials print.</param>
    public static RootCommand Create(TextWriter output) => new(
        """
        Tries to make the library lose something: kills trainings, fills disks, feeds it broken files, runs it for long.

        The exit code is 0, 1 where something was lost, or 2 for a wrong command line. Counts come last.
        """)
    {
        Kill(output), KillChildProcess(output), Disk(output), Fuzz(output), FuzzWorkerProcess(output), Soak(output), Structures(output),
    };

    private static CliCommand Kill(TextWriter output)
    {
        var count = CommandOption.Number("--count", "N", "Kills.", 200);
        var training = CommandOption.Of("--training", "NAME", "One training instead of all in turn: vectors, proteins, frozen, pictures.", KillTraining.Named);
        var seed = CommandOption.Number("--seed", "S", "Seed of the moments.", 1, smallest: 0);
        var command = new CliCommand("kill", "Kills a training with SIGKILL at random moments, writes of checkpoints and models included, and resumes it.")
        {
            count, training, seed,
        };
        command.SetAction(result =>
        {
            var trainings = result.GetValue(training) is { } named ? [named] : KillTraining.All;
            return Counted(new KillHarness(result.GetValue(count), result.GetValue(seed), trainings, output), output);
        });
        return command;
    }

    private static CliCommand KillChildProcess(TextWriter output)
    {
        Argument<string> training = new("TRAINING"), folder = new("FOLDER"), mode = new("MODE");
        var command = new CliCommand(KillTraining.Command) { training, folder, mode };
        command.Hidden = true;
        command.SetAction(result => new KillChild(
            KillTraining.Named(result.GetRequiredValue(training)), result.GetRequiredValue(folder), result.GetRequiredValue(mode), output).Run());
        return command;
    }

    private static CliCommand Disk(TextWriter output)
    {
        var command = new CliCommand("disk", "A disk that is full and a folder that cannot be written to.");
        command.SetAction(_ => Counted(new DiskCheck(output), output));
        return command;
    }

    private static CliCommand Fuzz(TextWriter output)
    {
        var plan = new FuzzOptions();
        var command = plan.AddTo(new CliCommand("fuzz", "Reads broken files."));
        command.SetAction(result => Counted(new FuzzHarness(plan.Read(result), output), output));
        return command;
    }

    private static CliCommand FuzzWorkerProcess(TextWriter output)
    {
        var marker = new Argument<string>("MARKER");
        var plan = new FuzzOptions();
        var command = plan.AddTo(new CliCommand(FuzzHarness.WorkerCommand) { marker });
        command.Hidden = true;
        command.SetAction(result => FuzzWorker.Run(plan.Read(result), result.GetRequiredValue(marker), output));
        return command;
    }

    private static CliCommand Soak(TextWriter output)
    {
        var steps = CommandOption.Number("--steps", "N", "Steps.", 20_000);
        var rows = CommandOption.Number("--rows", "N", "Rows.", 1_000_000);
        var command = new CliCommand("soak", "Trains and scores for long, and looks at the memory.") { steps, rows };
        command.SetAction(result => Environment.GetEnvironmentVariable(ChildProgram.Generation0) is null
            ? ChildProgram.Pass(["soak", "--steps", Text(result.GetValue(steps)), "--rows", Text(result.GetValue(rows))], output)
            : Counted(new SoakRun(result.GetValue(steps), result.GetValue(rows), output), output));
        return command;
    }

    private static CliCommand Structures(TextWriter output)
    {
        var folder = Existing(CommandOption.Text("--folder", "PATH", "The files, also in folders below."), Directory.Exists);
        var table = Existing(CommandOption.Text("--table", "PATH", "The table that Structures/structure_table.py wrote."), File.Exists);
        var command = new CliCommand("structures", "Compares the structure files of a folder with another reader's table.") { folder, table };
        command.SetAction(result =>
            Counted(new StructureComparison(result.GetRequiredValue(folder)!, new StructureTable(result.GetRequiredValue(table)!), output), output));
        return command;
    }

    private static Option<string?> Existing(Option<string?> option, Func<string, bool> exists)
    {
        option.Required = true;
        option.Validators.Add(result =>
        {
            if (result.Tokens is [.., var path] && !exists(path.Value))
                result.AddError($"{option.Name}: there is no '{path.Value}'.");
        });
        return option;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Counted(ITrial trial, TextWriter output)
    {
        try
        {
            trial.Run();
            output.WriteLine(trial.Counts);
            return 0;
        }
        catch (Exception problem)
        {
            output.WriteLine($"LOSS: {(problem is LossException ? problem.Message : problem)}");
            output.WriteLine(trial.Counts);
            return 1;
        }
    }
}
