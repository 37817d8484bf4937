using Microsoft.ML.GentleClip.Programs;
using ProteinAlignment;
using Spectre.Console;

return await ConsoleProgram.RunAsync(args, cancellation => CommandLine.Create(commandLine =>
{
    Protein[] proteins = Protein.Load(Path.Combine(AppContext.BaseDirectory, "data", "chains.tsv.gz"));
    if (commandLine.Quick)
        proteins = [.. proteins.Where((_, row) => row % 4 == 0)];

    string folder = Directory.CreateDirectory(commandLine.OutputFolder).FullName;
    if (commandLine.JsonFile is { } file)
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!); // before minutes of training, not after them
    if (commandLine.SamplingSize)
    {
        SamplingSize.Run(proteins, commandLine.Quick ? 20 : 400, Path.Combine(folder, "sampling-size.png"), cancellation);
        return 0;
    }

    string model = Path.Combine(folder, "model.zip");
    var experiment = new Experiment(proteins, commandLine.Raw, commandLine.Seeds, commandLine.Steps, model, cancellation);
    Results results = AnsiConsole.Progress().Start(bars => experiment.Run((method, seed) => new ProgressBar(bars, $"seed {seed}, {method}")));

    Report.Print(results, compares: !commandLine.Quick);
    Run[] lastRuns = [.. results.Runs.TakeLast(2)];
    Plots.SaveTraining(Path.Combine(folder, "training.png"), lastRuns);
    Plots.SaveEmbeddings(Path.Combine(folder, "embeddings.png"), lastRuns);
    Console.WriteLine($"{model}: both embedding columns of the reloaded model are equal bit for bit.");
    if (commandLine.JsonFile is { } json)
        Report.Write(json, commandLine, results);
    return 0;
}));
