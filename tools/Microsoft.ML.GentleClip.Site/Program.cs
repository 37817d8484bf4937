using System.Diagnostics;
using Microsoft.ML.GentleClip.Programs;
using Microsoft.ML.GentleClip.Site;

return await ConsoleProgram.RunAsync(args, CommandLine.Create(async commandLine =>
{
    string source = Path.Combine(commandLine.Folder, "source"), html = Path.Combine(commandLine.Folder, "html");
    if (Directory.Exists(commandLine.Folder))
        Directory.Delete(commandLine.Folder, recursive: true);
    var staged = Stage.Fill(Repository.Root, source);
    Console.WriteLine($"{staged.Pages} pages, {staged.Notebooks} notebooks");
    foreach (string[] arguments in new[]
    {
        ["tool", "restore"],
        ["docfx", "metadata", Path.Combine(source, "docfx.json"), "--warningsAsErrors"],
        new[] { "docfx", "build", Path.Combine(source, "docfx.json"), "--warningsAsErrors", "--output", html },
    })
    {
        int code = await RunAsync(arguments);
        if (code != 0)
        {
            Console.Error.WriteLine($"dotnet {arguments[0]} {arguments[1]} ended with {code}.");
            return ConsoleProgram.Failed;
        }
    }
    var broken = BuiltLinks.Check(html, out int count);
    foreach (string problem in broken)
        Console.Error.WriteLine(problem);
    Console.WriteLine($"{count} links inside the site, {broken.Count} broken: {Path.Combine(html, "index.html")}");
    return broken.Count == 0 ? 0 : ConsoleProgram.Failed;
}));

static async Task<int> RunAsync(string[] arguments)
{
    using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = Repository.Root })!;
    await process.WaitForExitAsync();
    return process.ExitCode;
}
