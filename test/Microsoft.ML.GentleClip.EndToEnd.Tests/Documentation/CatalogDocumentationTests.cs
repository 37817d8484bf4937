using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>
/// What an editor shows of the methods that the library adds to the catalogs, read from the XML file that the package holds: every parameter, what comes back,
/// an example that compiles, a sample that is there, and for estimators the table of characteristics.
/// </summary>
[TestClass]
public sealed partial class CatalogDocumentationTests
{
    private static readonly string[] Characteristics =
        ["Does this estimator need to look at the data to train its parameters?", "Input column data type", "Output column data type",
            "Required NuGet in addition to Microsoft.ML", "Exportable to ONNX"];

    // What the examples take as given.
    private const string Given = """
        using Microsoft.Extensions.AI;
        using Microsoft.Extensions.DependencyInjection;
        IDataView data = null, pairs = null, sequencesAlone = null, structuresAlone = null, pictures = null, train = null, test = null,
            spectra = null, images = null, captions = null;
        GentleClipTransformer model = null;
        GentleClipEstimator estimator = null;
        GentleClipOptions options = null;
        ZeroShotClassifier classifier = null;
        IServiceCollection services = null;

        """;

    // Compiled and run once for all methods.
    private static readonly Lazy<Task<PageScript>> Beginning = new(async () =>
    {
        var script = new PageScript();
        await script.RunAsync(Given + "var mlContext = new MLContext();", "given");
        return script;
    });

    private static readonly Lazy<Dictionary<string, XElement>> Documentation = new(() =>
        XDocument.Load(Path.ChangeExtension(typeof(GentleClipEstimator).Assembly.Location, ".xml")).Descendants("member")
            .ToDictionary(member => member.Attribute("name")!.Value));

    // What the programs of README and of docs/getting-started.md use, besides the catalogs.
    private static readonly string[] FirstHour =
    [
        "T:Microsoft.ML.GentleClip.ConsoleProgress",
        "T:Microsoft.ML.GentleClip.GentleClipOptions",
        "T:Microsoft.ML.GentleClip.GentleClipTransformer",
        "M:Microsoft.ML.GentleClip.GentleClipOptions.FromPreset(",
        "P:Microsoft.ML.GentleClip.GentleClipOptions.MaximumNumberOfSteps",
        "P:Microsoft.ML.GentleClip.GentleClipOptions.Progress",
        "P:Microsoft.ML.GentleClip.ValidationOptions.Fraction",
        "M:Microsoft.ML.GentleClip.Modality.Vector(",
        "M:Microsoft.ML.GentleClip.Modality.Text(",
        "M:Microsoft.ML.GentleClip.Modality.Image(",
        "M:Microsoft.ML.GentleClip.Modality.ProteinSequence(",
        "M:Microsoft.ML.GentleClip.Modality.ProteinStructure(",
        "M:Microsoft.ML.GentleClip.GentleClipEstimator.Fit(Microsoft.ML.IDataView)",
        "M:Microsoft.ML.GentleClip.GentleClipTransformer.Transform(Microsoft.ML.IDataView)",
        "P:Microsoft.ML.GentleClip.GentleClipTransformer.History",
        "P:Microsoft.ML.GentleClip.GentleClipTransformer.ClosedForm",
        "M:Microsoft.ML.GentleClip.RetrievalMetrics.RecallAt(",
        "M:Microsoft.ML.GentleClip.EmbeddingIndex.Search(System.ReadOnlySpan",
        "M:Microsoft.ML.GentleClip.EmbeddingIndex.Search(Microsoft.ML.IDataView",
        "M:Microsoft.ML.GentleClipOperationsCatalog.EvaluateRetrieval(",
        "M:Microsoft.ML.GentleClipOperationsCatalog.CreateEmbeddingIndex(",
    ];

    public static IEnumerable<object[]> FirstHourMembers => FirstHour.Select(name => new object[] { name });

    public static IEnumerable<object[]> CatalogMethods => Methods().Select(method => new object[] { NameOf(method) });

