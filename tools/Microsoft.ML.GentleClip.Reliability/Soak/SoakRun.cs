using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>A long training and a long scoring whose memory must stay where it is.</summary>
internal sealed partial class SoakRun(int steps, int rows, TextWriter output) : ITrial
{
    /// <summary>How much resident memory may grow after the first tenth.</summary>
    public const long Bound = 32L << 20;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private Series? _training, _scoring;

    public string Counts => string.Create(CultureInfo.InvariantCulture,
        $"soak: {_training?.ToString() ?? "no training"}; {_scoring?.ToString() ?? "no scoring"}; bound {Bound >> 20} MB; {_clock.Elapsed.TotalSeconds:F0} s");

    public void Run()
    {
        var before = torch.Tensor.TotalCount;
        var mlContext = new MLContext(seed: 1);
        long parameters;
        using (var model = Train(mlContext))
        {
            parameters = model.Model.named_parameters().Count();
            _training!.Check();
            output.WriteLine(_training);
            Score(mlContext, model);
            _scoring!.Check();
        }
        // TorchSharp's counter never takes back a module's parameters: once for the model, once for the average that the training kept.
        if (torch.Tensor.TotalCount - before > 2 * parameters + 1)
            throw new LossException($"{torch.Tensor.TotalCount - before} tensors are alive after the model was disposed.");
    }

    private GentleClipTransformer Train(MLContext mlContext)
    {
        var options = KillTraining.Named("vectors").Options();
        (options.MaximumNumberOfSteps, options.Checkpoints.Directory) = (steps, null);
        (options.Validation.EarlyStoppingPatience, options.Validation.GuardUnpairedObjectives) = (int.MaxValue, false);
        options.ModalityA = Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [32] });
        options.ModalityB = Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [32] });
        _training = new Series("steps", steps);
        // An epoch's end is the same place of every epoch.
        mlContext.Log += (_, entry) =>
        {
            if (EpochEnd().Match(entry.Message) is { Success: true } match)
                _training.Sample(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        };
        return mlContext.Transforms.GentleClip(options).Fit(mlContext.Data.LoadFromEnumerable(MadeUp.Vectors(60, 60, 50)));
    }

    private void Score(MLContext mlContext, GentleClipTransformer model)
    {
        _scoring = new Series("rows", rows);
        var some = MadeUp.Vectors(500, 250, 250).ToArray();
        var view = model.Transform(mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(row => some[row % some.Length])));
        var column = view.Schema["EmbeddingA"];
        using var cursor = view.GetRowCursor([column, view.Schema["EmbeddingB"]]);
        var getter = cursor.GetGetter<VBuffer<float>>(column);
        var embedding = default(VBuffer<float>);
        double sum = 0;
        var every = Math.Max(1, rows / 200);
        for (var row = 0; cursor.MoveNext(); row++)
        {
            getter(ref embedding);
            sum += float.IsNaN(embedding.GetValues()[0]) ? 0 : 1;
            if ((row + 1) % every == 0)
                _scoring.Sample(row + 1);
        }
        if (_scoring.Done != rows / every * every || sum != Enumerable.Range(0, rows).Count(row => some[row % some.Length].A is not null))
            throw new LossException($"{_scoring.Done} of {rows} rows were scored, {sum} of them with an embedding.");
    }

    [GeneratedRegex(@"Epoch \d+, step (\d+):")]
    private static partial Regex EpochEnd();

    // Resident memory and live tensors by what was done.
    private sealed class Series(string unit, int total)
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.5);

        private readonly List<(long Resident, long Tensors)> _samples = [];

        public int Done { get; private set; }

        public void Sample(int done)
        {
            Done = done;
            // A thread may be computing the next rows: its tensors come on top and must be gone when it is done, so the
            // former number must come back. Fewer: a finalizer ran.
            var tensors = torch.Tensor.TotalCount;
            if (_samples.Count > 0)
                SpinWait.SpinUntil(() => (tensors = torch.Tensor.TotalCount) <= _samples[^1].Tensors, Patience);
            _samples.Add((ProcessMemory.Resident, tensors));
        }

        private IEnumerable<(long Resident, long Tensors)> Settled => _samples.Skip(1 + _samples.Count / 10);

        private long Growth => Settled.Max(sample => sample.Resident) - _samples[_samples.Count / 10].Resident;

        public void Check()
        {
            if (_samples.Count < 4 || Done < total * 9 / 10)
                throw new LossException($"{Done} {unit} of {total} were done, looked at {_samples.Count} times.");
            if (Settled.Zip(Settled.Skip(1)).Any(pair => pair.Second.Tensors > pair.First.Tensors))
                throw new LossException(
                    $"The number of live tensors moves between {Settled.Min(sample => sample.Tensors)} and {Settled.Max(sample => sample.Tensors)} over "
                        + $"{Done} {unit}.");
            if (Growth > Bound)
                throw new LossException($"Resident memory grew by {Growth >> 10} kB over {Done} {unit}; expected at most {Bound >> 10}.");
        }

        public override string ToString() => _samples.Count < 2 ? $"{Done} {unit}" : string.Create(CultureInfo.InvariantCulture,
            $"{Done} {unit} with {_samples[^1].Tensors} live tensors at each of {_samples.Count} looks, resident memory "
                + $"{_samples[_samples.Count / 10].Resident / 1048576.0:F1} MB after a tenth, {_samples[^1].Resident / 1048576.0:F1} MB at the end, growth "
                    + $"at most {Growth / 1048576.0:F1} MB");
    }
}
