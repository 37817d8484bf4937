using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Kills trainings again and again, and holds what they leave against an undisturbed run.</summary>
internal sealed class KillHarness(int kills, int seed, IReadOnlyList<KillTraining> trainings, TextWriter output) : ITrial
{
    // Shares of the moments; the rest are while the model is saved. Of those after the start, a share is aimed at a write, the others fall where they fall.
    private const double WhileStarting = 0.1, WhileTraining = 0.65, Aimed = 0.5;

    private static readonly TimeSpan LongestWrite = TimeSpan.FromMilliseconds(6);

    private readonly Random _random = new(seed);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _killed, _starting, _training, _saving, _insideWrites, _leftTruncated, _resumes, _finished, _checkpointsSeen;

    private sealed record Reference(string Model, string Tower, string Scores, KillRun Timing);

    public string Counts => string.Create(CultureInfo.InvariantCulture,
        $"kill: {_killed} kills survived (seed {seed}): {_starting} while starting, {_training} while training, {_saving} while saving; {_insideWrites} of "
            + $"them inside the write of a file; {_resumes} resumes, each from the newest checkpoint; {_finished} trainings finished, all with the weights, "
                + $"scores and files of the undisturbed run; {_leftTruncated} half-written models refused; {_checkpointsSeen} checkpoints checked; "
                    + $"{_clock.Elapsed.TotalSeconds:F0} s");

