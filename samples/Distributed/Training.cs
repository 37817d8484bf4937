using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Mpi;

namespace Distributed;

/// <summary>The same program in every process: the same rows, the same options, the same model at the end.</summary>
internal sealed class Training(TextWriter output)
{
    public int Run(TrainingSettings settings, CancellationToken cancellation)
    {
        using var group = MpiProcessGroup.Join(new MpiOptions { Timeout = TimeSpan.FromSeconds(settings.Timeout) });
        var mlContext = new MLContext(seed: 1);
        var rows = mlContext.Data.LoadFromEnumerable(MadeUpRow.Make(2000));
        var options = new GentleClipOptions
        {
            ModalityA = Modality.Vector("EmbeddingA", nameof(MadeUpRow.A)),
            ModalityB = Modality.Vector("EmbeddingB", nameof(MadeUpRow.B)),
            MaximumNumberOfSteps = settings.Steps,
            Validation = new() { Fraction = 0.1 },
            NumberOfThreads = 1, // a process a core
            ProcessGroup = group,
            Batches = new() { Shards = settings.Shards },
            Checkpoints = new() { Directory = settings.Checkpoints },
            Progress = new ConsoleProgress(), // of rank 0 alone
            CancellationToken = cancellation,
        };
        using var model = mlContext.Transforms.GentleClip(options).Fit(rows);
        if (group.Rank != 0)
            return 0;
        mlContext.Model.Save(model, rows.Schema, settings.Model);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{group.Size} processes ({group.Library}), {settings.Shards} shards a batch: {model.History[^1].Validation}"));
        output.WriteLine($"Saved {settings.Model}.");
        return 0;
    }
}
