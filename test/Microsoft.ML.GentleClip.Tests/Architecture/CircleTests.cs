using Mono.Cecil;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>
/// Files that use each other in a circle can only be read together. There are few; a base class that knows its children would make one more, of all of them.
/// </summary>
[TestClass]
public sealed class CircleTests
{
    private const int MostCircles = 8;

    private static readonly Dictionary<string, string> Files = SourceFolders.FilesOfTypes(typeof(GentleClipOptions).Assembly.Location);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void ThereAreFewCirclesOfFiles()
    {
        var uses = Uses();
        Assert.IsGreaterThan(1000, uses.Values.Sum(targets => targets.Count), "hardly any use was found: the check would pass on anything");
        var circles = Circles(uses);
        foreach (var circle in circles)
            TestContext.WriteLine($"{circle.Count}: {string.Join(", ", circle)}");
        Assert.IsLessThanOrEqualTo(MostCircles, circles.Count, string.Join('\n', circles.Select(circle => string.Join(", ", circle))));
        Assert.DoesNotContain("Encoder.cs", circles.SelectMany(circle => circle), "the base of the encoders knows an encoder");
        Assert.DoesNotContain("ModalityBinding.cs", circles.SelectMany(circle => circle), "the base of the bindings knows a binding");
    }

    private static Dictionary<string, HashSet<string>> Uses()
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        using var library = ModuleDefinition.ReadModule(typeof(GentleClipOptions).Assembly.Location, new ReaderParameters { AssemblyResolver = resolver });
        var uses = new Dictionary<string, HashSet<string>>();
        foreach (var type in library.GetTypes())
        {
            if (File(type) is not { } from)
                continue;
            var targets = uses.TryGetValue(from, out var known) ? known : uses[from] = [];
            targets.UnionWith(InteropTests.References(type).SelectMany(Types).Select(File).OfType<string>().Where(to => to != from));
        }
        return uses;
    }

    private static string? File(TypeReference type)
    {
        while (type.DeclaringType is not null)
            type = type.DeclaringType;
        return Files.GetValueOrDefault(type.FullName);
    }

    private static IEnumerable<TypeReference> Types(MemberReference? reference) => reference switch
    {
        null => [], // what a function pointer points to
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Types).Append(generic.ElementType),
        TypeSpecification specification => Types(specification.ElementType),
        GenericParameter => [],
        TypeReference type => [type],
        GenericInstanceMethod method => method.GenericArguments.SelectMany(Types).Concat(Types(method.DeclaringType)),
        _ => Types(reference.DeclaringType),
    };

    /// <summary>The strongly connected components of two files or more, the largest first (Tarjan).</summary>
    private static List<List<string>> Circles(Dictionary<string, HashSet<string>> uses)
    {
        var (number, lowest, stack, circles) = (new Dictionary<string, int>(), new Dictionary<string, int>(), new Stack<string>(), new List<List<string>>());
        foreach (var file in uses.Keys.Order(StringComparer.Ordinal))
            if (!number.ContainsKey(file))
                Visit(file);
        return [.. circles.Where(circle => circle.Count > 1).OrderByDescending(circle => circle.Count)];

        void Visit(string file)
        {
            number[file] = lowest[file] = number.Count;
            stack.Push(file);
            foreach (var next in uses.GetValueOrDefault(file) ?? [])
            {
                if (!number.ContainsKey(next))
                    Visit(next);
                if (stack.Contains(next))
                    lowest[file] = Math.Min(lowest[file], lowest[next]);
            }
            if (lowest[file] != number[file])
                return;
            var circle = new List<string>();
            string last;
            do
            {
                circle.Add(last = stack.Pop());
            }
            while (last != file);
            circle.Sort(StringComparer.Ordinal);
            circles.Add(circle);
        }
    }
}
