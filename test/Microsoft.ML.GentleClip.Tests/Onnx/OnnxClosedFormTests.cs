using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>Exported closed forms, alone and beside towers, and models that were trained, saved, loaded and chained.</summary>
[TestClass]
public sealed class OnnxClosedFormTests : IDisposable
{
    private static readonly MLContext Context = OnnxModels.Context;
    private static readonly IDataView Train = Context.Data.LoadFromEnumerable(TwoViews.Mixed(pairs: 24, unpairedA: 90, unpairedB: 80));

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(3, false, 1.0)]
    [DataRow(16, false, 1.0)]
    [DataRow(200, true, 1.0)]
    [DataRow(16, true, 0.0)]
    public async Task AClosedFormAlone(int dimension, bool hasAllParts, double linearWeight)
    {
        using var model = Fit(new ClosedFormOptions
        {
            Role = ClosedFormRole.Alone,
            LinearWeight = linearWeight,
            Smoothing = hasAllParts,
            Spectral = Part(hasAllParts),
            Method = hasAllParts ? ClosedFormMethod.SelfTraining : ClosedFormMethod.LinearAndKernel,
            SelfTraining = Part(hasAllParts),
        }, dimension);
        await CompareAsync(model);
    }

    [TestMethod]
    [DataRow(ClosedFormMethod.Blend, ClosedFormRole.Alone, 3)]
    [DataRow(ClosedFormMethod.Blend, ClosedFormRole.Alone, 300)]
    [DataRow(ClosedFormMethod.Blend, ClosedFormRole.BesideTowers, 16)]
    [DataRow(ClosedFormMethod.Transport, ClosedFormRole.Alone, 16)]
    [DataRow(ClosedFormMethod.Linear, ClosedFormRole.Alone, 16)]
    [DataRow(ClosedFormMethod.Chosen, ClosedFormRole.Alone, 16)]
    public async Task AClosedFormOfEachMethod(ClosedFormMethod method, ClosedFormRole role, int dimension)
    {
        using var model = Fit(new ClosedFormOptions { Role = role, Method = method, Smoothing = dimension == 300, Spectral = Part(dimension == 300) },
            dimension);
        await CompareAsync(model);
    }

    [TestMethod]
    public async Task ABlendWithoutAKernel()
    {
        using var model = Fit(new ClosedFormOptions { Role = ClosedFormRole.Alone, Method = ClosedFormMethod.Blend, KernelWeight = 0 }, 16);
        await CompareAsync(model);
    }

    [TestMethod]
    public async Task AClosedFormWithoutAKernel()
    {
        using var model = Fit(new ClosedFormOptions { Role = ClosedFormRole.Alone, KernelWeight = 0 }, 16);
        await CompareAsync(model);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task AClosedFormBesideTowers(bool hasAllParts)
    {
        using var model = Fit(new ClosedFormOptions
        {
            Role = ClosedFormRole.BesideTowers,
            Share = 0.3,
            Dimension = 6,
            Smoothing = hasAllParts,
            Spectral = Part(hasAllParts),
        }, 16);
        await CompareAsync(model);
    }

    [TestMethod]
    public async Task AModelThatWasSavedLoadedAndChained()
    {
        using var trained = Fit(new ClosedFormOptions { Role = ClosedFormRole.BesideTowers }, 16);
        var chain = new TransformerChain<ITransformer>(Context.Transforms.CopyColumns("Copy", "A").Fit(Train), trained);
        Context.Model.Save(chain, Train.Schema, _folder.File("model.zip"));
        var loaded = new MLContext().Model.Load(_folder.File("model.zip"), out _);
        using var reloaded = ((IEnumerable<ITransformer>)loaded).OfType<GentleClipTransformer>().Single();
        using var session = _folder.Export(loaded, "EmbeddingB");
        await OnnxModels.CompareAsync(TestContext, trained, session, Rows(row => row.B!), 1, 100);
    }

    [TestMethod]
    [DataRow(ClosedFormRole.BesideTowers, 1.0)]
    [DataRow(ClosedFormRole.Alone, 1.0)]
    [DataRow(ClosedFormRole.Alone, 0.0)]
    public void RowsThatAClosedFormHasInItsBankAndRowsThatAreNotFinite(ClosedFormRole role, double linearWeight)
    {
        using var model = Fit(new ClosedFormOptions { Role = role, LinearWeight = linearWeight, Smoothing = true, Spectral = ClosedFormPart.On }, 16);
        using var session = _folder.Export(model, "EmbeddingA");
        var rows = TwoViews.Mixed(pairs: 24, unpairedA: 20, unpairedB: 0); // the pairs are those of the training
        rows[5].A![3] = float.PositiveInfinity;
        rows[6].A![0] = float.NaN;
        rows[7].A = [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)];
        var expected = Embeddings.Column(model.Transform(Context.Data.LoadFromEnumerable(rows)), "EmbeddingA");
        var actual = session.Run([new OnnxInput("features", rows.SelectMany(row => row.A!).ToArray(), rows.Count, TwoViews.DimensionA)]);
        for (var i = 0; i < rows.Count; i++)
            OnnxModels.Difference(expected[i], actual[i], $"row {i}");
    }

    private static ClosedFormPart Part(bool on) => on ? ClosedFormPart.On : ClosedFormPart.Off;

    private static GentleClipTransformer Fit(ClosedFormOptions closedForm, int dimension)
    {
        var options = TwoViews.Options(steps: 20);
        (options.ClosedForm, options.EmbeddingDimension, options.Seed) = (closedForm, dimension, 3);
        return Context.Transforms.GentleClip(options).Fit(Train);
    }

    private static List<float[]> Rows(Func<TwoViews.Row, float[]> side) => [.. TwoViews.Pairs(100, seed: 77).Select(side)];

    private async Task CompareAsync(GentleClipTransformer model)
    {
        using (var session = _folder.Export(model, "EmbeddingA"))
            await OnnxModels.CompareAsync(TestContext, model, session, Rows(row => row.A!), 1, 100);
        using (var session = _folder.Export(model, "EmbeddingB"))
            await OnnxModels.CompareAsync(TestContext, model, session, Rows(row => row.B!), 13);
    }
}
