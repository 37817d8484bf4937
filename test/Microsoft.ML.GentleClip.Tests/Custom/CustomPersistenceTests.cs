using Microsoft.ML.GentleClip.Tests.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Custom;

/// <summary>Saved models with a user's encoder load where its assembly is registered, and nowhere else.</summary>
[TestClass]
public sealed class CustomPersistenceTests
{
    private static readonly Lazy<byte[]> Saved = new(() => CustomTraining.Fit(CustomTraining.Options(20)));

    [TestMethod]
    public void AFreshProcessLoadsAPipelineAfterRegistering()
    {
        using var folder = new TemporaryFolder();
        var mlContext = new MLContext(1);
        var model = mlContext.Transforms.GentleClip(CustomTraining.Options(20))
            .Append(mlContext.Transforms.Conversion.MapValueToKey("Label", "Cluster"))
            .Append(mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy("Label", "EmbeddingA"))
            .Fit(mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(60, seed: 2)));
        var rows = mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(15, seed: 50));
        var (modelPath, rowsPath, outputPath) = (folder.File("model.zip"), folder.File("rows.idv"), folder.File("scored.idv"));
        mlContext.Model.Save(model, rows.Schema, modelPath);
        using (var stream = File.Create(rowsPath))
            mlContext.Data.SaveAsBinary(rows, stream);

        var refused = ChildProcess.Run(AppContext.BaseDirectory, ["score", modelPath, rowsPath, outputPath]);
        Assert.AreNotEqual(0, refused.ExitCode);
        Assert.Contains(
            "an encoder with the key 'tests.gated', which is in no registered assembly. Before loading, call mlContext.ComponentCatalog.RegisterAssembly",
            refused.Error);

        var result = ChildProcess.Run(AppContext.BaseDirectory, ["score", modelPath, rowsPath, outputPath, typeof(GatedOptions).Assembly.Location]);
        Assert.AreEqual(0, result.ExitCode, result.ToString());
        var scored = mlContext.Data.LoadFromBinary(outputPath);
        foreach (var column in new[] { "EmbeddingA", "EmbeddingB", "Score" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(rows), column), Embeddings.Bits(scored, column));
    }

    [TestMethod]
    public void TheWeightsHaveTheNetworksOwnNames()
    {
        using var zip = new System.IO.Compression.ZipArchive(new MemoryStream(Saved.Value));
        using var stream = zip.Entries.Single(entry => entry.Name == "weights.safetensors").Open();
        using var weights = GentleClip.Weights.SafetensorsReader.Read(stream, "weights");
        using var network = new GatedNetwork(TwoViews.DimensionA, 32, 0.1);
        foreach (var (name, value) in network.state_dict())
            CollectionAssert.AreEqual(value.shape, weights[$"tower_a.encoder.network.{name}"].shape, name);
    }

    [TestMethod]
    public void WithoutRegisteringItSaysWhatToCall()
    {
        var exception = Assert.Throws<Exception>(() => Load(new MLContext(), Saved.Value));
        Assert.Contains("The saved model has an encoder with the key 'tests.gated', which is in no registered assembly", exception.ToString());
        Assert.Contains("[EncoderKey(\"tests.gated\")]", exception.ToString());
        Load(CustomTraining.Registered(), Saved.Value);
    }

    [TestMethod]
    [DataRow("\"key\": \"tests.gated\"", "\"key\": \"Microsoft.ML.GentleClip.Tests.Custom.GatedOptions, Microsoft.ML.GentleClip.Tests\"",
        "which is in no registered assembly")]
    [DataRow("\"key\": \"tests.gated\"", "\"key\": \"tests.stack\"", "StackOptions, which is no CustomVectorEncoderOptions")]
    [DataRow("\"key\": \"tests.gated\"", "\"key\": \"tests.twice\"", "The key 'tests.twice' belongs to both")]
    [DataRow("\"width\": 32", "\"width\": 100000000", "Width must be from 1 to 4096")]
    [DataRow("\"width\": 32", "\"width\": 31", "do not fit")]
    [DataRow("\"width\": 32", "\"$type\": \"System.IO.FileInfo\", \"width\": 32", "The settings of encoder 'tests.gated' do not fit GatedOptions")]
    [DataRow("\"width\": 32", "\"height\": 32", "The settings of encoder 'tests.gated' do not fit GatedOptions")]
    [DataRow("\"inputDimension\": 12", "\"inputDimension\": 13", "do not fit")]
    [DataRow("\"inputDimension\": 12", "\"inputDimension\": 0", "input dimension of column 'A' expected 1 or more, found 0")]
    [DataRow("\"embeddingDimension\": 16", "\"embeddingDimension\": 16000", "describes towers of at least")]
    public void AFileThatWasTamperedWithIsRefused(string from, string to, string expected)
    {
        Marker.Built = 0;
        using var file = SavedModel.WithDescription(Saved.Value, from, to);
        var exception = Assert.Throws<Exception>(() => Load(CustomTraining.Registered(), file.ToArray()));
        Assert.Contains(expected, exception.ToString());
        Assert.AreEqual(0, Marker.Built);
    }

    [TestMethod]
    public void ATypeThatOnlyTheFileNamesIsNeitherLoadedNorBuilt()
    {
        Marker.Built = 0;
        // Its assembly is loaded, but not registered.
        using var file = SavedModel.WithDescription(Saved.Value, "\"key\": \"tests.gated\"", "\"key\": \"tests.marker\"");
        Assert.Contains("which is in no registered assembly", Assert.Throws<Exception>(() => Load(new MLContext(), file.ToArray())).ToString());
        Assert.AreEqual(0, Marker.Built);
        // Registered it is found, and then its settings must fit.
        Assert.Contains("do not fit Marker", Assert.Throws<Exception>(() => Load(CustomTraining.Registered(), file.ToArray())).ToString());
    }

    [TestMethod]
    public void WeightsOfOneTowerGoOutAndIn()
    {
        using var folder = new TemporaryFolder();
        var mlContext = CustomTraining.Registered();
        using var model = (GentleClipTransformer)mlContext.Model.Load(new MemoryStream(Saved.Value), out _);
        var path = folder.File("tower.safetensors");
        model.SaveTowerWeights(path, "EmbeddingA");
        using var copy = model.WithTowerWeights(path, "EmbeddingA");
        var rows = mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(9, seed: 5));
        Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(rows), "EmbeddingA"), Embeddings.Bits(copy.Transform(rows), "EmbeddingA"));
    }

    private static void Load(MLContext mlContext, byte[] saved) => (mlContext.Model.Load(new MemoryStream(saved), out _) as IDisposable)?.Dispose();

    [EncoderKey("tests.marker")]
    public sealed record Marker : CustomVectorEncoderOptions
    {
        public static int Built { get; set; }

        public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension)
        {
            Built++;
            return nn.Linear(inputDimension, 4);
        }
    }

    [EncoderKey("tests.twice")]
    public sealed record FirstOfTwo : CustomVectorEncoderOptions
    {
        public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension) => nn.Linear(inputDimension, 4);
    }

    [EncoderKey("tests.twice")]
    public sealed record SecondOfTwo : CustomVectorEncoderOptions
    {
        public override nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension) => nn.Linear(inputDimension, 4);
    }
}
