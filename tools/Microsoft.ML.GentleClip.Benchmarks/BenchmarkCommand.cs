using System.CommandLine;
using System.Globalization;
using Microsoft.ML.GentleClip.Mpi;
using Microsoft.ML.GentleClip.Programs;
using CliCommand = System.CommandLine.Command;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>What the user, or this program in a child process, can ask for.</summary>
internal static class BenchmarkCommand
{
    /// <summary>The commands.</summary>
    public static RootCommand Create() => new(
        "Measures time and memory: of the objectives' or the encoders' forward and backward passes, of training steps, of fitting the closed-form "
        + "alignment, or of scoring rows by a transformer.")
    {
        Of("objectives", "Forward and backward passes of the losses.", "Batches up to 1024 instead of 16384.",
            ObjectiveCase.All, ObjectiveCase.Named, (cases, quick, json) => new ObjectiveBenchmark(cases, quick, json).Run()),
        Of("encoders", "Forward and backward passes of the encoders.", "3 runs instead of 15.",
            EncoderCase.All, EncoderCase.Named, (cases, quick, json) => new EncoderBenchmark(cases, quick, json).Run()),
        Training(),
        Precision(),
        Shares(),
        Curves(),
        Alignment(),
        Of("scoring", "Embeddings of rows, by libtorch and ONNX Runtime.", "One run of a tenth of the rows.",
            ScoringCase.All, ScoringCase.Named, (cases, quick, json) => new ScoringBenchmark(cases, quick, json).Run()),
        FirstRow(),
        Measure(), MeasureScale(), MeasureScoring(),
    };

    private static CliCommand Of<T>(
        string name, string description, string quickDescription, IReadOnlyList<T> all, Func<string, T> named, Func<IReadOnlyList<T>, bool, string?, int> run)
    {
        var json = Json();
        var quick = CommandOption.Flag("--quick", quickDescription);
        var only = CommandOption.List("--only", "NAMES", "Some of them only, separated by commas, such as CL,SDD.", named);
        var command = new CliCommand(name, description) { json, quick, only };
        command.SetAction(result => run(result.GetValue(only) ?? all, result.GetValue(quick), result.GetValue(json)));
        return command;
    }

    private static Option<string?> Json() => CommandOption.Text("--json", "FILE", "Writes the figures as a list.");

    private static CliCommand Training()
    {
        var json = Json();
        var turns = CommandOption.Number("--turns", "NUMBER", "How often each preset takes its turn. Default 5.", 5);
        var batches = CommandOption.List(
            "--batches", "SIZES", "Rows of a side in a batch, 32 or more. Default 64,256,1024,4096.", text => Number("--batches", text, 32));
        var presets = CommandOption.List("--presets", "NAMES", "Some of them only, separated by commas, such as Clip,Recommended.", Preset);
        var python = CommandOption.Text("--python", "PROGRAM", "Python with torch, to compare with where it has it. Default python3.", "python3");
        var command = new CliCommand("training", "Processor time of a training step of each preset's towers, and where it goes.")
        {
            json, turns, batches, presets, python,
        };
        command.SetAction(result => new TrainingBenchmark(
            result.GetValue(presets) ?? TrainingBenchmark.All, result.GetValue(batches) ?? TrainingBenchmark.Batches, result.GetValue(turns),
            result.GetRequiredValue(python)!, result.GetValue(json)).Run());
        return command;

        static GentleClipPreset Preset(string name) =>
            TrainingBenchmark.All.Cast<GentleClipPreset?>().FirstOrDefault(preset => preset.ToString()!.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"Unknown preset '{name}'; those that train towers are {string.Join(", ", TrainingBenchmark.All)}.");
    }

    private static CliCommand FirstRow()
    {
        var turns = CommandOption.Number("--turns", "NUMBER", "How often each tower takes its turn. Default 3.", 3);
        var only = CommandOption.List(
            "--only", "NAMES", "Some towers only, separated by commas, such as ESM-2,CDConv.", name => ScoringCase.Named(name, ScoringCase.WithLarge));
        var engine = CommandOption.Of<ScoringEngine?>(
            "--engine", "NAME", "Torch or OnnxRuntime. Default Torch.", text => text.ToUpperInvariant() switch
            {
                "TORCH" => ScoringEngine.Torch,
                "ONNXRUNTIME" => ScoringEngine.OnnxRuntime,
                _ => throw new ArgumentException($"--engine is '{text}', expected Torch or OnnxRuntime."),
            });
        var memory = CommandOption.OptionalNumber(
            "--memory", "WINDOWS", "Instead, the process's memory over so many windows of 256 rows of the one tower that --only names.");
        var command = new CliCommand("first-row", "What the first row of a scored view waits for.") { turns, only, engine, memory };
        command.Excludes(memory, turns);
        command.Validators.Add(result =>
        {
            // What one tower leaves in the process would be counted for the next.
            if (result.GetResult(memory) is not { Implicit: false })
                return;
            if (result.GetResult(only) is not { Implicit: false } || result.GetValue(only) is not { Count: 1 })
                result.AddError("--memory needs --only with one tower.");
        });
        command.SetAction(result => new FirstRowBenchmark(
            result.GetValue(only) ?? ScoringCase.WithLarge, result.GetValue(engine) ?? ScoringEngine.Torch, result.GetValue(turns),
            result.GetValue(memory)).Run(Console.Out));
        return command;
    }

    private static CliCommand Precision()
    {
        var json = Json();
        var turns = CommandOption.Number("--turns", "NUMBER", "How often each precision takes its turn. Default 5.", 5);
        var command = new CliCommand("precision", "Encoders in float32 and with bfloat16 products.") { json, turns };
        command.SetAction(result => new PrecisionBenchmark(result.GetValue(turns), result.GetValue(json)).Run());
        return command;
    }

