using System.Security.Cryptography;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Checkpoints of trainings. Most have a name that fits the broken content, as no accident but an enemy would make it; a training goes on from what it finds.</summary>
internal sealed class CheckpointFormat : FuzzFormat
{
    private const int CancelledAt = 22, Steps = 24;

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly IDataView _rows;
    private readonly string _folder, _sound;
    private readonly byte[] _file;

    public CheckpointFormat(string folder)
    {
        _folder = folder;
        _rows = _mlContext.Data.Cache(_mlContext.Data.LoadFromEnumerable(MadeUp.Vectors(60, 60, 50)));
        using var cancellation = new CancellationTokenSource();
        var options = Options();
        options.CancellationToken = cancellation.Token;
        options.CheckpointSteps = 1;
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
        }
    }

    public override string Name => "checkpoint";

    public override int Weight => 1;

    // Of another training or not fitting; weights that are NaN after the change end the training as they do elsewhere.
    public override IReadOnlyList<Type> Documented => [typeof(InvalidOperationException), typeof(ArithmeticException)];

    // A whole training goes by.
    public override long Justified(int length) => (48L << 20) + 64L * length;

    public override byte[] Make(Random random) => SafetensorsFormat.Mutated(_file, _file, random);

    public override void Read(byte[] file)
    {
        foreach (var left in Directory.GetFiles(_folder))
            File.Delete(left);
        var name = Path.GetFileName(_sound);
        var hash = Convert.ToHexStringLower(SHA256.HashData(file))[..32];
        var isStale = file.Length % 8 == 0;
        File.WriteAllBytes(Path.Combine(_folder, isStale ? name : $"{name[..name.LastIndexOf('-')]}-{hash}.safetensors"), file);
        var options = Options();
        options.AllowCheckpointMismatch = file.Length % 2 == 0;
        var first = int.MaxValue;
        options.Progress = new First(step => first = Math.Min(first, step));
        using var model = _mlContext.Transforms.GentleClip(options).Fit(_rows);
        if (isStale && first > 1)
            throw new LossException("A checkpoint whose content is not what its name says was taken.");
    }

    private GentleClipOptions Options()
    {
        var options = KillTraining.Named("vectors").Options();
        var small = new VectorEncoderOptions { HiddenDimensions = [8] };
        (options.ModalityA, options.ModalityB, options.EmbeddingDimension) = (Modality.Vector("A", "EmbeddingA", small), Modality.Vector("B", "EmbeddingB", small), 8);
        (options.Teacher, options.GuardUnpairedObjectives, options.MaximumNumberOfSteps, options.CheckpointDirectory, options.CheckpointSteps) = (null, false, Steps, _folder, null);
        return options;
    }

    private sealed class First(Action<int> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step > 0)
                report(value.Step);
        }
    }
}
