using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Tests.Weights;

/// <summary>
/// Mutated weight files are read or refused with the documented exceptions, and leave no tensors behind.
/// 2,000 files; the environment variable <c>GENTLECLIP_FUZZ_INPUTS</c> sets another number.
/// </summary>
[TestClass]
public sealed class WeightFuzzTests
{
    private const int DefaultInputs = 2000;
    private static readonly byte[] Opcodes = [.. "(.0123NKMJGXTUCB)]}tlaeduscRbQqrhj"u8, 0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e,
        0x8f, 0x90, 0x91, 0x93, 0x94, 0x95, 0x96];
    private static readonly byte[] JsonTokens = [.. "{}[]\",:0129-e.\\/"u8];

    private static int Inputs => int.TryParse(Environment.GetEnvironmentVariable("GENTLECLIP_FUZZ_INPUTS"), CultureInfo.InvariantCulture, out var inputs)
        ? inputs : DefaultInputs;

    [TestMethod]
    [Timeout(3_600_000)] // an endless loop has to fail at last
    public void MutatedFilesAreReadOrRefusedAndLeakNothing()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var kinds = Kinds(folder.FullName);
            var random = new Random(20);
            var (live, inputs) = (LiveTensors.Settled(), Inputs);
            var read = new int[kinds.Length];
            for (var round = 0; round < inputs; round++)
            {
                var kind = round % kinds.Length;
                try
                {
                    using var tensors = kinds[kind](random);
                    read[kind]++;
                }
                catch (Exception e) when (e is InvalidDataException or FileNotFoundException)
                {
                    Assert.IsFalse(string.IsNullOrEmpty(e.Message));
                }
                catch (Exception e)
                {
                    Assert.Fail($"Round {round}: {e}");
                }
                LiveTensors.AssertAtMost(live, $"round {round}");
            }
            // the mutations reach both ends: some of each kind are still read, most are refused
            foreach (var count in read)
                Assert.IsTrue(count > 0 && count < inputs / kinds.Length * 9 / 10, string.Join(", ", read));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static StateDict Resolved(byte[] file, string? key)
    {
        var request = new WeightRequest(Esm2WeightNames.Layout, key);
        using var tensors = PyTorchCheckpointReader.Read(new MemoryStream(file), "memory", request);
        return WeightResolver.Resolve(tensors, Esm2WeightNames.Layout, request);
    }

    private static Func<Random, StateDict>[] Kinds(string folder)
    {
        byte[] zoo = Golden("loader_zoo", "zoo.pt"), nested = Golden("loader_zoo", "nested.pt"),
            raw = Golden("esm2", "esm2_tiny.fairesm_raw-contact-regression.pt"),
            whole = Golden("esm2", "esm2_tiny.fairesm_raw.pt"), legacy = Golden("projection_head", "head.legacy_nonzip.pt"),
            safetensors = Golden("loader_zoo", "zoo.safetensors");
        File.Copy(GoldenWeights.PathOf("projection_head", "head.safetensors"), Path.Combine(folder, "1"));
        using var head = SafetensorsReader.Read(Path.Combine(folder, "1"));
        var index = Encoding.UTF8.GetBytes($$"""{"metadata": {}, "weight_map": { {{string.Join(", ", head.Keys.Select(name => $"\"{name}\": \"1\""))}} } }""");
        var path = Path.Combine(folder, "model.index.json");
        return
        [
            // pickles in a sound zip file, so that its checksums do not stop them
            random => Read(Repacked(zoo, random)),
            random => Read(Repacked(nested, random)),
            random => Read(Repacked(raw, random)),
            random => Resolved(Repacked(whole, random), null),
            random => Resolved(Repacked(whole, random), "model"),
            random => Read(Mutated(zoo, random, Opcodes)),
            random => Read(Mutated(nested, random, Opcodes)),
            random => Read(Mutated(legacy, random, Opcodes, range: 990)),
            random => Read(Mutated(safetensors, random, JsonTokens)),
            random =>
            {
                File.WriteAllBytes(path, Mutated(index, random, JsonTokens));
                return WeightFile.Read(path);
            },
        ];
    }

    private static StateDict Read(byte[] file) => WeightFile.ReadSingle(new MemoryStream(file), "memory");

    private static byte[] Repacked(byte[] zip, Random random)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        return Checkpoints.Zip(archive.Entries.Select(entry =>
        {
            using var stream = entry.Open();
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            return (entry.FullName, entry.Name == "data.pkl" ? Mutated(copy.ToArray(), random, Opcodes) : copy.ToArray());
        }));
    }

    /// <summary>One to three changes: a bit, a byte, a token of the format, a number of some size, a removed or a repeated part.</summary>
    private static byte[] Mutated(byte[] original, Random random, byte[] tokens, int range = int.MaxValue)
    {
        var file = original.ToList();
        for (var n = random.Next(1, 4); n > 0 && file.Count > 0; n--)
        {
            var at = random.Next(Math.Min(file.Count, range));
            switch (random.Next(7))
            {
                case 0: file[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: file[at] = (byte)random.Next(256); break;
                case 2: file[at] = tokens[random.Next(tokens.Length)]; break;
                case 3: file.Insert(at, tokens[random.Next(tokens.Length)]); break;
                case 4:
                    var number =
                        BitConverter.GetBytes(random.Next(4) switch { 0 => -1L, 1 => long.MinValue, 2 => 1L << random.Next(63), _ => random.NextInt64() })
                            .AsSpan(0, Math.Min(random.Next(1, 9), file.Count - at));
                    number.CopyTo(CollectionsMarshal.AsSpan(file)[at..]);
                    break;
                case 5: file.RemoveRange(at, Math.Min(random.Next(1, 20), file.Count - at)); break;
                default: file.InsertRange(random.Next(file.Count), file.GetRange(at, Math.Min(random.Next(1, 40), file.Count - at))); break;
            }
        }
        return [.. file];
    }

    private static byte[] Golden(params string[] parts) => File.ReadAllBytes(GoldenWeights.PathOf(parts));
}
