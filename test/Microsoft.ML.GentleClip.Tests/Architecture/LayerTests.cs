using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Extensions;
using ArchUnitNET.Loader;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>Folders of src are layers: a folder uses only folders below it, and everything may use the base.</summary>
[TestClass]
public sealed class LayerTests
{
    private const int Base = -1;

    private static readonly Dictionary<string, int> Layers = new()
    {
        ["Interop"] = Base,
        ["Runtime"] = Base,
        ["Objectives"] = 0,
        ["Evaluation"] = 0,
        ["Data"] = 0,
        ["OnnxWriter"] = 0,
        ["Weights"] = 0,
        // Lists the objectives of a training, each of which computes itself.
        ["Options"] = 1,
        ["Alignment"] = 2,
        ["Analysis"] = 2,
        ["MissingModality"] = 2,
        ["Modalities"] = 2,
        ["Encoders"] = 3,
        ["Models"] = 4,
        ["Onnx"] = 5,
        ["MultiLabel"] = 6,
        ["Search"] = 6,
        ["Trainers"] = 6,
        ["Transformers"] = 6,
        ["Estimators"] = 7,
        ["EmbeddingGenerators"] = 8,
        [""] = 9,
    };

    private static readonly System.Reflection.Assembly Library = typeof(GentleClipOptions).Assembly;
    private static readonly Dictionary<string, string> Folders = SourceFolders.OfTypes(Library.Location);
    private static readonly ArchUnitNET.Domain.Architecture Architecture = new ArchLoader().LoadAssemblies(Library).Build();

    [TestMethod]
    public void EveryFolderIsALayer()
    {
        var unknown = Folders.Values.Distinct().Where(folder => folder != "generated" && !Layers.ContainsKey(folder)).ToList();
        Assert.IsEmpty(unknown, $"folders without a layer: {string.Join(", ", unknown)}");
    }

    [TestMethod]
    public void EveryTypeIsFound()
    {
        var lost = Library.GetTypes()
            .Where(type => !type.FullName!.Contains('<') && type.Namespace != "Microsoft.CodeAnalysis" && type.Namespace != "System.Runtime.CompilerServices" && !Folders.ContainsKey(type.FullName))
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
}
