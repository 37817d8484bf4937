using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>Every command of the pages names projects, files, options and tests that are there.</summary>
[TestClass]
public sealed partial class CommandTests
{
    // What a newcomer may add to a project, besides the library itself.
    private static readonly string[] Packages =
        ["Microsoft.ML.GentleClip", "Microsoft.ML.GentleClip.Interactive", "TorchSharp-cpu", "TorchSharp-cuda-linux", "TorchSharp-cuda-windows"];

    [TestMethod]
    public void EveryCommandNamesWhatIsThere()
    {
        var wrong = new List<string>();
        int count = 0;
        foreach (var (place, command) in Commands())
        {
            count++;
            if (Fault(command, Path.GetDirectoryName(Path.Combine(Repository.Root, place.Split(':')[0]))!) is { } fault)
                wrong.Add($"{place}: '{command}': {fault}");
        }
        Assert.IsEmpty(wrong, string.Join(Environment.NewLine, wrong));
        Assert.IsGreaterThan(20, count);
    }

    [TestMethod]
    [DataRow("dotnet run -c Release --project samples/NoSuchSample")]
    [DataRow("dotnet run -c Release --project samples/ProteinAlignment -- --no-such-option")]
    [DataRow("dotnet run -c Release --project studies/Experiments -- studies/Experiments/configurations/none.json --out OUT")]
    [DataRow("dotnet run samples/ProteinAlignment")]
    [DataRow("dotnet test test/Microsoft.ML.GentleClip.Tests --filter FullyQualifiedName~NoSuchTest")]
    [DataRow("dotnet add package NoSuchPackage")]
    [DataRow("dotnet run --file none.cs")]
    [DataRow("rm -r samples")]
    public void AWrongCommandIsFound(string command) => Assert.IsNotNull(Fault(command, Repository.Root));

    /// <summary>The lines of shell blocks, and the commands within prose.</summary>
    private static IEnumerable<(string Place, string Command)> Commands()
    {
        foreach (var block in CodeBlock.All().Where(block => block.Language == "sh"))
        {
            string[] lines = Continued().Replace(block.Text, " ").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            foreach (string line in lines.Where(line => !line.StartsWith('#')))
                yield return (block.Place, line.Split(" #")[0].Trim());
        }
        foreach (string page in LinkTests.Pages())
            foreach (Match match in Inline().Matches(File.ReadAllText(page)))
                yield return (Path.GetRelativePath(Repository.Root, page), match.Groups[1].Value);
    }

    /// <param name="command">The command.</param>
    /// <param name="folder">Folder of the page.</param>
    private static string? Fault(string command, string folder)
    {
        string[] words = [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).SkipWhile(word => Variable().IsMatch(word))];
        return words switch
        {
            ["dotnet", "run", "--file", var file, ..] => File.Exists(Path.Combine(folder, file)) ? null : $"there is no {file}",
            ["dotnet", "run", .. var rest] => FaultOfRun(rest),
            ["dotnet", "test" or "build" or "pack", .. var rest] => FaultOfTest(rest),
            ["dotnet", "add", "package", var name, ..] => Packages.Contains(name) ? null : $"there is no package {name}",
            ["dotnet", "new", "install", var name] => name.EndsWith(".nupkg", StringComparison.Ordinal) || name == "Microsoft.ML.GentleClip.Templates"
                ? null : $"there is no template {name}",
            ["dotnet", "nuget", "add", "source", ..] or ["dotnet", "new", "console" or "gentleclip" or "nugetconfig", ..] or ["dotnet", "run"] or ["cd", _]
                or ["git", "clone", ..] or ["curl", ..] => null,
            _ =>
                "an unknown command; expected dotnet run, test, build, pack, new console, new gentleclip, new nugetconfig, new install, nuget add source "
                    + "or add package, cd, git clone or curl",
        };
    }

    private static string? FaultOfRun(string[] words)
    {
        int split = Array.IndexOf(words, "--");
        string[] own = split < 0 ? words : words[..split];
        string[] arguments = split < 0 ? [] : words[(split + 1)..];
        int project = Array.IndexOf(own, "--project");
        if (project < 0)
            // A project of the reader's own, or a command without its arguments in prose.
            return own.All(word => word.StartsWith('-') || word is "Release" or "linux-x64") ? null : $"'{own[0]}' is no option; --project is missing";
        if (ProjectFile(own.ElementAtOrDefault(project + 1) ?? "") is not { } file)
            return "there is no such project";
        string usage = OptionsOf(Path.GetDirectoryName(file)!);
        foreach (string word in arguments)
            if (word.StartsWith('-') ? !Regex.IsMatch(usage, $@"(?<![\w-]){Regex.Escape(word)}(?![\w-])")
                : word.Contains('/', StringComparison.Ordinal) && word.Contains('.', StringComparison.Ordinal)
                && !word.StartsWith("artifacts", StringComparison.Ordinal) && !File.Exists(Path.Combine(Repository.Root, word)))
                return word.StartsWith('-') ? $"the project has no option {word}" : $"there is no file {word}";
        return null;
    }

    private static string? FaultOfTest(string[] words)
    {
        for (int i = 0; i < words.Length; i++)
            if (words[i] == "--filter")
            {
                string[] parts = words[++i].Trim('"').Split('~', 2);
                if (parts.Length != 2 || !TestNames.All.Any(name => name.Contains(parts[1], StringComparison.Ordinal)))
                    return $"no test is called {words[i]}";
            }
            else if (words[i] is "-c" or "-o")
                i++;
            else if (!words[i].StartsWith('-') && ProjectFile(words[i]) is null && !File.Exists(Path.Combine(Repository.Root, words[i])))
                return $"there is no project {words[i]}";
        return null;
    }

    private static string? ProjectFile(string folder)
    {
        string full = Path.Combine(Repository.Root, folder);
        return folder.Length > 0 && Directory.Exists(full) ? Directory.EnumerateFiles(full, "*.csproj").SingleOrDefault() : null;
    }

    /// <summary>The options that a program's sources name, and what those without System.CommandLine print on --help.</summary>
    private static string OptionsOf(string folder) => string.Concat(Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
        .SelectMany(file => Option().Matches(File.ReadAllText(file)).Select(match => $"{match.Value}\n")));

    // A line that ends in a backslash goes on in the next.
    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();

    [GeneratedRegex(@"`((?:[A-Z_]+=\S+ )*dotnet (?:run|test|build|pack|add package) [^`]*)`(?!`)")]
    private static partial Regex Inline();

    [GeneratedRegex(@"^[A-Z_]+=\S+$")]
    private static partial Regex Variable();

    [GeneratedRegex(@"""--[\w-]+""|const string Usage =\s*""""""(.*?)""""""", RegexOptions.Singleline)]
    private static partial Regex Option();
}
