using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.GentleClip;

namespace EmojiSearch;

/// <summary>A line now and then on a running training, with the time left.</summary>
internal sealed class TrainingLines(TextWriter output, string title) : IProgress<TrainingProgress>
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(15);

    private readonly Stopwatch _sinceLine = Stopwatch.StartNew();

    public void Report(TrainingProgress value)
    {
        if (_sinceLine.Elapsed < Between)
            return;
        _sinceLine.Restart();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{title}: step {value.Step} of {value.TotalSteps}, loss {value.Loss:f2}, {value.Remaining ?? TimeSpan.Zero:m\\:ss} left in this training"));
    }
}
