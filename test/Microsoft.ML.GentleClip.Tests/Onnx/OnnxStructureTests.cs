using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>Exported CDConv in ONNX Runtime against torch, on real chains.</summary>
[TestClass]
public sealed class OnnxStructureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("default")]
    [DataRow("steps")]
    [DataRow("local geometry")]
    [DataRow("two kernel layers")]
    [DataRow("public reading")]
    public async Task ChainsOfAllLengths(string kind)
    {
        var options = kind switch
        {
            "steps" => Proteins.SmallStructure with { Input = CdConvInput.Steps },
            "local geometry" => Proteins.SmallStructure with { Input = CdConvInput.LocalGeometry },
            "two kernel layers" => Proteins.SmallStructure with { KernelChannels = [6, 10], Channels = [16, 16, 24], Radii = [6, 10, 14] },
            // A chain's features depend on its batch there: the same batch is compared below.
            "public reading" => Proteins.SmallStructure with { Pooling = CdConvPooling.AsPublished },
            _ => new CdConvOptions(),
        };
        using var transformer = OnnxModels.Create(
            Modality.ProteinStructure("Embedding", "AlphaCarbons", options.Input is null ? "Sequence" : null, options));
        using var session = _folder.Export(transformer, "Embedding");
        var chains = Proteins.Chains(kind == "default" ? 10 : 16)
            .Select((row, i) => new AlphaCarbonTrace(row.AlphaCarbons, i % 4 == 3 ? null : row.Sequence)).ToList();
        var traces = chains.ToList();
        foreach (var length in new[] { 1, 2, 3, 4, 5, 7, 8 })
            traces.Add(new AlphaCarbonTrace(chains[0].Coordinates[..(3 * length)], chains[0].Sequence![..length]));
        await OnnxModels.CompareAsync(TestContext, transformer, session, traces, kind == "public reading" ? [traces.Count] : [1, 5, traces.Count]);
    }

    [TestMethod]
    public async Task AChainThatLiesInOnePlaceAndOneFarAway()
    {
        using var transformer = OnnxModels.Create(Modality.ProteinStructure("Embedding", "AlphaCarbons", encoder: Proteins.SmallStructure));
        using var session = _folder.Export(transformer, "Embedding");
        var chain = Proteins.Pieces(1, 40)[0].AlphaCarbons!;
        await OnnxModels.CompareAsync(TestContext, transformer, session,
            [new AlphaCarbonTrace(new float[60]), new AlphaCarbonTrace(Array.ConvertAll(chain, x => x * 1e6f)), new AlphaCarbonTrace(chain)], 1, 3);
    }

    [TestMethod]
    public async Task ATrainedModelOfProteinsThatWasSavedAndLoaded()
    {
        var context = OnnxModels.Context;
        var rows = Proteins.Mixed(10, 6, 6);
        var data = context.Data.LoadFromEnumerable(rows);
        using (var trained = context.Transforms.GentleClip(Proteins.Options()).Fit(data))
            context.Model.Save(trained, data.Schema, _folder.File("model.zip"));
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(_folder.File("model.zip"), out _);
        var chains = Proteins.Chains(8);
        using (var session = _folder.Export(loaded, "SequenceEmbedding"))
            await OnnxModels.CompareAsync(TestContext, loaded, session, chains.Select(row => row.Sequence!).ToList(), 3);
        using (var session = _folder.Export(loaded, "StructureEmbedding"))
            await OnnxModels.CompareAsync(TestContext, loaded, session, chains.Select(row => new AlphaCarbonTrace(row.AlphaCarbons)).ToList(), 3);
    }
}
