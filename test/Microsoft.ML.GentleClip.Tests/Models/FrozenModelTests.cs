using System.IO.Compression;
using System.Text;
using Microsoft.ML.GentleClip.Tests.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Models;

/// <summary>Model files that were saved once load for ever and score as they did; newer ones are refused in words.</summary>
[TestClass]
public sealed class FrozenModelTests
{
    /// <summary>The version that is written today. A new one gets a folder of its own in test/data/models, and the old ones stay.</summary>
    private const string Current = "1.3";

    /// <summary>Names a folder to write the files of the current version into; see test/data/models/README.md.</summary>
    private const string WriteTo = "GENTLECLIP_WRITE_FROZEN_MODELS";

    /// <summary>
    /// How far a slot may be from what the machine computed that saved the model: matrix products add up in another order on other processors.
    /// </summary>
    private const float Tolerance = 1e-5f;

    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "data", "models");

    public FrozenModelTests() => torch.set_num_threads(1);

    public static IEnumerable<object[]> Files =>
        Directory.GetDirectories(Root).SelectMany(folder => Directory.GetFiles(folder, "*.zip")).Order(StringComparer.Ordinal)
            .Select(file => new object[] { Path.GetFileName(Path.GetDirectoryName(file))!, Path.GetFileNameWithoutExtension(file) });

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void LoadsAndScoresAsWhenItWasSaved(string version, string name) => Check(Path.Combine(Root, version), name);

    [TestMethod]
    public void EveryKindOfModelOfTheCurrentVersionIsFrozenAndCanBeMadeAnew()
    {
        using var temporary = new TemporaryFolder();
        var folder = Environment.GetEnvironmentVariable(WriteTo) ?? temporary.FullName;
        FrozenModels.Write(folder);
        foreach (var name in FrozenModels.Names)
        {
            Check(folder, name);
            using var zip = ZipFile.OpenRead(Path.Combine(folder, name + ".zip"));
            var header = Read(Header(zip));
            var at = VersionOf(header);
            Assert.DoesNotContain("Version=", Encoding.Unicode.GetString(header, header.Length % 2, header.Length / 2 * 2),
                "an older or newer package of the same format is to read it");
            Assert.AreEqual(Current, $"{BitConverter.ToUInt16(header, at + 2)}.{BitConverter.ToUInt16(header, at)}", "the version that is written");
        }

        var frozen = Directory.GetFiles(Path.Combine(Root, Current), "*.zip").Select(file => Path.GetFileNameWithoutExtension(file)!).ToArray();
        CollectionAssert.AreEquivalent(FrozenModels.Names, frozen, $"version {Current} has files for other kinds of models than there are");
        Assert.IsLessThan(500_000, Directory.GetFiles(Path.Combine(Root, Current)).Sum(file => new FileInfo(file).Length), "bytes");
    }

    [TestMethod]
    // Written by a newer version, which says that readers of this one cannot read it.
    [DataRow(0x00010004u, 0x00010004u,
        "The saved GentleClipTransformer has format 1.4; this version of Microsoft.ML.GentleClip reads formats 1.1 to 1.3. Load it with a newer "
            + "Microsoft.ML.GentleClip.")]
    [DataRow(0x00020001u, 0x00020001u, "has format 2.1")]
    [DataRow(0x00030007u, 0x00010004u, "has format 3.7")]
    // Older than this version reads.
    [DataRow(0x00010000u, 0x00010000u,
        "The saved GentleClipTransformer has format 1.0; this version of Microsoft.ML.GentleClip reads formats 1.1 to 1.3. It is older than any that was "
            + "released, or damaged.")]
    public void AnotherFormatVersionIsRefusedInWords(uint written, uint readable, string expected)
    {
        using var file = WithVersion(written, readable);
        var error = Assert.Throws<Exception>(() => new MLContext().Model.Load(file, out _));
        var messages = new StringBuilder();
        for (var e = error; e is not null; e = e.InnerException!)
            messages.AppendLine($"{e.GetType().Name}: {e.Message}");
        Console.WriteLine(messages);
        StringAssert.Contains(messages.ToString(), expected);
    }

    [TestMethod]
    public void ANewerFormatThatSaysItCanBeReadIsReadAndForeignEntriesAreIgnored()
    {
        using var file = WithVersion(0x00010004u, 0x00010003u, zip =>
        {
            var folder = zip.Entries.Single(entry => entry.Name == "model.json").FullName[..^"model.json".Length];
            using var writer = new StreamWriter(zip.CreateEntry(folder + "notes.txt").Open());
            writer.Write("from a newer version");
        });
        using var model = (GentleClipTransformer)new MLContext().Model.Load(file, out _);
        CheckScores(model, Path.Combine(Root, Current), FrozenModels.Names[0]);
    }

    [TestMethod]
    [DataRow("1.1", false)]
    [DataRow("1.2", true)]
    [DataRow("1.3", true)]
    public void PicturesAreTurnedByModelsThatWereTrainedSo(string version, bool expected)
    {
        using var model = (GentleClipTransformer)new MLContext().Model.Load(Path.Combine(Root, version, "resnet-ngrams.zip"), out _);
        Assert.AreEqual(expected, ((ImageModality)model.ModalityA).Images.ApplyOrientation);
    }

    [TestMethod]
    [DataRow("\"embeddingDimension\": 10,", "\"embeddingDimension\": 10, \"somethingNew\": 1,", "somethingNew")]
    [DataRow("\"hiddenDimensions\"", "\"newOption\": true, \"hiddenDimensions\"", "newOption")]
    public void AnUnknownMemberOfTheDescriptionIsRefused(string from, string to, string expected)
    {
        using var file = SavedModel.WithDescription(File.ReadAllBytes(PathOf(FrozenModels.Names[0])), from, to);
        var error = Assert.Throws<Exception>(() => new MLContext().Model.Load(file, out _));
        var messages = "";
        for (var e = error; e is not null; e = e.InnerException!)
            messages += e.Message + "\n";
        StringAssert.Contains(messages, "Entry 'model.json' of the saved model cannot be used");
        StringAssert.Contains(messages, expected);
    }

    [TestMethod]
    [DataRow("logit_scalf", "Unexpected: 'logit_scalf'")]
    [DataRow("tower_a.encoder.layers.0.gain", "Unexpected: 'tower_a.encoder.layers.0.gain'")]
    [DataRow("teacher.a.mean.bias", "tensor 'a.mean.bias' is not one of an alignment")]
    public void AnUnknownTensorIsRefused(string name, string expected)
    {
        using var file = new MemoryStream();
        file.Write(File.ReadAllBytes(PathOf(FrozenModels.Names[0])));
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            var entry = zip.Entries.Single(entry => entry.Name == "weights.safetensors");
            var (path, bytes) = (entry.FullName, Read(entry));
            entry.Delete();
            using var stream = zip.CreateEntry(path).Open();
            stream.Write(WithTensor(bytes, name));
        }
        file.Position = 0;
        var error = Assert.Throws<Exception>(() => new MLContext().Model.Load(file, out _));
        var messages = "";
        for (var e = error; e is not null; e = e.InnerException!)
            messages += e.Message + "\n";
        StringAssert.Contains(messages, expected);
    }

    private static void Check(string folder, string name)
    {
        using var model = (GentleClipTransformer)new MLContext().Model.Load(Path.Combine(folder, name + ".zip"), out _);
        CheckScores(model, folder, name);
    }

    private static void CheckScores(GentleClipTransformer model, string folder, string name)
    {
        var sheet = FrozenModels.Read(folder, name);
        Assert.AreEqual((sheet.Seed, sheet.Epochs), (model.Seed, model.History.Count));
        Assert.HasCount(5, sheet.Rows);
        var (a, b) = FrozenModels.Score(model, sheet.Rows, folder);
        var largest = 0f;
        for (var i = 0; i < sheet.Rows.Count; i++)
            largest = Math.Max(largest, Math.Max(Difference(sheet.Rows[i].EmbeddingA, a[i]), Difference(sheet.Rows[i].EmbeddingB, b[i])));
        Assert.AreEqual((4, 4), (sheet.Rows.Count(row => row.EmbeddingA is not null), sheet.Rows.Count(row => row.EmbeddingB is not null)),
            "three pairs and a sample of each side");
        Console.WriteLine($"{name}: largest difference {largest:E1}");
        Assert.IsLessThan(Tolerance, largest);

        static float Difference(float[]? expected, float[] found)
        {
            if (expected is null)
                return found.All(float.IsNaN) ? 0 : float.PositiveInfinity;
            Assert.HasCount(expected.Length, found);
            return expected.Zip(found, (x, y) => MathF.Abs(x - y)).Max() is var difference && float.IsNaN(difference) ? float.PositiveInfinity : difference;
        }
    }

    private static string PathOf(string name) => Path.Combine(Root, Current, name + ".zip");

    private static MemoryStream WithVersion(uint written, uint readable, Action<ZipArchive>? edit = null)
    {
        var file = new MemoryStream();
        file.Write(File.ReadAllBytes(PathOf(FrozenModels.Names[0])));
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            var entry = Header(zip);
            var (path, bytes) = (entry.FullName, Read(entry));
            var at = VersionOf(bytes);
            BitConverter.TryWriteBytes(bytes.AsSpan(at), written);
            BitConverter.TryWriteBytes(bytes.AsSpan(at + 4), readable);
            entry.Delete();
            using (var stream = zip.CreateEntry(path).Open())
                stream.Write(bytes);
            edit?.Invoke(zip);
        }
        file.Position = 0;
        return file;
    }

    private static ZipArchiveEntry Header(ZipArchive zip) =>
        zip.Entries.Single(entry => entry.Name == "Model.key" && Read(entry).AsSpan().IndexOf("GNTLCLIP"u8) >= 0);

    // ML.NET's header: the signature, then the versions written and readable.
    private static int VersionOf(byte[] header) => header.AsSpan().IndexOf("GNTLCLIP"u8) + 8;

    private static byte[] Read(ZipArchiveEntry entry)
    {
        using var copy = new MemoryStream();
        using var stream = entry.Open();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    // A safetensors file with one more tensor, of no elements, so that the number of weights is still what the description says.
    private static byte[] WithTensor(byte[] file, string name)
    {
        var length = (int)BitConverter.ToInt64(file);
        var header = Encoding.UTF8.GetString(file, 8, length).TrimEnd(' ');
        var dtype = name.StartsWith("teacher.", StringComparison.Ordinal) ? "F64" : "F32";
        header = header[..^1] + $",\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":[0],\"data_offsets\":[0,0]}}}}";
        while (Encoding.UTF8.GetByteCount(header) % 8 != 0)
            header += " ";
        var bytes = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)bytes.Length), .. bytes, .. file.AsSpan(8 + length)];
    }
}
