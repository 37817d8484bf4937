using System.IO.Compression;
using System.Text;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Models;

[TestClass]
public sealed class ImagePersistenceTests
{
    private static readonly MLContext MlContext = new(seed: 1);

    // Two towers of pictures, one of each network.
    private static readonly Lazy<byte[]> Saved = new(() =>
    {
        using var folder = new TemporaryFolder();
        var data = MlContext.Data.LoadFromEnumerable(Pictures.Mixed(folder, 12, 0, 0));
        var view = MlContext.Transforms.LoadImages("Image", folder.FullName, "Path").Append(MlContext.Transforms.CopyColumns("Copy", "Image"))
            .Fit(data).Transform(data);
        var options = Pictures.Options(Pictures.ViT, steps: 1);
        options.ModalityB = Modality.Image("Other", "Copy", Pictures.Images, Pictures.ResNet);
        using var model = MlContext.Transforms.GentleClip(options).Fit(view);
        using var file = new MemoryStream();
        MlContext.Model.Save(model, view.Schema, file);
        return file.ToArray();
    });

    public ImagePersistenceTests() => torch.set_num_threads(1);

    [TestMethod]
    public void WeightsAreCountedAsTheModelHasThem()
    {
        var spec = new TwoTowerSpec(new(Modality.Image("EA", "A", Pictures.Images, Pictures.ViT), 0),
            new(Modality.Image("EB", "B", Pictures.Images, Pictures.ResNet), 0), 6, 0.07);
        using var generator = new torch.Generator(0);
        using var model = new TwoTowerModel(spec, generator);
        Assert.AreEqual(model.state_dict().Values.Sum(weight => weight.numel()), TwoTowerModel.CountWeights(spec));
    }

    [TestMethod]
    [DataRow("\"patchSize\": 8", "\"patchSize\": 2", "holds")]
    [DataRow("\"patchSize\": 8", "\"patchSize\": 3", "expected a multiple of the 3 pixels")]
    [DataRow("\"embeddingDimension\": 16", "\"embeddingDimension\": 65536", "holds")]
    [DataRow("\"feedForwardDimension\": 64", "\"feedForwardDimension\": 262144", "holds")]
    [DataRow("\"width\": 4", "\"width\": 512", "holds")]
    [DataRow("\"width\": 4", "\"width\": 1024", "width must be from 4 to 512, found 1024")]
    [DataRow("\"bottleneck\": false", "\"bottleneck\": true", "holds")]
    [DataRow("\"size\": 16", "\"size\": 1024", "StoredSize is 20; expected at least the 1024 pixels")]
    [DataRow("\"storedSize\": 20", "\"storedSize\": 1", "StoredSize must be from 8 to 2048, found 1")]
    [DataRow("\"fit\": \"Crop\"", "\"fit\": \"Bend\"", "model.json")]
    [DataRow("\"resNet\": null", "\"resNet\": {}", "column 'Image' expected one network, found two")]
    [DataRow("\"vit\": null", "\"vit\": {}", "column 'Copy' expected one network, found two")]
    [DataRow("0.485", "\"NaN\"", "Mean must be three finite numbers")]
    public void AHostileDescriptionIsRefusedBeforeItIsAllocated(string from, string to, string expected)
    {
        using var file = new MemoryStream();
        file.Write(Saved.Value);
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            SavedModel.ForgetDigests(zip);
            var entry = zip.Entries.Single(e => e.Name == "model.json");
            string json;
            using (var reader = new StreamReader(entry.Open()))
                json = reader.ReadToEnd();
            Assert.Contains(from, json);
            var path = entry.FullName;
            entry.Delete();
            using var writer = new StreamWriter(zip.CreateEntry(path).Open());
            writer.Write(json.Replace(from, to, StringComparison.Ordinal));
        }
        file.Position = 0;
        var messages = new StringBuilder();
        for (var e = Assert.Throws<Exception>(() => MlContext.Model.Load(file, out _)); e is not null; e = e.InnerException!)
            messages.AppendLine(e.Message);
        Assert.Contains(expected, messages.ToString());
    }
}
