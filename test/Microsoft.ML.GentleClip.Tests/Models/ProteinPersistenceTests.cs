using System.Text;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Models;

[TestClass]
public sealed class ProteinPersistenceTests
{
    private static readonly MLContext MlContext = new(seed: 1);
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders", "esm2");

    // Sums that are split among threads round otherwise.
    private static readonly Dictionary<string, string> OneThread = new() { ["OMP_NUM_THREADS"] = "1", ["MKL_NUM_THREADS"] = "1" };

    private static readonly Lazy<byte[]> Saved = new(() =>
    {
        var train = MlContext.Data.LoadFromEnumerable(Proteins.Mixed(10, 6, 5));
        using var model = MlContext.Transforms.GentleClip(Proteins.Options(steps: 2, sequenceColumn: "Sequence")).Fit(train);
        using var file = new MemoryStream();
        MlContext.Model.Save(model, train.Schema, file);
        return file.ToArray();
    });

    public ProteinPersistenceTests() => torch.set_num_threads(1);

    [TestMethod]
    public void AFreshProcessScoresTheSameBitsWithoutTheWeightsFile()
    {
        using var folder = new TemporaryFolder();
        var weights = folder.File("esm2.pt");
        File.Copy(Path.Combine(Golden, "esm2_tiny.fairesm.pt"), weights);
        var train = MlContext.Data.LoadFromEnumerable(Proteins.Mixed(10, 6, 5));
        var rows = MlContext.Data.LoadFromEnumerable(Proteins.Mixed(6, 3, 3, length: 30));
        var encoder = new Esm2Options { Size = new Esm2Size(3, 32, 4), WeightsFile = weights, TrainableLayers = 0, Pooling = Esm2Pooling.BeginningOfSequence };
        using var model = MlContext.Transforms.GentleClip(Proteins.Options(steps: 5, encoder, sequenceColumn: "Sequence")).Fit(train);
        File.Delete(weights);
        var (modelPath, rowsPath, outputPath) = (folder.File("model.zip"), folder.File("rows.idv"), folder.File("scored.idv"));
        MlContext.Model.Save(model, train.Schema, modelPath);
        using (var stream = File.Create(rowsPath))
            MlContext.Data.SaveAsBinary(rows, stream);

        var result = ChildProcess.Run(AppContext.BaseDirectory, ["score", modelPath, rowsPath, outputPath], OneThread);

        Assert.AreEqual(0, result.ExitCode, result.ToString());
        foreach (var column in new[] { "SequenceEmbedding", "StructureEmbedding" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(rows), column), Embeddings.Bits(MlContext.Data.LoadFromBinary(outputPath), column));

        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(modelPath, out _);
        Assert.AreEqual(encoder with { WeightsFile = null }, ((ProteinSequenceModality)loaded.ModalityA).Encoder, "the file is not named");
        var structure = (ProteinStructureModality)loaded.ModalityB;
        Assert.AreEqual((Proteins.SmallStructure with { Input = CdConvInput.ResidueTypes }, "Sequence"), (structure.Encoder, structure.SequenceColumnName));
    }

    [TestMethod]
    public void WeightsAreCountedAsTheModelHasThem()
    {
        var spec = new TwoTowerSpec(new(Modality.ProteinSequence("EA", "A", Proteins.SmallSequence), 0),
            new(Modality.ProteinStructure("EB", "B", null, Proteins.SmallStructure), 0), 6, 0.07);
        using var generator = new torch.Generator(0);
        using var model = new TwoTowerModel(spec, generator);
        Assert.AreEqual(model.state_dict().Values.Sum(weight => weight.numel()), TwoTowerModel.CountWeights(spec));
    }

    [TestMethod]
    [DataRow("\"layers\": 2", "\"layers\": 256", "holds")]
    [DataRow("\"layers\": 2", "\"layers\": 257", "layers must be from 1 to 256, found 257")]
    [DataRow("\"embeddingDimension\": 16,\n        \"attentionHeads\": 2", "\"embeddingDimension\": 65536,\n        \"attentionHeads\": 2", "holds")]
    [DataRow("\"trainableLayers\": null", "\"trainableLayers\": 3", "TrainableLayers is 3; expected at most the size's 2 layers")]
    [DataRow("\"maximumLength\": 1022", "\"maximumLength\": 0", "MaximumLength must be from 1 to 65534, found 0")]
    [DataRow("\"channels\": [", "\"channels\": [65536,", "Channels has 3 stages and Radii 2")]
    [DataRow("\"baseWidth\": 32", "\"baseWidth\": 1024", "holds")]
    [DataRow("\"sequentialKernelSize\": 5", "\"sequentialKernelSize\": 1023", "holds")]
    [DataRow("\"sequenceColumn\": \"Sequence\"", "\"sequenceColumn\": \"AlphaCarbons\"", "cannot hold both coordinates and sequences")]
    [DataRow("\"modality\": \"proteinSequence\"", "\"modality\": \"protein\"", "model.json")]
    public void AHostileDescriptionIsRefusedBeforeItIsAllocated(string from, string to, string expected)
    {
        using var file = SavedModel.WithDescription(Saved.Value, from, to);
        var messages = new StringBuilder();
        try
        {
            new MLContext().Model.Load(file, out _);
        }
        catch (Exception exception)
        {
            for (var e = exception; e is not null; e = e.InnerException)
                messages.AppendLine(e.Message);
        }
        Assert.Contains(expected, messages.ToString());
    }
}
