using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Weights;

[TestClass]
public sealed class WeightFileTests
{
    private string _folder = "";

    [TestInitialize]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory().FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void TheContentsTellTheFormatNeverTheName()
    {
        using var expected = SafetensorsReader.Read(GoldenWeights.PathOf("projection_head", "head.safetensors"));
        foreach (var file in (string[])["head.safetensors", "head.pt", "head.legacy_nonzip.pt"])
            foreach (var name in (string[])["weights.bin", "weights.safetensors", "weights.pt", "weights.json"])
            {
                File.Copy(GoldenWeights.PathOf("projection_head", file), PathOf(name), overwrite: true);
                using var found = WeightFile.Read(PathOf(name));
                GoldenWeights.AssertSame(expected, found, $"{file} as {name}");
                File.Delete(PathOf(name));
            }
    }

    [TestMethod]
    public void EveryBadFileOfTheReferenceIsRefused()
    {
        var files = Directory.GetFiles(GoldenWeights.PathOf("loader_zoo"), "bad_*");
        Assert.HasCount(3, files);
        foreach (var file in files)
            Assert.StartsWith(file, Assert.ThrowsExactly<InvalidDataException>(() => WeightFile.Read(file).Dispose()).Message);
    }

    [TestMethod]
    [DataRow("", "neither a safetensors file nor a PyTorch checkpoint")]
    [DataRow("<!DOCTYPE html><html>", "it starts with '<!DOCTYPE html><html>'")]
    [DataRow("version https://git-lfs.github.com/spec/v1\noid sha256:1", "a pointer of Git LFS")]
    [DataRow("{\"a\": 1}", "no index of weights: expected an object 'weight_map'")]
    [DataRow("[1, 2]", "it starts with '[1, 2]'")]
    [DataRow("{", "the index is not valid JSON")]
    [DataRow("{\"weight_map\": []}", "expected an object 'weight_map'")]
    [DataRow("{\"weight_map\": {}}", "names no tensors")]
    [DataRow("{\"weight_map\": {\"a\": 1}}", "'a': expected the name of a file in the index's folder, found '1'")]
    [DataRow("{\"weight_map\": {\"a\": \"../secret\"}}", "found '../secret'")]
    [DataRow("{\"weight_map\": {\"a\": \"/etc/passwd\"}}", "found '/etc/passwd'")]
    [DataRow("{\"weight_map\": {\"a\": \"C:x\"}}", "found 'C:x'")]
    [DataRow("{\"weight_map\": {\"a\": \"..\"}}", "found '..'")]
    [DataRow("{\"weight_map\": {\"a\": \"\"}}", "found ''")]
    [DataRow("{\"weight_map\": {\"a\": \"x\", \"a\": \"y\"}}", "two entries 'a'")]
    [DataRow("{\"weight_map\": {\"\\ud800\": \"x\"}}", "not valid JSON")]
    public void OtherFilesAreRefused(string contents, string reason)
    {
        File.WriteAllText(PathOf("model.bin"), contents);
        var e = Assert.ThrowsExactly<InvalidDataException>(() => WeightFile.Read(PathOf("model.bin")).Dispose());
        Assert.StartsWith(PathOf("model.bin"), e.Message);
        Assert.Contains(reason, e.Message);
    }

    [TestMethod]
    public void AMissingFileIsNamed() =>
        Assert.Contains("model.bin", Assert.ThrowsExactly<FileNotFoundException>(() => WeightFile.Read(PathOf("model.bin")).Dispose()).Message);

    [TestMethod]
    public void WeightsInSeveralFilesOfAnyFormatAreRead()
    {
        WriteShards();
        var live = LiveTensors.Settled();
        using (var tensors = WeightFile.Read(WriteIndex("""{"c": "2.bin", "w": "1.bin", "a": "2.bin"}""")))
        {
            CollectionAssert.AreEqual(new[] { "c", "w", "a" }, tensors.Keys.ToArray());
            Assert.AreEqual(5, GoldenWeights.Doubles(tensors["w"])[5]);
            Assert.AreEqual(3, GoldenWeights.Doubles(tensors["c"])[0]);
        }
        LiveTensors.AssertAtMost(live);
    }

    [TestMethod]
    public void MissingShardsAreListedBeforeAnyIsRead()
    {
        WriteShards();
        File.WriteAllText(PathOf("1.bin"), "damaged");
        var e = Assert.ThrowsExactly<FileNotFoundException>(() => WeightFile.Read(WriteIndex("""{"w": "1.bin", "x": "4.bin", "y": "3.bin"}""")).Dispose());
        Assert.Contains("2 of 3 files are missing beside the index: '4.bin', '3.bin'", e.Message);
    }

    [TestMethod]
    public void ShardsHoldExactlyWhatTheIndexSays()
    {
        WriteShards();
        var live = LiveTensors.Settled();
        var e = Assert.ThrowsExactly<InvalidDataException>(() => WeightFile.Read(WriteIndex("""{"w": "1.bin", "a": "2.bin", "b": "2.bin"}""")).Dispose());
        Assert.Contains("Missing: 'b'. Unexpected: 'c'.", e.Message);
        Assert.StartsWith(PathOf("2.bin"), e.Message);
        File.Copy(WriteIndex("""{"w": "1.bin"}"""), PathOf("3.bin"));
        Assert.Contains("an index, where weights are expected",
            Assert.ThrowsExactly<InvalidDataException>(() => WeightFile.Read(WriteIndex("""{"w": "1.bin", "v": "3.bin"}""")).Dispose()).Message);
        LiveTensors.AssertAtMost(live);
    }

    private void WriteShards()
    {
        File.WriteAllBytes(PathOf("1.bin"), Checkpoints.Zip(Checkpoints.Single(Checkpoints.Tensor([6], [1]))));
        using var scope = NewDisposeScope();
        using var stream = File.Create(PathOf("2.bin"));
        SafetensorsWriter.Write(stream, new Dictionary<string, Tensor> { ["a"] = ones(2), ["c"] = full(1, 3f) });
    }

    private string WriteIndex(string map)
    {
        File.WriteAllText(PathOf("model.index.json"), $$"""{"metadata": {"total_size": 1}, "weight_map": {{map}}}""");
        return PathOf("model.index.json");
    }

    private string PathOf(string name) => Path.Combine(_folder, name);
}