    [TestMethod]
    [DynamicData(nameof(CatalogMethods))]
    public async Task IsDocumented(string name)
    {
        MethodInfo method = Methods().Single(method => NameOf(method) == name);
        XElement member = Documentation.Value.Single(entry => entry.Key == name).Value;
        Assert.IsGreaterThan(30, Text(member.Element("summary")).Length, "summary");
        foreach (string parameter in method.GetParameters().Select(parameter => parameter.Name!))
            Assert.IsTrue(member.Elements("param").Any(element => element.Attribute("name")!.Value == parameter && Text(element).Length > 0),
                $"parameter {parameter}");
        Assert.IsTrue(method.ReturnType == typeof(void) || Text(member.Element("returns")).Length > 0, "what it returns");
        Assert.IsTrue(member.Elements("exception").Any() || member.Elements("inheritdoc").Any()
            || !method.DeclaringType!.Namespace!.Equals("Microsoft.ML", StringComparison.Ordinal), "exceptions");

        XElement? example = member.Element("example");
        Assert.IsNotNull(example, "an example");
        string[] samples = [.. Sample().Matches(example.Value).Select(match => match.Value)];
        if (method.DeclaringType!.Namespace == "Microsoft.ML")
            Assert.IsNotEmpty(samples, "the example names no sample");
        foreach (string sample in samples)
            Assert.IsTrue(File.Exists(Path.Combine(Repository.Root, sample, "README.md")), $"there is no {sample}");

        PageScript script = (await Beginning.Value).Fork();
        foreach (XElement code in example.Elements("code"))
            script.Compile(code.Value, name, 0);
    }

    [TestMethod]
    [DynamicData(nameof(FirstHourMembers))]
    public async Task WhatTheFirstHourNeedsHasAnExampleThatCompiles(string name)
    {
        XElement[] members = [.. Documentation.Value.Where(entry => name.EndsWith('(') || name.StartsWith("M:", StringComparison.Ordinal)
            ? entry.Key.StartsWith(name, StringComparison.Ordinal) : entry.Key == name).Select(entry => entry.Value)];
        Assert.IsNotEmpty(members, "there is no such member");
        PageScript script = (await Beginning.Value).Fork();
        foreach (XElement member in members)
        {
            XElement[] code = [.. member.Descendants("example").Descendants("code")];
            Assert.IsNotEmpty(code, $"{member.Attribute("name")!.Value} has no example");
            foreach (XElement block in code)
                script.Compile(block.Value, name, 0);
        }
    }

    [TestMethod]
    public void EstimatorsHaveTheTableOfCharacteristics()
    {
        Type[] estimators = [.. Methods().Select(method => method.ReturnType)
            .Where(type => type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IEstimator<>))).Distinct()];
        CollectionAssert.IsSubsetOf(new[] { typeof(GentleClipEstimator), typeof(OnePerLabelEstimator), typeof(MissingModalityEstimator) }, estimators);
        foreach (Type estimator in estimators)
        {
            string remarks = Documentation.Value[$"T:{estimator.FullName}"].Element("remarks")!.Value;
            StringAssert.Contains(remarks, "### Estimator Characteristics", estimator.Name);
            foreach (string line in Characteristics)
                Assert.IsTrue(Regex.IsMatch(remarks, $@"\| {Regex.Escape(line)} \| \S.* \|"), $"{estimator.Name}: {line}");
        }
        // The method shows where the table is.
        foreach (MethodInfo method in Methods().Where(method => estimators.Contains(method.ReturnType)))
            Assert.IsTrue(Documentation.Value[NameOf(method)].Descendants("see").Any(see => see.Attribute("cref")?.Value == $"T:{method.ReturnType.FullName}"),
                NameOf(method));
    }

    private static IEnumerable<MethodInfo> Methods() => typeof(GentleClipEstimator).Assembly.GetExportedTypes().Where(type => type.IsAbstract && type.IsSealed)
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static)).Where(method => method.IsDefined(typeof(ExtensionAttribute), false));

    /// <summary>The identifier of a method in the XML file.</summary>
    private static string NameOf(MethodInfo method)
    {
        string generic = method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";
        return $"M:{method.DeclaringType!.FullName}.{method.Name}{generic}("
            + $"{string.Join(',', method.GetParameters().Select(parameter => NameOf(parameter.ParameterType)))})";
    }

    private static string NameOf(Type type)
    {
        if (type.IsGenericMethodParameter)
            return $"``{type.GenericParameterPosition}";
        if (type.IsArray)
            return NameOf(type.GetElementType()!) + "[]";
        if (!type.IsGenericType)
            return type.FullName!.Replace('+', '.');
        string name = type.GetGenericTypeDefinition().FullName!;
        return $"{name[..name.IndexOf('`', StringComparison.Ordinal)].Replace('+', '.')}{{{string.Join(',', type.GetGenericArguments().Select(NameOf))}}}";
    }

    private static string Text(XElement? element) => element?.Value.Trim() ?? "";

    [GeneratedRegex(@"(?:samples|studies)/\w+")]
    private static partial Regex Sample();
}