    private static CliCommand Curves()
    {
        var digits = CommandOption.Text("--digits", "FOLDER", "Where coefficients.csv and profiles.csv lie, as in samples/FirstHour.");
        var chains = CommandOption.Text("--chains", "FILE", "The gzipped table of chains, as in samples/ProteinAlignment/data.");
        var seeds = CommandOption.Number("--seeds", "NUMBER", "Seeds. Default 3.", 3, smallest: 2);
        var command = new CliCommand("curves", "Whole trainings in float32 and with bfloat16 products: losses and retrieval.") { digits, chains, seeds };
        command.Validators.Add(result =>
        {
            if (result.GetValue(digits) is null && result.GetValue(chains) is null)
                result.AddError("Expected --digits, --chains or both.");
        });
        command.SetAction(result => new PrecisionCurves(result.GetValue(digits), result.GetValue(chains), result.GetValue(seeds)).Run());
        return command;
    }

    private static CliCommand Shares()
    {
        var turns = CommandOption.Number("--turns", "NUMBER", "How often each number of processes takes its turn. Default 11.", 11);
        var batches = CommandOption.List(
            "--batches", "SIZES", "Rows of a side in a batch, 32 or more. Default 1024,2048.", text => Number("--batches", text, 32));
        var dimension = CommandOption.Number("--dimension", "NUMBER", "Numbers of an embedding. Default 128.", 128);
        var mpi = CommandOption.Flag("--mpi", "The processes that mpirun starts, instead of one that stands for them.");
        var command = new CliCommand("shares", "What the losses take of each of several processes.") { turns, batches, dimension, mpi };
        command.SetAction(result =>
        {
            using var joined = result.GetValue(mpi) ? MpiProcessGroup.Join() : null;
            return new SharedLosses(result.GetValue(batches) ?? [1024, 2048], result.GetValue(dimension), result.GetValue(turns), joined).Run();
        });
        return command;
    }

    private static CliCommand Alignment()
    {
        var json = Json();
        var quick = CommandOption.Flag("--quick", "One run, 2,000 rows a side.");
        var scale = CommandOption.Flag("--scale", "Time and peak memory of the default at sizes up to 200,000 rows, each in a process of its own.");
        var command = new CliCommand("alignment", "Fitting the closed form.") { json, quick, scale };
        command.Validators.Add(result =>
        {
            if (result.GetValue(quick) && result.GetValue(scale))
                result.AddError("--quick and --scale exclude each other.");
        });
        command.SetAction(result => result.GetValue(scale)
            ? new AlignmentScale(runs: 3, result.GetValue(json)).Run()
            : new AlignmentBenchmark(result.GetValue(quick), result.GetValue(json)).Run());
        return command;
    }

    /// <summary>The child's side: one line of JSON on standard output.</summary>
    private static CliCommand Measure()
    {
        var objective = Argument("OBJECTIVE", ObjectiveCase.Named);
        var batch = Argument("BATCH", text => Number("BATCH", text, smallest: 2));
        var form = Argument("FORM", text => Enum.GetNames<Form>().Contains(text)
            ? Enum.Parse<Form>(text)
            : throw new ArgumentException($"FORM is '{text}', expected {string.Join('|', Enum.GetNames<Form>())}."));
        var once = CommandOption.Flag("--once", "One run.");
        var command = new CliCommand(ChildProcess.Command) { objective, batch, form, once };
        return Printing(command, result => Measurement.Take(
            result.GetRequiredValue(objective), result.GetValue(batch), result.GetValue(form), result.GetValue(once)).ToJson());
    }

    /// <summary>The child's side: one line of JSON on standard output.</summary>
    private static CliCommand MeasureScale()
    {
        Argument<int> pairs = Count("PAIRS"), rows = Count("ROWS"), dimension = Count("DIMENSION");
        var share = Argument("SHARE", text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ArgumentException($"SHARE is '{text}', expected a number."));
        return Printing(
            new CliCommand(ChildProcess.ScaleCommand) { pairs, rows, dimension, share },
            result => new AlignmentSize(result.GetValue(pairs), result.GetValue(rows), result.GetValue(dimension), result.GetValue(share)).Measure().ToJson());
    }

    /// <summary>The child's side: one line of JSON on standard output.</summary>
    private static CliCommand MeasureScoring()
    {
        var tower = Argument("TOWER", ScoringCase.Named);
        var way = Argument("WAY", ScoringContender.Named);
        var rows = Count("ROWS");
        var folder = new Argument<string>("FOLDER") { Description = "Of the model's files." };
        return Printing(
            new CliCommand(ChildProcess.ScoringCommand) { tower, way, rows, folder },
            result => ScoringRun.Take(
                result.GetRequiredValue(tower),
                result.GetRequiredValue(way),
                result.GetValue(rows),
                new ScoringFiles(result.GetRequiredValue(folder), result.GetRequiredValue(tower).Name)).ToJson());
    }

    private static CliCommand Printing(CliCommand command, Func<ParseResult, string> line)
    {
        command.Hidden = true;
        command.SetAction(result =>
        {
            Console.WriteLine(line(result));
            return 0;
        });
        return command;
    }

    private static Argument<int> Count(string name) => Argument(name, text => Number(name, text, smallest: 0));

    private static int Number(string name, string text, int smallest) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= smallest
            ? number
            : throw new ArgumentException($"{name} is '{text}', expected a whole number of {smallest} or more.");

    private static Argument<T> Argument<T>(string name, Func<string, T> read) => new(name)
    {
        CustomParser = result =>
        {
            try
            {
                return read(result.Tokens.Single().Value);
            }
            catch (ArgumentException problem)
            {
                result.AddError(problem.Message);
                return default;
            }
        },
    };
}
