namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>One of each of the library's objectives, found in its assembly, so that a new one is tested without being entered anywhere.</summary>
internal static class BuiltInObjectives
{
    public static KeywordOptions Keywords { get; } = new("K", [[1, 0, 0], [0, 1, 0]]);

    public static Type[] Types { get; } =
        [.. typeof(Objective).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Objective)) && !type.IsAbstract)
            .OrderBy(type => type.Name, StringComparer.Ordinal)];

    public static Objective Create(Type type) => (Objective)(type.GetConstructor([]) is { } plain
        ? plain.Invoke([])
        : Activator.CreateInstance(type, Keywords)!);

    public static IEnumerable<object[]> Rows => Types.Select(type => new object[] { type.Name });

    public static Objective Named(string typeName) => Create(Types.Single(type => type.Name == typeName));
}
