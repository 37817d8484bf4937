using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>Scoring by ONNX Runtime in an application that has not got our package for it, as these tests have not.</summary>
[TestClass]
public sealed class EngineWithoutPackageTests
{
    private const string Package = "Microsoft.ML.GentleClip.OnnxRuntime";

    [TestMethod]
    public void TheEngineIsRefusedWithThePackagesName()
    {
        using var transformer = CreateTransformer();
        transformer.Scoring = new ScoringOptions { Engine = ScoringEngine.OnnxRuntime };
        var rows = Load(TwoViews.Pairs(3, 1));
        StringAssert.Contains(Assert.Throws<InvalidOperationException>(() => transformer.Transform(rows)).Message, Package);
        StringAssert.Contains(Assert.Throws<InvalidOperationException>(() => transformer.GetRowToRowMapper(rows.Schema)).Message, Package);
    }

    [TestMethod]
    public void AutoTakesLibtorchWithTheSameBitsAndSaysSoOnce()
    {
        var log = new List<string>();
        var context = new MLContext(seed: 1);
        context.Log += (_, e) => log.Add(e.Message);
        using var file = new MemoryStream();
        using (var made = CreateTransformer())
            context.Model.Save(made, Load(TwoViews.Pairs(1, 1)).Schema, file);
        file.Position = 0;
        using var transformer = (GentleClipTransformer)context.Model.Load(file, out _);
        var rows = Load(Gaps(40));
        var expected = Embeddings.Bits(transformer.Transform(rows), "EmbeddingA");
        transformer.Scoring = new ScoringOptions { Engine = ScoringEngine.Auto };
        Embeddings.AssertEqualBits(expected, Embeddings.Bits(transformer.Transform(rows), "EmbeddingA"));
        transformer.Transform(rows);
        Assert.HasCount(1, log.FindAll(message => message.Contains("Engine = Auto takes libtorch", StringComparison.Ordinal)
            && message.Contains(Package, StringComparison.Ordinal)));
    }

    [TestMethod]
    public void AnUnknownEngineIsRefused() =>
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => new ScoringOptions { Engine = (ScoringEngine)7 }).Message, "ScoringEngine");
}
