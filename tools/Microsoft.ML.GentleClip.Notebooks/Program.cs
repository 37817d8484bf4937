using Microsoft.ML.GentleClip.Notebooks;
using Microsoft.ML.GentleClip.Programs;

// A kernel takes the console of the process for the cells' prints.
var console = Console.Out;
return await ConsoleProgram.RunAsync(args, CommandLine.Create(async commandLine =>
{
    var packages = PackageReferences.OfThisProgram();
    int failed = 0;
    foreach (var (path, folder) in commandLine.Notebooks)
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
        var outcome = problems.Count > 0 ? "failed" : commandLine.Update ? "written" : "as saved";
        console.WriteLine(FormattableString.Invariant(
            $"{Path.GetFileName(path)}, from {Path.GetFileName(folder)}: {run.Cells} cells in {run.Elapsed.TotalSeconds:0} s, {outcome}"));
        foreach (string problem in problems)
            console.WriteLine($"  {problem}");
    }
    return failed == 0 ? 0 : 1;
}));
