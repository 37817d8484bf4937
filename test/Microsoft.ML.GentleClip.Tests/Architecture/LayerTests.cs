using System.Globalization;
using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Extensions;
using ArchUnitNET.Loader;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>Folders of src are layers: a folder uses only folders below it, and everything may use the base.</summary>
[TestClass]
public sealed partial class LayerTests
{
    private const int Base = -1;

    // The table of docs/architecture.md, so that page and code cannot drift apart.
    private static readonly Dictionary<string, int> Layers = File.ReadLines(Path.Combine(Repository.Root, "docs", "architecture.md"))
        .SkipWhile(line => line != "## Layers").Skip(1).TakeWhile(line => !line.StartsWith('#'))
        .Select(line => Row().Match(line)).Where(row => row.Success)
        .ToDictionary(
            row => row.Groups[2].Value is var folder && folder == "." ? "" : folder,
            row => row.Groups[1].Value == "base" ? Base : int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture));

    private static readonly System.Reflection.Assembly Library = typeof(GentleClipOptions).Assembly;
    private static readonly Dictionary<string, string> Folders = SourceFolders.OfTypes(Library.Location);
    private static readonly ArchUnitNET.Domain.Architecture Architecture = new ArchLoader().LoadAssemblies(Library).Build();

    [TestMethod]
    public void EveryFolderIsALayer()
    {
        var unknown = Folders.Values.Distinct().Where(folder => folder != "generated" && !Layers.ContainsKey(folder)).ToList();
        Assert.IsEmpty(unknown, $"folders without a layer: {string.Join(", ", unknown)}");
        var gone = Layers.Keys.Except(Folders.Values).ToList();
        Assert.IsEmpty(gone, $"docs/architecture.md has folders that are not there: {string.Join(", ", gone)}");
    }

    [TestMethod]
    public void EveryTypeIsFound()
    {
        var lost = Library.GetTypes()
            .Where(type => !type.FullName!.Contains('<') && type.Namespace != "Microsoft.CodeAnalysis" && type.Namespace != "System.Runtime.CompilerServices"
                && !Folders.ContainsKey(type.FullName))
            .Select(type => type.FullName).ToList();
        Assert.IsEmpty(lost, $"types whose folder is not known: {string.Join(", ", lost)}");
    }

    [TestMethod]
    public void NoArrowRunsUpOrSideways()
    {
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        var arrows = 0;
        foreach (var type in Architecture.Types)
        {
            foreach (var target in type.GetTypeDependencies())
            {
                if (Folder(type) is not { } from || Folder(target) is not { } to || from == to)
                    continue;
                arrows++;
                if (Layers[to] != Base && Layers[from] <= Layers[to])
                    wrong.Add($"{from} -> {to}: {type.Name} uses {target.Name}");
            }
        }
        Assert.IsGreaterThan(50, arrows, "hardly any dependency was found: the check would pass on anything");
        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    private static string? Folder(IType type) =>
        Folders.TryGetValue(type.FullName, out var folder) && folder != "generated" ? folder : null;

    [GeneratedRegex(@"^\| (base|\d+) \| `([^`]+)` \|")]
    private static partial Regex Row();
}
