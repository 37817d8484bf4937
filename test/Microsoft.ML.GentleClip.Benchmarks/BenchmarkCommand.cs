using System.Globalization;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>What the user, or this program in a child process, asked for.</summary>
internal sealed record BenchmarkCommand(Func<int> Run)
{
    public const string Usage = """
        Measures time and memory: of the objectives' or the encoders' forward and backward passes, of fitting the closed-form alignment,
        or of scoring rows by a transformer.

        Usage: Microsoft.ML.GentleClip.Benchmarks objectives|encoders|alignment|scoring [options]
          --json FILE    writes the figures as a list
          --quick        objectives: batches up to 1024 instead of 16384; encoders: 3 runs instead of 15; alignment: one run, 2,000 rows a side;
                         scoring: one run of a tenth of the rows
          --scale        alignment: time and peak memory of the default at sizes up to 200,000 rows, each in a process of its own
          --only NAMES   some objectives, encoders or towers alone, separated by commas: CL,SDD
          --help         this text
        """;

    /// <exception cref="ArgumentException">A command or option is unknown, or its value is missing or wrong.</exception>
    public static BenchmarkCommand Parse(string[] arguments) => arguments switch
    {
        [] => throw new ArgumentException("A command is needed: objectives, encoders, alignment or scoring."),
        _ when arguments.Contains("--help") || arguments.Contains("-h") => new(Help),
        ["objectives", .. var options] => Of(options, ObjectiveCase.All, ObjectiveCase.Named, (cases, quick, json) => new ObjectiveBenchmark(cases, quick, json).Run()),
        ["encoders", .. var options] => Of(options, EncoderCase.All, EncoderCase.Named, (cases, quick, json) => new EncoderBenchmark(cases, quick, json).Run()),
        ["alignment", .. var options] => Alignment(options),
        ["scoring", .. var options] => Of(options, ScoringCase.All, ScoringCase.Named, (cases, quick, json) => new ScoringBenchmark(cases, quick, json).Run()),
        [ChildProcess.ScaleCommand, .. var request] => MeasureScale(request),
        [ChildProcess.ScoringCommand, .. var request] => MeasureScoring(request),
        [ChildProcess.Command, .. var request] => Measure(request),
        [var command, ..] => throw new ArgumentException($"Unknown command '{command}'; there are objectives, encoders, alignment and scoring."),
    };

    private static int Help()
    {
        Console.WriteLine(Usage);
        return 0;
    }

    private static BenchmarkCommand Of<T>(string[] options, IReadOnlyList<T> cases, Func<string, T> named, Func<IReadOnlyList<T>, bool, string?, int> run)
    {
        string? json = null;
        var quick = false;
        for (var i = 0; i < options.Length; i++)
        {
            var option = options[i];
            switch (option)
            {
                case "--json":
                    json = Value();
                    break;
                case "--quick":
                    quick = true;
                    break;
                case "--only":
                    cases = [.. Value().Split(',', StringSplitOptions.TrimEntries).Select(named)];
                    break;
                default:
                    throw new ArgumentException($"Unknown option '{option}'.");
            }

            string Value() => ++i < options.Length && !options[i].StartsWith("--", StringComparison.Ordinal)
                ? options[i]
                : throw new ArgumentException($"{option} needs a value.");
        }

        return new(() => run(cases, quick, json));
    }

    private static BenchmarkCommand Alignment(string[] options) => options switch
    {
        [] => new(new AlignmentBenchmark(quick: false, json: null).Run),
        ["--quick"] => new(new AlignmentBenchmark(quick: true, json: null).Run),
        ["--scale"] => new(new AlignmentScale(runs: 3, json: null).Run),
        ["--scale", "--json", var file] => new(new AlignmentScale(runs: 3, file).Run),
        ["--json", var file] => new(new AlignmentBenchmark(quick: false, file).Run),
        ["--quick", "--json", var file] => new(new AlignmentBenchmark(quick: true, file).Run),
        _ => throw new ArgumentException($"alignment takes --quick or --scale, then --json FILE; found '{string.Join(' ', options)}'."),
    };

    /// <summary>The child's side: OBJECTIVE BATCH FORM [--once], one line of JSON on standard output.</summary>
    private static BenchmarkCommand Measure(string[] request)
    {
        if (request is not [var name, var rows, var form, .. var rest] || rest is not ([] or ["--once"])
            || !int.TryParse(rows, NumberStyles.None, CultureInfo.InvariantCulture, out var batch) || batch < 2 || !Enum.TryParse<Form>(form, out var parsed) || !Enum.IsDefined(parsed))
            throw new ArgumentException($"Expected {ChildProcess.Command} OBJECTIVE BATCH {string.Join('|', Enum.GetNames<Form>())} [--once]; found '{string.Join(' ', request)}'.");
        var objective = ObjectiveCase.Named(name);
        return new(() =>
        {
            Console.WriteLine(Measurement.Take(objective, batch, parsed, rest.Length > 0).ToJson());
            return 0;
        });
    }

    /// <summary>The child's side: PAIRS ROWS DIMENSION SHARE, one line of JSON on standard output.</summary>
    private static BenchmarkCommand MeasureScale(string[] request)
    {
        if (request is not [var pairs, var rows, var dimension, var share])
            throw new ArgumentException($"Expected {ChildProcess.ScaleCommand} PAIRS ROWS DIMENSION SHARE; found '{string.Join(' ', request)}'.");
        var size = new AlignmentSize(Number(pairs), Number(rows), Number(dimension), double.Parse(share, CultureInfo.InvariantCulture));
        return new(() =>
        {
            Console.WriteLine(size.Measure().ToJson());
            return 0;
        });

        static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    /// <summary>The child's side: TOWER WAY ROWS ONNX-FILE, one line of JSON on standard output.</summary>
    private static BenchmarkCommand MeasureScoring(string[] request)
    {
        if (request is not [var name, var way, var count, var file] || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var rows) || rows < 1)
            throw new ArgumentException($"Expected {ChildProcess.ScoringCommand} TOWER WAY ROWS ONNX-FILE; found '{string.Join(' ', request)}'.");
        var (scoring, contender) = (ScoringCase.Named(name), ScoringContender.Named(way));
        return new(() =>
        {
            Console.WriteLine(ScoringRun.Take(scoring, contender, rows, file.Length > 0 ? file : null).ToJson());
            return 0;
        });
    }
}
