using Microsoft.ML.GentleClip.Objectives;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>Each objective and each encoder of the library has its page, and each page of the two folders is in the folder's table.</summary>
[TestClass]
public sealed class PageCoverageTests
{
    private static readonly Dictionary<Type, string> Objectives = new()
    {
        [typeof(ContrastiveLoss)] = "contrastive",
        [typeof(SelfSupervisedLoss)] = "self-supervised",
        [typeof(MkMmdLoss)] = "mk-mmd",
        [typeof(SddLoss)] = "sdd",
        [typeof(CentroidLoss)] = "centroid",
        [typeof(SinkhornDivergence)] = "sinkhorn",
        [typeof(PseudoLabelLoss)] = "pseudo-labels",
        [typeof(KeywordLoss)] = "pseudo-labels",
        [typeof(TransportPairLoss)] = "transport-pairs",
        [typeof(KlotLoss)] = "klot",
    };

    private static readonly Dictionary<Type, string> Encoders = new()
    {
        [typeof(VectorEncoderOptions)] = "vector",
        [typeof(TextNGramOptions)] = "text-n-grams",
        [typeof(BertEncoderOptions)] = "bert",
        [typeof(Esm2Options)] = "esm-2",
        [typeof(CdConvOptions)] = "cdconv",
        [typeof(ResNetOptions)] = "resnet",
        [typeof(ViTOptions)] = "vit",
    };

    private static readonly Type[] Bases =
    [
        typeof(VectorEncoderOptionsBase), typeof(TextEncoderOptions), typeof(ImageEncoderOptions),
        typeof(ProteinSequenceEncoderOptions), typeof(ProteinStructureEncoderOptions),
    ];

    [TestMethod]
    public void EachObjectiveHasAPage()
    {
        Type[] losses = [.. typeof(ContrastiveLoss).Assembly.GetTypes().Where(type => type.Namespace == typeof(ContrastiveLoss).Namespace && !type.IsNested
            && (type.Name.EndsWith("Loss", StringComparison.Ordinal) || type.Name.EndsWith("Divergence", StringComparison.Ordinal)) && !type.IsEnum)];
        string[] without = [.. losses.Where(loss => !Objectives.ContainsKey(loss)).Select(loss => loss.Name)];
        Assert.IsEmpty(without, string.Join(", ", without));
        Assert.IsGreaterThan(8, losses.Length);
        foreach (var (loss, page) in Objectives)
        {
            string text = Read("objectives", page);
            foreach (string heading in new[] { "## Formula", "## Parameters", "## When it helps", "## When it hurts", "## Source" })
                StringAssert.Contains(text, heading, $"{page} of {loss.Name}");
        }
    }

    [TestMethod]
    public void EachEncoderHasAPageWithItsOptions()
    {
        // One class of options per encoder, under the base of its modality.
        Type[] options = [.. typeof(Modality).Assembly.GetExportedTypes().Where(type => !type.IsAbstract && Bases.Any(type.IsSubclassOf))];
        CollectionAssert.AreEquivalent(Encoders.Keys, options);
        foreach (var (type, page) in Encoders)
        {
            string text = Read("encoders", page);
            StringAssert.Contains(text, $"`{type.Name}`", page);
            string[] missing = [.. type.GetProperties().Where(property => property.CanWrite && property.DeclaringType != typeof(object)).Select(property => property.Name)
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
        string[] missing = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", folder), "*.md").Select(file => Path.GetFileName(file)).Where(name => name != "README.md" && !table.Contains($"]({name})", StringComparison.Ordinal))];
        Assert.IsEmpty(missing, string.Join(", ", missing));
    }

    private static string Read(string folder, string page) => File.ReadAllText(Path.Combine(Repository.Root, "docs", folder, page + ".md"));
}
