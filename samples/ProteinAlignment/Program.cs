using ProteinAlignment;
using Spectre.Console;

CommandLine commandLine;
try
{
    commandLine = CommandLine.Parse(args);
}
catch (ArgumentException problem)
{
    Console.Error.WriteLine(problem.Message);
    Console.Error.WriteLine(CommandLine.Usage);
    return 2;
}

if (commandLine.Help)
{
    Console.WriteLine(CommandLine.Usage);
    return 0;
}

using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true; // the training stops at its next step
    cancellation.Cancel();
};

try
{
    Protein[] proteins = Protein.Load(Path.Combine(AppContext.BaseDirectory, "data", "chains.tsv.gz"));
    if (commandLine.Quick)
        proteins = [.. proteins.Where((_, row) => row % 4 == 0)];

    string folder = Directory.CreateDirectory(commandLine.OutputFolder).FullName;
    if (commandLine.SamplingSize)
    {
        SamplingSize.Run(proteins, commandLine.Quick ? 20 : 400, Path.Combine(folder, "sampling-size.png"), cancellation.Token);
        return 0;
    }

    string model = Path.Combine(folder, "model.zip");
    var experiment = new Experiment(proteins, commandLine.Raw, commandLine.Seeds, commandLine.Steps, model, cancellation.Token);
    Results results = AnsiConsole.Progress().Start(bars => experiment.Run((method, seed) => new ProgressBar(bars, $"seed {seed}, {method}")));

    Report.Print(results);
    Run[] lastRuns = [.. results.Runs.TakeLast(2)];
    Plots.SaveTraining(Path.Combine(folder, "training.png"), lastRuns);
    Plots.SaveEmbeddings(Path.Combine(folder, "embeddings.png"), lastRuns);
    Console.WriteLine($"{model}: both embedding columns of the reloaded model are equal bit for bit.");
    if (commandLine.JsonFile is { } json)
        Report.Write(json, commandLine, results);
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Cancelled.");
    return 130;
}
catch (Exception problem) when (problem is IOException or InvalidDataException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}