    public void Run()
    {
        var root = Directory.CreateTempSubdirectory("gentleclip-kill");
        try
        {
            var references = new Dictionary<string, Reference>();
            for (var round = 0; _killed < kills; round++)
            {
                var training = trainings[round % trainings.Count];
                var folder = root.CreateSubdirectory($"{round}-{training.Name}").FullName;
                if (!references.TryGetValue(training.Name, out var reference))
                    references[training.Name] = reference = Undisturbed(training, root);
                Round(training, new KillFolder(folder), reference);
                Directory.Delete(folder, recursive: true);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{_clock.Elapsed.TotalSeconds,6:F0} s  {training.Name}: finished; {_killed} kills, {_insideWrites} inside a write"));
                output.Flush();
            }
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    // Once without checkpoints, which is what the weights are held against, and once with them, for its timing.
    private Reference Undisturbed(KillTraining training, DirectoryInfo root)
    {
        var folder = root.CreateSubdirectory($"undisturbed-{training.Name}").FullName;
        var run = KillRun.Start(training, folder, KillChild.Undisturbed, moment: null);
        var reference = new Reference(KillFolder.HashOfModel(Path.Combine(folder, KillFolder.Model)), KillFolder.HashOf(Path.Combine(folder, KillFolder.Tower)),
            run.Said(KillChild.Scores).Single(), run);
        folder = root.CreateSubdirectory($"timed-{training.Name}").FullName;
        run = KillRun.Start(training, folder, KillChild.Resume, moment: null);
        Compare(training, folder, run, reference);
        return reference with { Timing = run };
    }

    private void Round(KillTraining training, KillFolder folder, Reference reference)
    {
        var before = folder.Newest();
        while (true)
        {
            var run = KillRun.Start(training, folder.Path, KillChild.Resume, _killed < kills ? Moment(reference.Timing) : null);
            CheckStart(training, run, before, reference);
            var after = folder.Newest();
            _checkpointsSeen += after.Count;
            CheckProgress(folder, before, after);
            before = after;
            if (!run.WasKilled)
            {
                Compare(training, folder.Path, run, reference);
                _finished++;
                return;
            }
            _killed++;
            _ = run.At(KillChild.Saving) is not null ? _saving++ : run.At(KillChild.Ready) is not null ? _training++ : _starting++;
            _insideWrites += CountWrites(folder, reference);
        }
    }

    private KillMoment Moment(KillRun timing)
    {
        var (ready, saving, end) = (timing.At(KillChild.Ready)!.Value, timing.At(KillChild.Saving)!.Value,
            timing.Lines.First(said => said.Line.StartsWith(KillChild.Scores, StringComparison.Ordinal)).At);
        var draw = _random.NextDouble();
        TimeSpan? afterWrite = _random.NextDouble() < Aimed ? LongestWrite * _random.NextDouble() : null;
        return draw < WhileStarting ? new(null, ready * _random.NextDouble(), null)
            : draw < WhileStarting + WhileTraining ? new(KillChild.Ready, (saving - ready) * _random.NextDouble(), afterWrite)
            : new(KillChild.Saving, (end - saving) * _random.NextDouble(), afterWrite);
    }

    private void CheckStart(KillTraining training, KillRun run, SortedDictionary<int, (KillProgress Progress, string Name)> before, Reference reference)
    {
        if (run.Said(KillChild.PassedOver).FirstOrDefault() is { } passed)
            throw new LossException($"'{training.Name}' found a checkpoint that is not whole: {passed}");
        string[] resumed = [.. run.Said(KillChild.Resumed)], expected = [.. before.Values.Select(newest => newest.Name)];
        if (!expected.Take(resumed.Length).SequenceEqual(resumed) || (!run.WasKilled && resumed.Length < expected.Length))
            throw new LossException(
                $"'{training.Name}' went on from [{string.Join(", ", resumed)}]; the newest whole checkpoints were [{string.Join(", ", expected)}].");
        _resumes += resumed.Length;
        if (run.Said(KillChild.LeftWhole).FirstOrDefault() is { } scores && scores != reference.Scores)
            throw new LossException($"A model of '{training.Name}' whose writing was killed loads, and scores otherwise.");
        _leftTruncated += run.Said(KillChild.LeftRefused).Count();
    }

    // Steps may only grow; of a training only the newest may go, and only when the result is there.
    private static void CheckProgress(KillFolder folder, SortedDictionary<int, (KillProgress Progress, string Name)> before,
        SortedDictionary<int, (KillProgress Progress, string Name)> after)
    {
        foreach (var (training, newest) in before)
            if (!after.TryGetValue(training, out var now) || now.Progress.CompareTo(newest.Progress) < 0)
                throw new LossException(
                    $"{folder.Path}: {newest.Progress} was reached, and then {(after.TryGetValue(training, out now) ? now.Progress : "nothing")} is there.");
    }

    // A temporary file, or a model written in place that is not whole, means that the kill came inside a write.
    private static int CountWrites(KillFolder folder, Reference reference)
    {
        if (Existing(KillFolder.Model) is { } model && KillFolder.HashOfModel(model) != reference.Model)
            throw new LossException($"The model {model} is not that of the undisturbed run.");
        if (Existing(KillFolder.Tower) is { } tower && KillFolder.HashOf(tower) != reference.Tower)
            throw new LossException($"The weights {tower} are not those of the undisturbed run.");
        var inside = folder.TakeTemporaries() > 0;
        if (Existing(KillFolder.Direct) is { } direct)
        {
            try
            {
                inside |= KillFolder.HashOfModel(direct) != reference.Model;
            }
            catch (InvalidDataException)
            {
                inside = true;
            }
        }
        return inside ? 1 : 0;

        string? Existing(string name) => Path.Combine(folder.Path, name) is var path && File.Exists(path) ? path : null;
    }

    private static void Compare(KillTraining training, string folder, KillRun run, Reference reference)
    {
        foreach (var (what, found, expected) in new[]
        {
            ("model", KillFolder.HashOfModel(Path.Combine(folder, KillFolder.Model)), reference.Model),
            ("model written in place", KillFolder.HashOfModel(Path.Combine(folder, KillFolder.Direct)), reference.Model),
            ("tower's weights", KillFolder.HashOf(Path.Combine(folder, KillFolder.Tower)), reference.Tower),
            ("scores", run.Said(KillChild.Scores).Single(), reference.Scores),
        })
            if (found != expected)
                throw new LossException($"'{training.Name}': the {what} differ from the undisturbed run's:\n{found}\n{expected}");
    }
}
