using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>Exported closed forms, alone and beside towers, and models that were trained, saved, loaded and chained.</summary>
[TestClass]
public sealed class OnnxTeacherTests : IDisposable
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
        using var model = Fit(new TeacherOptions { Role = TeacherRole.Alone, LinearWeight = linearWeight, Smoothing = hasAllParts, Spectral = Part(hasAllParts), Method = hasAllParts ? TeacherMethod.SelfTraining : TeacherMethod.LinearAndKernel, SelfTraining = Part(hasAllParts) }, dimension);
        await CompareAsync(model);
    }

    [TestMethod]
    [DataRow(TeacherMethod.Blend, TeacherRole.Alone, 3)]
    [DataRow(TeacherMethod.Blend, TeacherRole.Alone, 300)]
    [DataRow(TeacherMethod.Blend, TeacherRole.SideBySide, 16)]
    [DataRow(TeacherMethod.Transport, TeacherRole.Alone, 16)]
    [DataRow(TeacherMethod.Linear, TeacherRole.Alone, 16)]
    [DataRow(TeacherMethod.Chosen, TeacherRole.Alone, 16)]
    public async Task AClosedFormOfEachMethod(TeacherMethod method, TeacherRole role, int dimension)
    {
        using var model = Fit(new TeacherOptions { Role = role, Method = method, Smoothing = dimension == 300, Spectral = Part(dimension == 300) }, dimension);
        await CompareAsync(model);
    }

    [TestMethod]
    public async Task ABlendWithoutAKernel()
    {
        using var model = Fit(new TeacherOptions { Role = TeacherRole.Alone, Method = TeacherMethod.Blend, KernelWeight = 0 }, 16);
        await CompareAsync(model);
    }

    [TestMethod]
    public async Task AClosedFormWithoutAKernel()
    {
        using var model = Fit(new TeacherOptions { Role = TeacherRole.Alone, KernelWeight = 0 }, 16);
        await CompareAsync(model);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task AClosedFormBesideTowers(bool hasAllParts)
    {
        using var model = Fit(new TeacherOptions { Role = TeacherRole.SideBySide, Share = 0.3, Dimension = 6, Smoothing = hasAllParts, Spectral = Part(hasAllParts) }, 16);
        await CompareAsync(model);
    }

    [TestMethod]
    public async Task AModelThatWasSavedLoadedAndChained()
    {
        using var trained = Fit(new TeacherOptions { Role = TeacherRole.SideBySide }, 16);
        var chain = new TransformerChain<ITransformer>(Context.Transforms.CopyColumns("Copy", "A").Fit(Train), trained);
        Context.Model.Save(chain, Train.Schema, _folder.File("model.zip"));
        var loaded = new MLContext().Model.Load(_folder.File("model.zip"), out _);
        using var reloaded = ((IEnumerable<ITransformer>)loaded).OfType<GentleClipTransformer>().Single();
        using var session = _folder.Export(loaded, "EmbeddingB");
        await OnnxModels.CompareAsync(TestContext, trained, session, Rows(row => row.B!), 1, 100);
    }

    [TestMethod]
    [DataRow(TeacherRole.SideBySide, 1.0)]
    [DataRow(TeacherRole.Alone, 1.0)]
    [DataRow(TeacherRole.Alone, 0.0)]
    public void RowsThatAClosedFormHasInItsBankAndRowsThatAreNotFinite(TeacherRole role, double linearWeight)
    {
        using var model = Fit(new TeacherOptions { Role = role, LinearWeight = linearWeight, Smoothing = true, Spectral = TeacherPart.On }, 16);
        using var session = _folder.Export(model, "EmbeddingA");
        var rows = TwoViews.Mixed(pairs: 24, unpairedA: 20, unpairedB: 0); // the pairs are those of the training
        rows[5].A![3] = float.PositiveInfinity;
        rows[6].A![0] = float.NaN;
        rows[7].A = [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)];
        var expected = Embeddings.Column(model.Transform(Context.Data.LoadFromEnumerable(rows)), "EmbeddingA");
        var actual = session.Run([new TowerInput("features", rows.SelectMany(row => row.A!).ToArray(), rows.Count, TwoViews.DimensionA)]);
        for (var i = 0; i < rows.Count; i++)
            OnnxModels.Difference(expected[i], actual[i], $"row {i}");
    }

    private static TeacherPart Part(bool on) => on ? TeacherPart.On : TeacherPart.Off;

    private static GentleClipTransformer Fit(TeacherOptions teacher, int dimension)
    {
        var options = TwoViews.Options(steps: 20);
        (options.Teacher, options.EmbeddingDimension, options.Seed) = (teacher, dimension, 3);
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
