using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>
/// Checkpoints of trainings. Most have a name that fits the broken content, as no accident but an enemy would make it; a training goes on from what it finds.
/// </summary>
internal sealed partial class CheckpointFormat : FuzzFormat
{
    private const int CancelledAt = 22, Steps = 24;

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly IDataView _rows;
    private readonly string _folder, _sound;
    private readonly byte[] _file;
    private bool _goesOn;

    public CheckpointFormat(string folder)
    {
        _folder = folder;
        _rows = _mlContext.Data.LoadFromEnumerable(MadeUp.Vectors(60, 60, 50));
        using var cancellation = new CancellationTokenSource();
        var options = Options();
        options.CancellationToken = cancellation.Token;
        options.Checkpoints.Steps = 1;
        var written = 0;
        options.CheckpointStream = stream =>
        {
            if (++written == CancelledAt)
                cancellation.Cancel();
            return stream;
        };
        try
        {
            _mlContext.Transforms.GentleClip(options).Fit(_rows).Dispose();
            throw new InvalidOperationException("The training was not cancelled.");
        }
        catch (OperationCanceledException)
        {
            _sound = Directory.GetFiles(folder, "checkpoint-*").Order().Last();
            _file = File.ReadAllBytes(_sound);
            _mlContext.Log += (_, entry) => _goesOn |= entry.Message.Contains("Going on from step", StringComparison.Ordinal);
        }
    }

    public override string Name => "checkpoint";

    public override int Weight => 3;

    // Of another training or not fitting; weights that are NaN after the change end the training as they do elsewhere.
    public override IReadOnlyList<Type> Documented => [typeof(InvalidOperationException), typeof(ArithmeticException)];

    // A whole training goes by.
    public override long Justified(int length) => (48L << 20) + 64L * length;

    public override bool BuildsModels => true;

    // Half of them stay well-formed, so that the training sees them.
    public override byte[] Make(Random random)
    {
        if (random.Next(2) == 0)
            return SafetensorsFormat.Mutated(_file, _file, random);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(_file);
        var header = Encoding.UTF8.GetString(_file, 8, length);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var parts = Part().Matches(header);
            var part = parts[random.Next(parts.Count)];
            var instead = char.IsAsciiDigit(part.Value[0])
                ? random.Next(3) == 0 ? parts.Where(other => char.IsAsciiDigit(other.Value[0])).ElementAt(random.Next(20)).Value
                    : ByteMutator.InterestingNumber(random)
                : part.Value.Remove(random.Next(part.Length), 1);
            header = string.Concat(header.AsSpan(0, part.Index), instead, header.AsSpan(part.Index + part.Length));
        }
        var bytes = Encoding.UTF8.GetBytes(header);
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, bytes.Length);
        return [.. prefix, .. bytes, .. _file[(8 + length)..]];
    }

    public override void Read(byte[] file)
    {
        foreach (var left in Directory.GetFiles(_folder))
            File.Delete(left);
        var name = Path.GetFileName(_sound);
        var hash = Convert.ToHexStringLower(SHA256.HashData(file))[..32];
        var isStale = file.Length % 8 == 0;
        File.WriteAllBytes(Path.Combine(_folder, isStale ? name : $"{name[..name.LastIndexOf('-')]}-{hash}.safetensors"), file);
        var options = Options();
        options.Checkpoints.AllowMismatch = file.Length % 2 == 0;
        _goesOn = false;
        using var model = _mlContext.Transforms.GentleClip(options).Fit(_rows);
        if (isStale && _goesOn && !file.AsSpan().SequenceEqual(_file))
            throw new LossException("A checkpoint whose content is not what its name says was taken.");
    }

    private GentleClipOptions Options()
    {
        var options = KillTraining.Named("vectors").Options();
        var small = new VectorEncoderOptions { HiddenDimensions = [8] };
        (options.ModalityA, options.ModalityB, options.EmbeddingDimension) = (Modality.Vector("EmbeddingA", "A", small),
            Modality.Vector("EmbeddingB", "B", small), 8);
        (options.ClosedForm, options.Validation.GuardUnpairedObjectives, options.MaximumNumberOfSteps) = (null, false, Steps);
        (options.Checkpoints.Directory, options.Checkpoints.Steps) = (_folder, null);
        options.Batches.Size = 12;
        return options;
    }

    // Numbers, and the names of tensors and of parts of the state.
    [GeneratedRegex("""[0-9][0-9.eE+-]*|(?<=")[a-zA-Z][a-zA-Z0-9_./]{3,}""")]
    private static partial Regex Part();
}
