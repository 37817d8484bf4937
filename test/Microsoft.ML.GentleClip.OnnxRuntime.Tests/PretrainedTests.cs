using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.OnnxEncoders;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>The pretrained models that NuGet has, unchanged.</summary>
[TestClass]
public sealed class PretrainedTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose()
    {
        _folder.Dispose();
        Assert.AreEqual(0, OnnxSession.Count, "sessions that are open after the test");
    }

    [TestMethod]
    [DataRow("MiniLM")]
    [DataRow("ArcticXs")]
    public void SentencesThatMeanTheSameAreNear(string name)
    {
        var options = new OnnxTextEncoderOptions { ModelFile = PretrainedModels.Sentences(TestContext, name, _folder.FullName) };
        if (name == "ArcticXs")
            options = options with { Pooling = OnnxPooling.FirstToken };
        string[] texts =
            ["A cat sleeps on the sofa", "A kitten is napping on the couch", "Shares of the bank fell sharply on Monday", "Stocks plunged this week"];
        var lines = new List<string>();
        var features = Features(Modality.Text("TextEmbedding", "Text", options), texts, lines);
        foreach (var line in lines.Where(line => line.Contains("onnx", StringComparison.OrdinalIgnoreCase)))
            TestContext.WriteLine(line);
        Assert.HasCount(384, features[0]);
        Assert.AreEqual(1, Embeddings.Dot(features[0], features[0]), 1e-5);
        var (same, other) = (Embeddings.Dot(features[0], features[1]), Embeddings.Dot(features[0], features[2]));
        TestContext.WriteLine($"{name}: the same {same:f3}, another {other:f3}");
        Assert.IsGreaterThan(other + 0.15f, same);
        Assert.IsGreaterThan(other + 0.1f, Embeddings.Dot(features[2], features[3]));
    }

    [TestMethod]
    public void ResNet18IsTakenForANetworkOfCntk()
    {
        var lines = new List<string>();
        var modality = Modality.Image("PictureEmbedding", "Picture", new ImageOptions { StoredSize = 224 },
            new OnnxImageEncoderOptions { ModelFile = PretrainedModels.ResNet18(TestContext) });
        var features = Features(modality, ["a", "b", "c", "d"], lines);
        Assert.IsTrue(lines.Exists(line => line.Contains("as networks of CNTK take them", StringComparison.Ordinal)), string.Join('\n', lines));
        Assert.HasCount(512, features[0]);
        Assert.IsGreaterThan(0.1f, features[0].Max());
        Assert.IsGreaterThan(1e-3f, features[0].Zip(features[1], (x, y) => Math.Abs(x - y)).Max(), "two pictures, one and the same features");
    }

    private static float[][] Features(Modality modality, string[] texts, List<string> lines)
    {
        var mlContext = new MLContext(1);
        var data = mlContext.Data.LoadFromEnumerable(texts.Select((text, i) => new Row
        {
            Text = text,
            Picture = [.. Enumerable.Range(0, 3 * 32 * 32).Select(pixel => (float)((pixel * (i + 1) * 7) % 256))],
        }));
        return Encoding.Features(modality, data, lines);
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        [VectorType(3, 32, 32)]
        public float[] Picture { get; set; } = [];
    }
}
