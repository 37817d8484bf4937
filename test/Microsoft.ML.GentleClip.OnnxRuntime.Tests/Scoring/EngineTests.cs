using Microsoft.ML.GentleClip.OnnxEncoders;
using Microsoft.ML.GentleClip.Tests.Models;
using Microsoft.ML.GentleClip.Tests.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>Columns by ONNX Runtime against libtorch's, for every encoder, and from models that are loaded without libtorch.</summary>
[TestClass]
public sealed class EngineTests : IDisposable
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "data", "models");

    private readonly TemporaryFolder _folder = new();

    public EngineTests() => torch.set_num_threads(1);

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Files =>
        Directory.GetDirectories(Root).SelectMany(folder => Directory.GetFiles(folder, "*.zip")).Order(StringComparer.Ordinal)
            .Select(file => new object[] { Path.GetFileName(Path.GetDirectoryName(file))!, Path.GetFileNameWithoutExtension(file) });

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void AFrozenModelScoresAsWhenItWasSaved(string version, string name)
    {
        var folder = Path.Combine(Root, version);
        var sheet = FrozenModels.Read(folder, name);
        using var model = (GentleClipTransformer)new MLContext().Model.Load(Path.Combine(folder, name + ".zip"), out _);
        Assert.AreEqual(ScoringEngine.Torch, model.Scoring.Engine, "the bits of a saved model stay, unless its user wants another engine");
        using var plain = Compared.LoadPlain<GentleClipTransformer>(Path.Combine(folder, name + ".zip"));
        Assert.AreEqual(ScoringEngine.OnnxRuntime, plain.Scoring.Engine);
        foreach (var (loaded, engine) in new[] { (model, ScoringEngine.OnnxRuntime), (model, ScoringEngine.Auto), (plain, ScoringEngine.OnnxRuntime),
            (plain, ScoringEngine.Auto) })
        {
            loaded.Scoring = new ScoringOptions { Engine = engine };
            var (a, b) = FrozenModels.Score(loaded, sheet.Rows, folder);
            var largest = Compared.Columns([.. sheet.Rows.Select(row => row.EmbeddingA ?? Missing(a[0]))], a, "A");
            largest = Math.Max(largest, Compared.Columns([.. sheet.Rows.Select(row => row.EmbeddingB ?? Missing(b[0]))], b, "B"));
            TestContext.WriteLine($"{version} {name}, {(loaded == plain ? "without" : "with")} libtorch, {engine}: {largest:g2}");
        }
        Assert.AreEqual((model.Seed, model.EmbeddingDimension, model.History.Count, model.ClosedForm?.ToString()),
            (plain.Seed, plain.EmbeddingDimension, plain.History.Count, plain.ClosedForm?.ToString()));

        static float[] Missing(float[] like) => [.. Enumerable.Repeat(float.NaN, like.Length)];
    }

    [TestMethod]
    public void AutoTakesWhatIsFaster()
    {
        var log = new List<string>();
        var context = new MLContext();
        context.Log += (_, e) => log.Add(e.Message);
        var folder = Path.Combine(Root, "1.3");
        using var model = (GentleClipTransformer)context.Model.Load(Path.Combine(folder, "sequence-structure.zip"), out _);
        model.Scoring = new ScoringOptions { Engine = ScoringEngine.Auto };
        var sequences = context.Data.LoadFromEnumerable(FrozenModels.Read(folder, "sequence-structure").Rows.Select(row => new { row.Sequence }));
        var open = ScoringSession.OpenCount;
        _ = Embeddings.Column(model.Transform(sequences), "EmbeddingA");
        Assert.AreEqual(open + 1, ScoringSession.OpenCount, "ESM-2 by ONNX Runtime");
        Assert.DoesNotContain(message => message.Contains("takes libtorch", StringComparison.Ordinal), log);
        _ = FrozenModels.Score(model, FrozenModels.Read(folder, "sequence-structure").Rows, folder);
        Assert.AreEqual(open + 1, ScoringSession.OpenCount, "CDConv by libtorch");
        Assert.ContainsSingle(message => message.Contains("slower at the encoder of column 'AlphaCarbons', CDConv", StringComparison.Ordinal), log);
    }

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void AModelThatWasLoadedWithoutLibtorchIsSavedWhole(string version, string name)
    {
        var folder = Path.Combine(Root, version);
        var sheet = FrozenModels.Read(folder, name);
        using var first = (GentleClipTransformer)new MLContext().Model.Load(Path.Combine(folder, name + ".zip"), out var schema);
        using (var plain = Compared.LoadPlain<GentleClipTransformer>(Path.Combine(folder, name + ".zip")))
            new MLContext().Model.Save(plain, schema, _folder.File("again.zip"));
        using var second = (GentleClipTransformer)new MLContext().Model.Load(_folder.File("again.zip"), out _);
        var (a, b) = FrozenModels.Score(first, sheet.Rows, folder);
        var (againA, againB) = FrozenModels.Score(second, sheet.Rows, folder);
        for (var i = 0; i < a.Length; i++)
        {
            CollectionAssert.AreEqual(Bits(a[i]), Bits(againA[i]));
            CollectionAssert.AreEqual(Bits(b[i]), Bits(againB[i]));
        }

        static int[] Bits(float[] row) => Array.ConvertAll(row, BitConverter.SingleToInt32Bits);
    }

    [TestMethod]
    [DataRow("vectors-beside-teacher")]
    [DataRow("closed-form")]
    [DataRow("sequence-structure")]
    [DataRow("windows-steps")]
    [DataRow("windows-statistics")]
    [DataRow("vit-bert")]
    [DataRow("resnet-ngrams")]
    public void RowsOfAllLengthsInBatchesOfAllSizes(string name)
    {
        var folder = Path.Combine(Root, "1.3");
        using var model = (GentleClipTransformer)new MLContext().Model.Load(Path.Combine(folder, name + ".zip"), out _);
        var rows = Rows(name);
        foreach (var batchSize in new int?[] { null, 1, 7 })
        {
            model.Scoring = new ScoringOptions { BatchSize = batchSize };
            var (a, b) = FrozenModels.Score(model, rows, folder);
            model.Scoring = new ScoringOptions { Engine = ScoringEngine.OnnxRuntime, BatchSize = batchSize };
            var (foundA, foundB) = FrozenModels.Score(model, rows, folder);
            var largest = Math.Max(Compared.Columns(a, foundA, $"A, batches of {batchSize}"), Compared.Columns(b, foundB, $"B, batches of {batchSize}"));
            TestContext.WriteLine($"{name}, batches of {batchSize}: {largest:g2}");
            foreach (var column in new[] { a, b })
                Assert.IsGreaterThan(Pictures.Colors - 1, column.Select(row => row[0]).Distinct().Count(), "the rows are all alike");
        }
    }

    private static List<FrozenModels.Row> Rows(string name) => name switch
    {
        "vectors-beside-teacher" or "closed-form" => [.. TwoViews.Pairs(300, 9).Select((row, i) => new FrozenModels.Row
        {
            A = i % 7 == 3 ? [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)] : row.A,
            B = row.B,
        })],
        "sequence-structure" or "windows-steps" or "windows-statistics" =>
        [
            .. Proteins.Chains(24).Concat(Proteins.Pieces(40, 12)).Select((row, i) => new FrozenModels.Row
            {
                Sequence = i % 9 == 4 ? "" : row.Sequence,
                AlphaCarbons = row.AlphaCarbons,
            }),
        ],
        _ => [.. Emoji.Words.Take(60).Append(string.Join(' ', Emoji.Words.Take(95))).Append("").Select((text, i) =>
            new FrozenModels.Row { Text = text, Path = $"{i % Pictures.Colors}.png" })],
    };
}
