using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>The full names of the tests of all test projects, read from their sources: no assembly of tests refers to another.</summary>
internal static partial class TestNames
{
    private static readonly Lazy<string[]> Found = new(() =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "test"), "*Tests.cs", SearchOption.AllDirectories).Select(File.ReadAllText).SelectMany(Of)]);

    public static IReadOnlyList<string> All => Found.Value;

    private static IEnumerable<string> Of(string source) =>
        Namespace().Match(source) is { Success: true } name && Class().Match(source) is { Success: true } type
            ? Method().Matches(source).Select(method => $"{name.Groups[1].Value}.{type.Groups[1].Value}.{method.Groups[1].Value}")
            : [];

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\[TestClass\][^{]*? class (\w+)", RegexOptions.Singleline)]
    private static partial Regex Class();

    [GeneratedRegex(@"^    public (?:static |async )*(?:void|Task) (\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Method();
}
