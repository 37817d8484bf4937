using Microsoft.ML.GentleClip.Notebooks;

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

// A kernel takes the console of the process for the cells' prints.
var console = Console.Out;
var packages = PackageReferences.OfThisProgram();
int failed = 0;
foreach (var (path, folder) in commandLine.Notebooks())
{
    var notebook = NotebookFile.Read(path);
    Directory.SetCurrentDirectory(folder);
    var run = await NotebookRun.Of(notebook, packages);
    var problems = run.Problems.ToList();
    if (commandLine.Update && problems.Count == 0)
    {
        notebook.Outputs = run.Outputs;
        notebook.Write();
    }
    else if (problems.Count == 0)
        problems.AddRange(OutputComparison.Differences(notebook.Rules, notebook.Outputs, run.Outputs));
    failed += problems.Count == 0 ? 0 : 1;
    console.WriteLine(FormattableString.Invariant($"{Path.GetFileName(path)}, from {Path.GetFileName(folder)}: {run.Cells} cells in {run.Elapsed.TotalSeconds:0} s, {(problems.Count > 0 ? "failed" : commandLine.Update ? "written" : "as saved")}"));
    foreach (string problem in problems)
        console.WriteLine($"  {problem}");
}
return failed == 0 ? 0 : 1;
