using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Benchmarks;
using Microsoft.ML.GentleClip.Mpi;
using static TorchSharp.torch;

// A training of seconds under mpirun. Settings are NAME=VALUE; the program prints what the tests look at.
var settings = args.Select(arg => arg.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
int Number(string name, int otherwise) => settings.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

using var joined = MpiProcessGroup.Join(new MpiOptions
{
    Timeout = TimeSpan.FromSeconds(Number("timeout", 600)),
    AllowAlone = settings.ContainsKey("alone"),
});
Console.WriteLine($"pid {Environment.ProcessId} rank {joined.Rank} of {joined.Size} in {joined.Library}");
var group = new MeasuredGroup(joined);
try
{
    string? nothing = settings.GetValueOrDefault("no such setting");
    Console.WriteLine(nothing!.Length);
}
catch (NullReferenceException)
{
    Console.WriteLine("a null reference was caught");
}
if (Number("throw-outside", -1) == group.Rank)
    throw new InvalidOperationException("thrown outside of Fit");
if (Number("leave-early", -1) == group.Rank)
    Environment.Exit(0);

var mlContext = new MLContext();
var options = new GentleClipOptions
{
    ModalityA = Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [32] }),
    ModalityB = Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [32] }),
    EmbeddingDimension = 16,
    Batches = new() { Size = Number("batch", 64), Shards = settings.ContainsKey("shards") ? Number("shards", 4) : null },
    MaximumNumberOfSteps = Number("steps", 50),
    Validation = new() { Fraction = 0.1 },
    // Of rank 0 alone: the others get it.
    Seed = group.Rank == 0 ? 3 : null,
    NumberOfThreads = 1,
    ProcessGroup = group,
    Checkpoints = new() { Directory = settings.GetValueOrDefault("checkpoints"), Steps = Number("every", 20) },
    Progress = new Steps(),
};
options.Objectives = options.Objectives.With(new Fault
{
    Rank = group.Rank,
    ThrowingRank = Number("throw", -1),
    ThrowingStep = Number("throw-at", 10),
    Milliseconds = Number("sleep", 0),
    Measured = Number("measure", 0) > 0 ? group : null,
    LastStep = Number("steps", 50) - 1,
});
var count = Number("rows", 400) + (Number("other-rows", -1) == group.Rank ? 1 : 0);
using var model = mlContext.Transforms.GentleClip(options).Fit(mlContext.Data.LoadFromEnumerable(Row.Make(count)));
using var file = new MemoryStream();
mlContext.Model.Save(model, null, file);
using var zip = new ZipArchive(file, ZipArchiveMode.Read);
using var weights = zip.Entries.Single(entry => entry.Name == "weights.safetensors").Open();
Console.WriteLine($"weights {Convert.ToHexStringLower(SHA256.HashData(weights))} seed {model.Seed} epochs {model.History.Count}");

internal sealed class Steps : IProgress<TrainingProgress>
{
    private int _last = -1;

    public void Report(TrainingProgress value)
    {
        if (value.Loss is not null && value.Step != _last)
            Console.WriteLine($"step {_last = value.Step}");
    }
}

/// <summary>Adds nothing to the loss; slows steps down, and throws where it is told to.</summary>
internal sealed record Fault : Objective
{
    public Fault()
        : base("fault")
    {
    }

    internal int Rank { get; init; }

    internal int ThrowingRank { get; init; }

    internal int ThrowingStep { get; init; }

    internal int Milliseconds { get; init; }

    internal int LastStep { get; init; }

    /// <summary>Prints, from its tenth step to the last, what a step takes of the processor; null: nothing.</summary>
    internal MeasuredGroup? Measured { get; init; }

    private static double[] _start = [];

    public override Tensor Compute(ObjectiveBatch batch)
    {
        Thread.Sleep(Milliseconds);
        if (Measured is { } group && batch.Step == 10)
            _start = [MeasuredGroup.ProcessSeconds, group.Seconds, group.Sent];
        if (Measured is { } last && batch.Step == LastStep)
        {
            var steps = batch.Step - 10;
            var (all, calls) = ((MeasuredGroup.ProcessSeconds - _start[0]) / steps, (last.Seconds - _start[1]) / steps);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"rank {Rank}: {1e3 * (all - calls):F1} ms of the processor a step, and {1e3 * calls:F1} ms in calls of ")
                + string.Create(CultureInfo.InvariantCulture, $"{(last.Sent - _start[2]) / steps / 1e3:F0} kB"));
        }
        return Rank == ThrowingRank && batch.Step == ThrowingStep
            ? throw new InvalidDataException("row 17 is bad")
            : (batch.PairedA.sum() + batch.PairedB.sum()) * 0;
    }
}

/// <summary>Two views of a latent point.</summary>
internal sealed class Row
{
    [VectorType(12)]
    public float[]? A { get; set; }

    [VectorType(9)]
    public float[]? B { get; set; }

    public static List<Row> Make(int count)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var latent = Enumerable.Range(0, 4).Select(_ => random.NextSingle() * 2 - 1).ToArray();
            float[] View(int size) => [.. Enumerable.Range(0, size).Select(k => latent[k % 4] + latent[(k + 1) % 4] * (k % 3) + 0.1f * random.NextSingle())];
            var (a, b) = (View(12), View(9));
            return new Row { A = i % 4 == 2 ? null : a, B = i % 4 == 3 ? null : b };
        })];
    }
}
