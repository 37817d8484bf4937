using System.IO.Compression;
using System.Text;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Models;

[TestClass]
public sealed class TextPersistenceTests
{
    private static readonly MLContext MlContext = new(seed: 1);

    // Sums that are split among threads round otherwise.
    private static readonly Dictionary<string, string> OneThread = new() { ["OMP_NUM_THREADS"] = "1", ["MKL_NUM_THREADS"] = "1" };

    public TextPersistenceTests() => torch.set_num_threads(1);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void AFreshProcessScoresTheSameBitsWithTheLearntVocabulary(bool isBert)
    {
        using var folder = new TemporaryFolder();
        TextEncoderOptions encoder = isBert ? Captions.SmallBert with { Pooling = BertPooling.ClassificationToken }
            : Captions.SmallNGrams with { LowerCase = false };
        var train = MlContext.Data.LoadFromEnumerable(Captions.Mixed(12, 8, 7));
        var texts = Captions.Pairs(8, 9);
        foreach (var (row, text) in texts.Zip(new[] { "", "Ünïcödé café", "深度学习", "😀 a RED car", new string('z', 9999) }))
            row.Text = text;
        var rows = MlContext.Data.LoadFromEnumerable(texts);
        using var model = MlContext.Transforms.GentleClip(Captions.Options(encoder, steps: 5)).Fit(train);
        var (modelPath, rowsPath, outputPath) = (folder.File("model.zip"), folder.File("rows.idv"), folder.File("scored.idv"));
        MlContext.Model.Save(model, train.Schema, modelPath);
        using (var stream = File.Create(rowsPath))
            MlContext.Data.SaveAsBinary(rows, stream);

        var result = ChildProcess.Run(AppContext.BaseDirectory, ["score", modelPath, rowsPath, outputPath], OneThread);

        Assert.AreEqual(0, result.ExitCode, result.ToString());
        foreach (var column in new[] { "TextEmbedding", "FeatureEmbedding" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(rows), column), Embeddings.Bits(MlContext.Data.LoadFromBinary(outputPath), column));
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(modelPath, out _);
        Assert.AreEqual(((TextModality)model.ModalityA).Encoder, ((TextModality)loaded.ModalityA).Encoder);
    }

    [TestMethod]
    public void WeightsAreCountedAsTheModelHasThem()
    {
        var spec = new TwoTowerSpec(new(Modality.Text("EA", "A", Captions.SmallNGrams), 0),
            new(Modality.Text("EB", "B", Encoders.BertGolden.Options), 0), 6, 0.07);
        using var generator = new torch.Generator(0);
        using var model = new TwoTowerModel(spec, generator);
        Assert.AreEqual(model.state_dict().Values.Sum(weight => weight.numel()), TwoTowerModel.CountWeights(spec));
    }

    [TestMethod]
    [DataRow(true, "\"layers\": 2", "\"layers\": 256", "holds")]
    [DataRow(true, "\"layers\": 2", "\"layers\": 257", "layers must be from 1 to 256, found 257")]
    [DataRow(true, "\"feedForwardDimension\": 64", "\"feedForwardDimension\": 262144", "holds")]
    [DataRow(true, "\"maximumPositions\": 32", "\"maximumPositions\": 16", "MaximumLength is 24; expected at most the size's 16 positions")]
    [DataRow(true, "\"[UNK]\",", "", "[UNK] missing")]
    [DataRow(true, "\"[UNK]\",", "\"[UNK]\", \"[UNK]\",", "tokens 1 and 2 (counted from 0) are both '[UNK]'")]
    [DataRow(true, "\"[UNK]\",", "\"[UNK]\", \"one more\",", "token 2 (counted from 0) is 'one more'")]
    [DataRow(true, "\"[UNK]\",", "\"[UNK]\", \"more\",", "holds")]
    [DataRow(true, "\"[UNK]\",", "\"[UNK]\", null,", "token 2 (counted from 0) is ''")]
    [DataRow(true, "\"trainableLayers\": null", "\"trainableLayers\": 3", "TrainableLayers is 3; expected at most the size's 2 layers")]
    [DataRow(false, "\"buckets\": 1024", "\"buckets\": 16777216", "holds")]
    [DataRow(false, "\"buckets\": 1024", "\"buckets\": 0", "Buckets must be from 16 to 16777216, found 0")]
    [DataRow(false, "\"maximumCharacters\": 10000", "\"maximumCharacters\": 0", "MaximumCharacters must be from 1 to 10000000, found 0")]
    public void AHostileDescriptionIsRefusedBeforeItIsAllocated(bool isBert, string from, string to, string expected)
    {
        using var file = new MemoryStream();
        var train = MlContext.Data.LoadFromEnumerable(Captions.Mixed(12, 8, 7));
        using (var model = MlContext.Transforms.GentleClip(Captions.Options(isBert ? Captions.SmallBert : Captions.SmallNGrams, steps: 1)).Fit(train))
            MlContext.Model.Save(model, train.Schema, file);
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            SavedModel.ForgetDigests(zip);
            var entry = zip.Entries.Single(e => e.Name == "model.json");
            string json;
            using (var reader = new StreamReader(entry.Open()))
                json = reader.ReadToEnd().ReplaceLineEndings("\n");
            Assert.Contains(from, json);
            var path = entry.FullName;
            entry.Delete();
            using var writer = new StreamWriter(zip.CreateEntry(path).Open());
            writer.Write(json.Replace(from, to, StringComparison.Ordinal));
        }
        file.Position = 0;
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
