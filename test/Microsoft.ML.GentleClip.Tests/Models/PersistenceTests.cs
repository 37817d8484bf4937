using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Models;

[TestClass]
public sealed class PersistenceTests
{
    private static readonly string[] EmbeddingColumns = ["EmbeddingA", "EmbeddingB"];
    private static readonly MLContext MlContext = new(seed: 1);

    private static ITransformer FitPipeline(IDataView data)
    {
        var options = TwoViews.Options(steps: 40);
        options.PairedColumnName = "IsPaired";
        options.TrainingRows = TrainingRows.WithA;
        return MlContext.Transforms.GentleClip(options)
            .Append(MlContext.Transforms.Conversion.MapValueToKey("Label", "Cluster"))
            .Append(MlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy("Label", "EmbeddingA"))
            .Fit(data);
    }

    [TestMethod]
    public void AFreshProcessLoadsThePipelineAndScoresTheSameBits()
    {
        using var folder = new TemporaryFolder();
        var train = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 30, 30));
        // ML.NET's binary format refuses a null array under a fixed size; NaNs are the other way to be absent.
        var rows = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(10, 5, 5, seed: 50).Select(row =>
        {
            row.A ??= [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)];
            row.B ??= [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionB)];
            return row;
        }).ToList());
        var model = FitPipeline(train);
        var (modelPath, rowsPath, outputPath) = (folder.File("model.zip"), folder.File("rows.idv"), folder.File("scored.idv"));
        MlContext.Model.Save(model, train.Schema, modelPath);
        using (var stream = File.Create(rowsPath))
            MlContext.Data.SaveAsBinary(rows, stream);

        var result = ChildProcess.Run(AppContext.BaseDirectory, ["score", modelPath, rowsPath, outputPath]);

        Assert.AreEqual(0, result.ExitCode, result.ToString());
        var scoredThere = MlContext.Data.LoadFromBinary(outputPath);
        foreach (var column in EmbeddingColumns.Append("Score"))
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(rows), column), Embeddings.Bits(scoredThere, column));
    }

    [TestMethod]
    public void AFreshProcessPredictsWithAnEngine()
    {
        using var folder = new TemporaryFolder();
        var train = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 30, 30));
        var rows = TwoViews.Pairs(5, seed: 50);
        var model = FitPipeline(train);
        var (modelPath, rowsPath) = (folder.File("model.zip"), folder.File("rows.idv"));
        MlContext.Model.Save(model, train.Schema, modelPath);
        using (var stream = File.Create(rowsPath))
            MlContext.Data.SaveAsBinary(MlContext.Data.LoadFromEnumerable(rows), stream);

        var result = ChildProcess.Run(AppContext.BaseDirectory, ["predict", modelPath, rowsPath]);

        Assert.AreEqual(0, result.ExitCode, result.ToString());
        Assert.HasCount(rows.Count, result.Lines);
        var expected = Embeddings.Column(model.Transform(MlContext.Data.LoadFromEnumerable(rows)), "EmbeddingA");
        for (var row = 0; row < rows.Count; row++)
        {
            var actual = MemoryMarshal.Cast<byte, float>(Convert.FromHexString(result.Lines[row].Trim())).ToArray();
            // One row a forward pass here, five there: the matrix product may add in another order.
            for (var slot = 0; slot < actual.Length; slot++)
                Assert.AreEqual(expected[row][slot], actual[slot], 1e-6f, $"row {row}, slot {slot}");
        }
    }

    [TestMethod]
    public void TheZipHoldsAReadableDescriptionAndSafetensors()
    {
        using var file = new MemoryStream();
        var train = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 30, 30));
        using var model = MlContext.Transforms.GentleClip(TwoViews.Options(steps: 3)).Fit(train);
        MlContext.Model.Save(model, train.Schema, file);
        using var zip = new ZipArchive(file);

        var description = zip.Entries.Single(entry => entry.Name == "model.json");
        using (var json = JsonDocument.Parse(description.Open()))
            Assert.AreEqual("A", json.RootElement.GetProperty("a").GetProperty("inputColumn").GetString());

        using var weights = new MemoryStream();
        using (var stream = zip.Entries.Single(entry => entry.Name == "weights.safetensors").Open())
            stream.CopyTo(weights);
        var bytes = weights.ToArray();
        var headerLength = BitConverter.ToInt64(bytes);
        using var header = JsonDocument.Parse(Encoding.UTF8.GetString(bytes, 8, (int)headerLength));
        var matrix = header.RootElement.GetProperty("tower_a.encoder.layers.0.weight");
        Assert.AreEqual("F32", matrix.GetProperty("dtype").GetString());
        CollectionAssert.AreEqual(new[] { 32, TwoViews.DimensionA }, matrix.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()).ToArray());
        var end = header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__")
            .Max(entry => entry.Value.GetProperty("data_offsets")[1].GetInt64());
        Assert.AreEqual(bytes.Length, 8 + headerLength + end, "the data section ends where the last tensor does");
    }

    [TestMethod]
    public void SavingTwiceGivesTheSameEntries()
    {
        var train = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(20, 10, 10));
        using var model = MlContext.Transforms.GentleClip(TwoViews.Options(steps: 2)).Fit(train);
        CollectionAssert.AreEqual(Weights(), Weights());

        byte[] Weights()
        {
            using var file = new MemoryStream();
            MlContext.Model.Save(model, train.Schema, file);
            using var zip = new ZipArchive(file);
            using var copy = new MemoryStream();
            zip.Entries.Single(entry => entry.Name == "weights.safetensors").Open().CopyTo(copy);
            return copy.ToArray();
        }
    }

    [TestMethod]
    public void WhatIsKnownOfTheTrainingIsKept()
    {
        using var file = new MemoryStream();
        var train = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(40, 30, 30));
        var options = TwoViews.Options(steps: 30);
        options.Validation.Fraction = 0.2;
        options.TrainingRows = TrainingRows.WithBoth;
        options.Seed = 5;
        using var model = MlContext.Transforms.GentleClip(options).Fit(train);
        MlContext.Model.Save(model, train.Schema, file);
        file.Position = 0;
        using var loaded = (GentleClipTransformer)new MLContext().Model.Load(file, out _);
        Assert.AreEqual(5, loaded.Seed);
        Assert.AreEqual(TrainingRows.WithBoth, loaded.TrainingRows);
        Assert.AreEqual(model.EmbeddingDimension, loaded.EmbeddingDimension);
        Assert.AreEqual(((VectorModality)model.ModalityA).Encoder, ((VectorModality)loaded.ModalityA).Encoder);
        Assert.HasCount(model.History.Count, loaded.History);
        for (var epoch = 0; epoch < model.History.Count; epoch++)
        {
            var (expected, actual) = (model.History[epoch], loaded.History[epoch]);
            Assert.AreEqual(expected with { Losses = actual.Losses }, actual);
            CollectionAssert.AreEqual(expected.Losses.ToArray(), actual.Losses.ToArray());
        }
    }

    [TestMethod]
    [DataRow("model.json", "The saved model lacks its entry 'model.json'")]
    [DataRow("weights.safetensors", "The saved model lacks its entry 'weights.safetensors'")]
    public void AMissingEntryIsNamed(string entry, string expected)
    {
        var bytes = Edit(zip => zip.Entries.Single(e => e.Name == entry).Delete());
        StringAssert.Contains(LoadError(bytes), expected);
    }

    /// <summary>A weight with another bit is a weight as well, and the zip file's own checksums are not looked at.</summary>
    [TestMethod]
    [DataRow("weights.safetensors")]
    [DataRow("model.json")]
    public void AChangedBitIsFound(string name)
    {
        var train = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(10, 5, 5));
        using var model = MlContext.Transforms.GentleClip(TwoViews.Options(steps: 1)).Fit(train);
        using var file = new MemoryStream();
        MlContext.Model.Save(model, train.Schema, file);
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            using var stream = zip.Entries.Single(entry => entry.Name == name).Open();
            // The last weight's last bit; a space before the description's end.
            stream.Position = stream.Length - (name == "model.json" ? 2 : 1);
            var value = stream.ReadByte();
            stream.Position--;
            stream.WriteByte(name == "model.json" ? (byte)' ' : (byte)(value ^ 1));
        }
        StringAssert.Contains(LoadError(file.ToArray()), $"Entry '{name}' of the saved model is damaged: its content is not what was saved.");
    }

    [TestMethod]
    public void DamagedEntriesAreNamed()
    {
        StringAssert.Contains(LoadError(Replace("model.json", "{ \"embeddingDimension\": 1 }"u8.ToArray())), "model.json");
        StringAssert.Contains(LoadError(Replace("model.json", "not json"u8.ToArray())), "model.json");
        StringAssert.Contains(LoadError(Replace("weights.safetensors", new byte[100])), "weights.safetensors");
        StringAssert.Contains(LoadError(Replace("weights.safetensors", [])), "weights.safetensors");
    }

    [TestMethod]
    // Each would otherwise allocate what it claims, up to terabytes, or end the process inside libtorch.
    [DataRow("\"embeddingDimension\": 16", "\"embeddingDimension\": 16384", "holds")]
    [DataRow("\"embeddingDimension\": 16", "\"embeddingDimension\": -1", "EmbeddingDimension must be from 2 to 16384, found -1")]
    [DataRow("\"inputDimension\": 12", "\"inputDimension\": 2000000000", "holds")]
    [DataRow("\"inputDimension\": 12", "\"inputDimension\": -12", "input dimension of column 'A' expected 1 or more, found -12")]
    [DataRow("\"hiddenDimensions\": [", "\"hiddenDimensions\": [65536, 65536, 65536, 65536, 65536, 65536,", "holds")]
    [DataRow("\"hiddenDimensions\": [", "\"hiddenDimensions\": [-5,", "HiddenDimensions must be from 1 to 65536, found -5")]
    [DataRow("\"temperature\": 0.07,", "\"temperature\": \"NaN\",", "Temperature must be from 0.01 to 1, found NaN")]
    [DataRow("\"trainingRows\": \"All\"", "\"trainingRows\": 9", "TrainingRows must be one of")]
    [DataRow("\"outputColumn\": \"EmbeddingA\"", "\"outputColumn\": \"EmbeddingB\"", "Both modalities write column 'EmbeddingB'")]
    [DataRow("\"inputColumn\": \"A\"", "\"inputColumn\": \"\"", "model.json")]
    public void AHostileDescriptionIsRefusedBeforeItIsAllocated(string from, string to, string expected)
    {
        var bytes = Edit(zip => SavedModel.EditDescription(zip, from, to));
        using var process = Process.GetCurrentProcess();
        process.Refresh();
        var before = process.PeakVirtualMemorySize64;
        StringAssert.Contains(LoadError(bytes), expected);
        process.Refresh();
        Assert.IsLessThan(1L << 30, process.PeakVirtualMemorySize64 - before, "bytes of address space taken on the way to the error");
    }

    [TestMethod]
    public void LoadingLeavesNoSecondCopyOfTheWeights()
    {
        var bytes = Edit(_ => { });
        Load().Dispose();
        var before = LiveTensors.Settled();
        using var transformer = Load();
        // One for each parameter is never taken back by TorchSharp's counter, another is the parameter; buffers are their own.
        var (parameters, weights) = (transformer.Model.parameters().Count(), transformer.Model.state_dict().Count);
        LiveTensors.AssertAtMost(before + weights + parameters);

        GentleClipTransformer Load() => (GentleClipTransformer)new MLContext().Model.Load(new MemoryStream(bytes), out _);
    }

    [TestMethod]
    public void WeightsAreCountedAsTheModelHasThem()
    {
        var spec = new TwoTowerSpec(
            new(Modality.Vector("EA", "A", new VectorEncoderOptions { HiddenDimensions = [7, 5] }), 11),
            new(Modality.Vector("EB", "B", new VectorEncoderOptions { HiddenDimensions = [] }), 3), 6, 0.07);
        using var generator = new Generator(0);
        using var model = new TwoTowerModel(spec, generator);
        Assert.AreEqual(model.state_dict().Values.Sum(weight => weight.numel()), TwoTowerModel.CountWeights(spec));
    }

    private static byte[] Replace(string name, byte[] content) => Edit(zip =>
    {
        var entry = zip.Entries.Single(e => e.Name == name);
        var path = entry.FullName;
        entry.Delete();
        using var stream = zip.CreateEntry(path).Open();
        stream.Write(content);
    });

    private static byte[] Edit(Action<ZipArchive> edit)
    {
        var train = MlContext.Data.LoadFromEnumerable(TwoViews.Mixed(10, 5, 5));
        using var model = MlContext.Transforms.GentleClip(TwoViews.Options(steps: 1)).Fit(train);
        using var file = new MemoryStream();
        MlContext.Model.Save(model, train.Schema, file);
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            SavedModel.ForgetDigests(zip);
            edit(zip);
        }
        return file.ToArray();
    }

    private static string LoadError(byte[] bytes)
    {
        try
        {
            new MLContext().Model.Load(new MemoryStream(bytes), out _);
        }
        catch (Exception exception)
        {
            var messages = new StringBuilder();
            for (var e = exception; e is not null; e = e.InnerException)
                messages.AppendLine(e.Message);
            return messages.ToString();
        }
        Assert.Fail("The damaged model was loaded.");
        return "";
    }
}
