using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Notebooks;

/// <summary>
/// Stands in for the kernel's restore of <c>#r "nuget: ..."</c>: a package that this program was built with becomes references to its assemblies and those of
/// the packages it depends on. A cell that uses a package which no line asks for fails, as it does in a notebook.
/// </summary>
internal sealed partial class PackageReferences
{
    private readonly Dictionary<string, (string Version, string[] Dependencies, string[] Assemblies)> _packages;

    private PackageReferences(Dictionary<string, (string, string[], string[])> packages) => _packages = packages;

    /// <summary>What the program's own list of dependencies names.</summary>
    public static PackageReferences OfThisProgram()
    {
        string list = Path.ChangeExtension(typeof(PackageReferences).Assembly.Location, ".deps.json");
        var document = JsonNode.Parse(File.ReadAllText(list))!;
        var target = document["targets"]![(string)document["runtimeTarget"]!["name"]!]!.AsObject();
        var packages = new Dictionary<string, (string, string[], string[])>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, package) in target)
        {
            string[] name = key.Split('/');
            packages[name[0]] = (name[1], Keys(package!["dependencies"]),
                [.. Keys(package["runtime"]).Select(file => Path.Combine(AppContext.BaseDirectory, Path.GetFileName(file)))]);
        }
        return new PackageReferences(packages);
    }

    /// <summary>The cell with its package lines replaced.</summary>
    /// <exception cref="InvalidDataException">A package or version that this program was not built with.</exception>
    public string Resolve(string source) => PackageLine().Replace(source, line =>
    {
        string id = line.Groups["id"].Value, version = line.Groups["version"].Value;
        if (!_packages.TryGetValue(id, out var package) || package.Version != version)
            throw new InvalidDataException(
                $"{line.Value}: this program was built with {(package.Version is null ? "no package of this name" : $"version {package.Version}")}.");
        return string.Join('\n', Closure(id).SelectMany(name => _packages[name].Assemblies).Where(File.Exists).Distinct().Select(file => $"#r \"{file}\""));
    });

    private static string[] Keys(JsonNode? node) => [.. node?.AsObject().Select(entry => entry.Key) ?? []];

    private HashSet<string> Closure(string id)
    {
        var found = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var open = new Stack<string>([id]);
        while (open.TryPop(out string? next))
            if (_packages.TryGetValue(next, out var package) && found.Add(next))
                foreach (string dependency in package.Dependencies)
                    open.Push(dependency);
        return found;
    }

    [GeneratedRegex("""^#r "nuget: *(?<id>[\w.\-]+) *, *(?<version>[\w.\-]+)" *$""", RegexOptions.Multiline)]
    private static partial Regex PackageLine();
}
