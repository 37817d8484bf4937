using System.IO.Compression;
using System.Text;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>
/// PyTorch checkpoints: pickles in sound zip files, so that checksums do not stop them; zip files with broken bytes; the older pickles in a row.
/// </summary>
internal sealed class PyTorchFormat : FuzzFormat
{
    /// <summary>What a pickle that runs would leave.</summary>
    private static readonly string Trace = Path.Combine(Path.GetTempPath(), "gentleclip-pickle-ran");

    private static readonly byte[][] Tokens =
    [
        .. "(.0123NKMJGXTUCB)]}tlaeduscRbQqrhj".Select(symbol => new[] { (byte)symbol }),
        .. new byte[] { 0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x91, 0x93, 0x94, 0x95 }.Select(
            symbol => new[] { symbol }),
        .. new[] { $"cos\nsystem\n(X{(char)(6 + Trace.Length)}\0\0\0touch {Trace}tR.", "c__builtin__\neval\n", "csubprocess\nPopen\n", "cbuiltins\nexec\n",
            "ctorch\nFloatStorage\n", "ctorch._utils\n_rebuild_tensor_v2\n", "../", "/etc/passwd", "\0\0\0\0" }.Select(Encoding.Latin1.GetBytes),
    ];

    private readonly byte[][] _zips = [Seeds.Read("zoo.pt"), Seeds.Read("nested.pt"), Seeds.Read("esm2_tiny.fairesm_raw-contact-regression.pt")];
    private readonly byte[] _legacy = Seeds.Read("head.legacy_nonzip.pt");
    private readonly (string Name, byte[] Content)[][] _members;

    public PyTorchFormat() => _members = [.. _zips.Select(Zips.Read)];

    public override string Name => "pytorch";

    public override int Weight => 200;

    public override byte[] Make(Random random)
    {
        var mutator = new ByteMutator(random, Tokens);
        var which = random.Next(_zips.Length);
        var other = _zips[(which + 1) % _zips.Length];
        switch (random.Next(4))
        {
            case 0:
                return mutator.Mutate(_zips[which], other);
            case 1:
                return mutator.Mutate(_legacy, other, range: 990); // the pickles are in front
            default:
                return Zips.Write(_members[which].Select(member => member.Name.EndsWith("data.pkl", StringComparison.Ordinal) || random.Next(20) == 0
                    ? (random.Next(30) == 0 ? "../" + member.Name : member.Name, mutator.Mutate(member.Content, other))
                    : member), CompressionLevel.NoCompression);
        }
    }

    public override void Read(byte[] file)
    {
        using (var tensors = WeightFile.ReadSingle(new MemoryStream(file), "broken"))
            Seeds.CheckTensors(tensors, file.Length, growth: 8);
        if (File.Exists(Trace))
            throw new LossException($"A pickle was run: {Trace} is there.");
    }

    public override void Finish()
    {
        if (File.Exists(Trace))
            throw new LossException($"A pickle was run: {Trace} is there.");
    }
}
