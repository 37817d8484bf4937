namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>Each objective and each encoder of the library has its page, and each page of the two folders is in the folder's table.</summary>
[TestClass]
public sealed class PageCoverageTests
{
    private static readonly Dictionary<Type, string> Encoders = new()
    {
        [typeof(VectorEncoderOptions)] = "vector",
        [typeof(TextNGramOptions)] = "text-n-grams",
        [typeof(BertEncoderOptions)] = "bert",
        [typeof(Esm2Options)] = "esm-2",
        [typeof(CdConvOptions)] = "cdconv",
        [typeof(ProteinWindowOptions)] = "protein-windows",
        [typeof(ResNetOptions)] = "resnet",
        [typeof(ViTOptions)] = "vit",
    };

    [TestMethod]
    public void EachObjectiveHasAPage()
    {
        Type[] objectives = [.. typeof(Objective).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Objective)) && !type.IsAbstract)];
        Assert.IsGreaterThan(9, objectives.Length);
        foreach (var objective in objectives)
        {
            var pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "objectives"), "*.md")
                .Where(file => Path.GetFileName(file) != "README.md").Select(File.ReadAllText)
                .Where(text => text.Contains($"`{objective.Name}", StringComparison.Ordinal) && text.Contains("## Formula", StringComparison.Ordinal))
                .ToArray();
            // Others may name it; the page that is about it names its settings.
            string[] settings =
                [.. objective.GetProperties().Where(property => property.CanWrite && property.DeclaringType == objective).Select(property => property.Name)];
            var own = pages.FirstOrDefault(text => settings.All(setting => text.Contains($"`{setting}`", StringComparison.Ordinal)));
            Assert.IsNotNull(own, $"no page of docs/objectives has `{objective.Name}` and its settings {string.Join(", ", settings)}");
            foreach (string heading in new[] { "## Formula", "## Parameters", "## When it helps", "## When it hurts", "## Source" })
                StringAssert.Contains(own, heading, objective.Name);
        }
    }

    [TestMethod]
    public void EachEncoderHasAPageWithItsOptions()
    {
        // One class of options per encoder, whatever the modality; a base of its own is no way around a page.
        Type[] options = [.. typeof(Modality).Assembly.GetExportedTypes()
            .Where(type => !type.IsAbstract && Array.Exists(type.GetInterfaces(), own => own.Name == "IEncoderOptions"))];
        CollectionAssert.AreEquivalent(Encoders.Keys, options);
        foreach (var (type, page) in Encoders)
        {
            string text = Read("encoders", page);
            StringAssert.Contains(text, $"`{type.Name}`", page);
            string[] missing = [.. type.GetProperties().Where(property => property.CanWrite && property.DeclaringType != typeof(object))
                .Select(property => property.Name)
                .Where(name => !text.Contains($"`{name}`", StringComparison.Ordinal))];
            Assert.IsEmpty(missing, $"{page} does not mention {string.Join(", ", missing)}");
        }
    }

    [TestMethod]
    [DataRow("objectives")]
    [DataRow("encoders")]
    public void EachPageIsInTheTableOfItsFolder(string folder)
    {
        string table = Read(folder, "README");
        string[] missing = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", folder), "*.md").Select(file => Path.GetFileName(file))
            .Where(name => name != "README.md" && !table.Contains($"]({name})", StringComparison.Ordinal))];
        Assert.IsEmpty(missing, string.Join(", ", missing));
    }

    private static string Read(string folder, string page) => File.ReadAllText(Path.Combine(Repository.Root, "docs", folder, page + ".md"));
}
