using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.GentleClip;
using ProteinTasks.Pretraining;

namespace ProteinTasks.Running;

/// <summary>Prints where the study is and the time left, from the runs computed so far and the rough cost of those to come.</summary>
internal sealed class StudyProgress(TextWriter output, IReadOnlyList<(Method Method, int Seed)> plan) : IProgress<TrainingProgress>
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    private readonly Stopwatch _sinceLine = Stopwatch.StartNew();
    private double _computedCost, _computedSeconds;
    private int _run;

    public string Run => string.Create(CultureInfo.InvariantCulture, $"[{_run + 1}/{plan.Count}] seed {plan[_run].Seed}, {plan[_run].Method.Name}");

    /// <summary>Which run of the plan is under way.</summary>
    public int Place => _run;

    public void Begin(int run) => _run = run;

    public void End(double seconds, bool computed)
    {
        if (computed)
            (_computedCost, _computedSeconds) = (_computedCost + plan[_run].Method.Cost, _computedSeconds + seconds);
        double left = plan.Skip(_run + 1).Sum(entry => entry.Method.Cost);
        string time = _computedCost == 0 ? ""
            : string.Create(CultureInfo.InvariantCulture, $"; about {TimeSpan.FromSeconds(_computedSeconds / _computedCost * left):h\\:mm\\:ss} left in all");
        output.WriteLine(
            $"{Run}: {(computed ? string.Create(CultureInfo.InvariantCulture, $"done in {TimeSpan.FromSeconds(seconds):h\\:mm\\:ss}") : "taken over")}{time}");
    }

    public void Note(string what) => output.WriteLine($"{Run}: {what}");

    public void Report(TrainingProgress value)
    {
        if (_sinceLine.Elapsed < Between)
            return;
        _sinceLine.Restart();
        output.WriteLine($"{Run}: {value}");
    }
}
