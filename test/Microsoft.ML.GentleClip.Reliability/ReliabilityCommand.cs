namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>What the user, or this program in a child process, asked for.</summary>
internal static class ReliabilityCommand
{
    public const string Usage = """
        Tries to make the library lose something: kills trainings, fills disks, feeds it broken files, runs it for long.

        Usage: Microsoft.ML.GentleClip.Reliability COMMAND [options]
          kill   kills a training with SIGKILL at random moments, writes of checkpoints and models included, and resumes it
            --count N         kills (200)
            --training NAME   one training instead of all in turn: vectors, proteins, frozen, pictures
            --seed S          seed of the moments (1)
          disk   a disk that is full and a folder that cannot be written to
          fuzz   reads broken files
            --count N         files, spread over the formats (100000)
            --format NAME     one format instead of all
            --seed S          seed of the changes (1)
            --first I         number of the first file (0); with --count 1 it repeats one
          soak   trains and scores for long, and looks at the memory
            --steps N         steps (20000)
            --rows N          rows (1000000)
          structures   compares the structure files of a folder with another reader's table, which Structures/structure_table.py writes
            --folder PATH     the files, also in folders below
            --table PATH      the table
          --help  this text

        The exit code is 0, 1 where something was lost, or 2 for a wrong command line. Counts come last.
        """;

    /// <summary>Runs a command.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        try
        {
            return Run(arguments, output);
        }
        catch (ArgumentException problem)
        {
            error.WriteLine($"{problem.Message}\n\n{Usage}");
            return 2;
        }
    }

    private static int Run(string[] arguments, TextWriter output)
    {
        if (arguments.Contains("--help") || arguments.Contains("-h"))
        {
            output.WriteLine(Usage);
            return 0;
        }
        switch (arguments)
        {
            case ["kill", .. var options]:
                var line = new CommandLine("kill", options, "--count", "--training", "--seed");
                var trainings = line.Text("--training") is { } name ? [KillTraining.Named(name)] : KillTraining.All;
                return Counted(new KillHarness(line.Number("--count", 200), line.Number("--seed", 1, smallest: 0), trainings, output), output);
            case [KillTraining.Command, var training, var folder, var mode]:
                return new KillChild(KillTraining.Named(training), folder, mode, output).Run();
            case ["disk", .. var options]:
                _ = new CommandLine("disk", options);
                return Counted(new DiskCheck(output), output);
            case ["fuzz", .. var options]:
                return Counted(new FuzzHarness(FuzzPlan.Parse(options), output), output);
            case [FuzzHarness.WorkerCommand, var marker, .. var options]:
                return FuzzWorker.Run(FuzzPlan.Parse(options), marker, output);
            case ["soak", .. var options]:
                line = new CommandLine("soak", options, "--steps", "--rows");
                return Counted(new SoakRun(line.Number("--steps", 20_000), line.Number("--rows", 1_000_000), output), output);
            case ["structures", .. var options]:
                line = new CommandLine("structures", options, "--folder", "--table");
                var (files, table) = (Existing(line, "--folder", Directory.Exists), Existing(line, "--table", File.Exists));
                return Counted(new StructureComparison(files, new StructureTable(table), output), output);
            case []:
                throw new ArgumentException("A command is needed: kill, disk, fuzz, soak or structures.");
            default:
                throw new ArgumentException($"Unknown command '{arguments[0]}'; there are kill, disk, fuzz, soak and structures.");
        }
    }

    private static string Existing(CommandLine line, string option, Func<string, bool> exists) =>
        line.Text(option) is not { } path ? throw new ArgumentException($"structures needs {option}.")
        : exists(path) ? path
        : throw new ArgumentException($"{option}: there is no '{path}'.");

    private static int Counted(ITrial trial, TextWriter output)
    {
        try
        {
            trial.Run();
            output.WriteLine(trial.Counts);
            return 0;
        }
        catch (LossException loss)
        {
            output.WriteLine($"LOSS: {loss.Message}");
            output.WriteLine(trial.Counts);
            return 1;
        }
        catch (Exception problem) when (problem is not ArgumentException)
        {
            output.WriteLine($"LOSS: {problem}");
            output.WriteLine(trial.Counts);
            return 1;
        }
    }
}
