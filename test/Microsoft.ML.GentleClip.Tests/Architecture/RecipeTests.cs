using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>The recipes of docs/architecture.md name files and types that are there, and no more existing files than a change may touch.</summary>
[TestClass]
public sealed partial class RecipeTests
{
    private const string New = ", new", Yours = "Your";

    private static readonly string Source = Path.Combine(Repository.Root, "src");
    private static readonly Dictionary<string, string[]> Recipes = Read(File.ReadAllLines(Path.Combine(Repository.Root, "docs", "architecture.md")));
    private static readonly Lazy<HashSet<string>> Known = new(Names);

    private static string[] Files { get; } = [.. Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))];

    // The list of the public API included.
    [TestMethod]
    [DataRow("Add a loss", 1)]
    [DataRow("Add an encoder", 2)]
    [DataRow("Add a modality", 4)]
    [DataRow("Add an output", 3)]
    public void ARecipeTouchesFewFilesAndTheyAreThere(string recipe, int most)
    {
        var rows = Rows(Recipes[recipe]).ToArray();
        Assert.IsEmpty(Faults(rows), string.Join('\n', Faults(rows)));
        var edited = rows.Where(row => !row.IsNew).Select(row => row.Path).ToArray();
        Assert.IsGreaterThan(0, edited.Length);
        Assert.IsLessThanOrEqualTo(most, edited.Length, string.Join(", ", edited));
    }

    [TestMethod]
    public void ThereAreFourRecipes() =>
        CollectionAssert.AreEquivalent(new[] { "Recipes", "Add a loss", "Add an encoder", "Add a modality", "Add an output" }, Recipes.Keys);

    [TestMethod]
    public void EveryPathAndNameInCodeFontIsThere()
    {
        var (unknown, count) = (new List<string>(), 0);
        foreach (var code in Recipes.Values.SelectMany(Code))
        {
            count++;
            if (Fault(code) is { } fault)
                unknown.Add(fault);
        }
        Assert.IsGreaterThan(60, count);
        Assert.IsEmpty(unknown, string.Join('\n', unknown));
    }

    [TestMethod]
    [DataRow("| Encoders/NoSuchFile.cs | one line |")]
    [DataRow("| NoSuchFolder/YourLoss/YourObjective.cs, new | a record |")]
    [DataRow("| Encoders/EncoderKinds.cs, new | is there |")]
    [DataRow("| Objectives/YourLoss/YourObjective.cs | not said to be new |")]
    public void AWrongPathOfATableIsFound(string row) => Assert.HasCount(1, Faults([.. Rows([row])]));

    [TestMethod]
    [DataRow("src/NoSuchFile.cs")]
    [DataRow("NoSuchKind<TModality>")]
    [DataRow("EncoderKind.NoSuchMember")]
    public void AWrongNameIsFound(string code) => Assert.IsNotNull(Fault(code));

    [TestMethod]
    public void OnlyTheListKnowsAKind()
    {
        var wrong = new List<string>();
        var library = typeof(GentleClipOptions).Assembly;
        Type[] encoders = [.. EncoderKinds.All.Select(kind => kind.GetType()).Where(type => type.Assembly == library)];
        Type[] modalities = [.. ModalityKinds.All.Select(kind => kind.GetType()).Where(type => type.Assembly == library)];
        Assert.IsGreaterThan(11, encoders.Length);
        Assert.IsGreaterThan(4, modalities.Length);
        var texts = Files.ToDictionary(file => file, File.ReadAllText);
        foreach (var (types, list) in new[] { (encoders, "EncoderKinds.cs"), (modalities, "ModalityKinds.cs") })
            foreach (var type in types)
            {
                // ML.NET has an enumeration of the name of one of them, always behind its class.
                var use = new Regex($@"(?<![\w.]){type.Name}\b");
                string[] found = [.. texts.Where(file => use.IsMatch(file.Value)).Select(file => Path.GetFileName(file.Key)).Order(StringComparer.Ordinal)];
                string[] expected = [.. new[] { list, type.Name + ".cs" }.Order(StringComparer.Ordinal)];
                if (!found.SequenceEqual(expected))
                    wrong.Add($"{type.Name} is in {string.Join(", ", found)}; expected {string.Join(", ", expected)}");
            }
        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    [TestMethod]
    public void NothingSwitchesOverModalitiesOrEncoders()
    {
        Assert.IsGreaterThan(200, Files.Length);
        Assert.MatchesRegex(Switch(), "return spec.Modality switch");
        Assert.MatchesRegex(Switch(), "switch (modality.Encoder)");
        string[] found = [.. Files.SelectMany(file => File.ReadLines(file).Where(line => Switch().IsMatch(line))
            .Select(line => $"{Path.GetRelativePath(Source, file)}: {line.Trim()}"))];
        Assert.IsEmpty(found, string.Join('\n', found));
    }

    /// <summary>The lines of each section from "Recipes" on, by its heading.</summary>
    private static Dictionary<string, string[]> Read(string[] page)
    {
        var lines = page.SkipWhile(line => line != "## Recipes").ToArray();
        int[] headings = [.. Enumerable.Range(0, lines.Length).Where(i => lines[i].StartsWith('#')), lines.Length];
        return headings.Zip(headings.Skip(1)).ToDictionary(part => lines[part.First].TrimStart('#', ' '), part => lines[(part.First + 1)..part.Second]);
    }

    private static IEnumerable<(string Path, bool IsNew)> Rows(string[] lines) => lines.Select(line => Row().Match(line)).Where(row => row.Success)
        .Select(row => row.Groups[1].Value).Where(cell => cell != "file")
        .Select(cell => (cell.Replace(New, "", StringComparison.Ordinal), cell.EndsWith(New, StringComparison.Ordinal)));

    private static List<string> Faults((string Path, bool IsNew)[] rows) =>
        [.. rows.Where(row => row.IsNew ? !IsRoomFor(row.Path) : !Exists(Source, row.Path))
            .Select(row => $"{row.Path} is {(row.IsNew ? "no new file" : "not there")}")];

    // Its name is a placeholder, and the folders above the first placeholder are there.
    private static bool IsRoomFor(string path)
    {
        string[] parts = path.Split('/');
        var yours = Array.FindIndex(parts, part => part.StartsWith(Yours, StringComparison.Ordinal));
        return yours > 0 && Exists(Source, string.Join('/', parts[..yours]));
    }

    private static bool Exists(string root, string path) => Path.Combine(root, path) is var full && (File.Exists(full) || Directory.Exists(full));

    private static IEnumerable<string> Code(string[] lines) => Inline().Matches(string.Join('\n', lines)).Select(match => match.Groups[1].Value);

    private static string? Fault(string code)
    {
        if (code.Contains('/') || code.EndsWith(".cs", StringComparison.Ordinal) || code.EndsWith(".txt", StringComparison.Ordinal))
            return Exists(Repository.Root, code) || Exists(Source, code)
                || Exists(Path.Combine(Repository.Root, "test/Microsoft.ML.GentleClip.Tests/Kinds"), code)
                || Exists(Path.Combine(Source, "Modalities"), code) ? null : $"there is no {code}";
        return Name().Matches(code).Select(match => match.Value)
            .FirstOrDefault(name => !name.StartsWith(Yours, StringComparison.Ordinal) && !Known.Value.Contains(name)) is { } unknown
            ? $"{code}: there is no {unknown}" : null;
    }

    /// <summary>Types of the library, their members and type parameters; the tests' own types.</summary>
    private static HashSet<string> Names()
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var names = new HashSet<string>();
        foreach (var type in typeof(GentleClipOptions).Assembly.GetTypes())
        {
            names.Add(type.Name.Split('`')[0]);
            names.UnionWith(type.GetMembers(all).Select(member => member.Name));
            names.UnionWith(type.GetGenericArguments().Select(argument => argument.Name));
        }
        names.UnionWith(typeof(RecipeTests).Assembly.GetTypes().Select(type => type.Name));
        // Of the other assembly of tests, and of torch.
        names.UnionWith(Directory.EnumerateFiles(Path.Combine(Repository.Root, "test"), "*Tests.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file)));
        names.UnionWith(typeof(TorchSharp.torch.nn.Module).GetMembers(all).Select(member => member.Name));
        return names;
    }

    [GeneratedRegex(@"^\| ([\w./]+(?:, new)?) \| ")]
    private static partial Regex Row();

    [GeneratedRegex("(?<!`)`([^`\n]+)`(?!`)")]
    private static partial Regex Inline();

    [GeneratedRegex(@"\b[A-Z]\w*\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?:odality|Encoder|EncoderOptions) switch\b|switch \([^)]*(?:odality|Encoder|EncoderOptions)\)")]
    private static partial Regex Switch();
}
