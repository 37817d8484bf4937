using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Trains and saves onto a disk that becomes full, and into a folder that cannot be written to.</summary>
internal sealed class DiskCheck(TextWriter output) : ITrial
{
    private int _errors, _intact, _equal;

    public string Counts => string.Create(CultureInfo.InvariantCulture,
        $"disk: {_errors} clear errors, {_intact} files intact after them, {_equal} trainings that went on to the undisturbed weights");

    public void Run()
    {
        var root = Directory.CreateTempSubdirectory("gentleclip-disk");
        using var disk = SmallDisk.TryMount(Path.Combine(root.FullName, "disk"), megabytes: 64, out var refusal);
        try
        {
            if (disk is null)
            {
                output.WriteLine(
                    $"SKIPPED: no small disk can be mounted here ({refusal}); the test "
                        + $"CheckpointTests.AFullDiskEndsTheTrainingClearlyAndEarlierCheckpointsStay tries the same with a stream that is full.");
                FolderUnderAFile(root.FullName);
                return;
            }
            output.WriteLine(
                $"a tmpfs of 64 MB at {disk.Path}; as root, permission bits do not bind, so the folder that cannot be written to is the tmpfs mounted "
                    + $"read-only");
            FullDisk(disk);
            ReadOnlyFolder(disk);
            FolderUnderAFile(root.FullName);
        }
        finally
        {
            disk?.Dispose();
            root.Delete(recursive: true);
        }
    }

    private void FullDisk(SmallDisk disk)
    {
        var undisturbed = Train(null, out _);
        var checkpoints = Path.Combine(disk.Path, "checkpoints");
        // A model is saved while there is room; then room for some two checkpoints is left.
        var (model, tower) = (Path.Combine(disk.Path, "model.zip"), Path.Combine(disk.Path, "tower.safetensors"));
        var mlContext = new MLContext();
        using var fitted = Fit(mlContext, null, out var rows);
        mlContext.Model.Save(fitted, rows.Schema, model);
        fitted.SaveTowerWeights(tower, fitted.ModalityA.OutputColumnName);
        disk.Fill(leave: 13 << 20);
        Expect(() => Train(checkpoints, out _), checkpoints, "No space left");
        var kept = Directory.GetFiles(checkpoints, "*.safetensors");
        if (kept.Length == 0)
            throw new LossException("The full disk left no checkpoint.");
        CheckWhole(checkpoints);
        if (Directory.GetFiles(checkpoints, "*.tmp").Length > 0)
            throw new LossException("A temporary file stayed on the full disk.");

        disk.Fill(leave: 0);
        var (modelBefore, towerBefore) = (KillFolder.HashOf(model), KillFolder.HashOf(tower));
        Expect(() => fitted.SaveTowerWeights(tower, fitted.ModalityA.OutputColumnName), "", "No space left");
        Expect(() => mlContext.Model.Save(fitted, rows.Schema, model + ".tmp"), "", "No space left");
        foreach (var (file, before) in new[] { (model, modelBefore), (tower, towerBefore) })
        {
            if (KillFolder.HashOf(file) != before)
                throw new LossException($"{file} was changed by a save that failed.");
            _intact++;
        }
        File.Delete(model + ".tmp");
        disk.Free();
        if (Train(checkpoints, out var steps) != undisturbed)
            throw new LossException("The training that went on after the full disk has other weights.");
        if (steps[0] <= 1)
            throw new LossException("The training began anew after the full disk.");
        _equal++;
    }

    private void ReadOnlyFolder(SmallDisk disk)
    {
        var checkpoints = Path.Combine(disk.Path, "checkpoints");
        string[] before = [.. Directory.GetFiles(disk.Path, "*", SearchOption.AllDirectories).Order()];
        disk.Remount(readOnly: true);
        Expect(() => Train(checkpoints, out _), checkpoints, "Read-only");
        Expect(() => Train(Path.Combine(disk.Path, "new"), out _), Path.Combine(disk.Path, "new"), "Read-only");
        CheckWhole(checkpoints);
        disk.Remount(readOnly: false);
        if (!before.SequenceEqual(Directory.GetFiles(disk.Path, "*", SearchOption.AllDirectories).Order()))
            throw new LossException("Files of the read-only folder changed.");
    }

    private void FolderUnderAFile(string root)
    {
        var file = Path.Combine(root, "file");
        File.WriteAllText(file, "mine");
        Expect(() => Train(Path.Combine(file, "checkpoints"), out _), Path.Combine(file, "checkpoints"), "cannot be made");
        if (File.ReadAllText(file) != "mine")
            throw new LossException("A file in the way was changed.");
        _intact++;
    }

    private void CheckWhole(string checkpoints)
    {
        var files = Directory.GetFiles(checkpoints, "*.safetensors");
        if (new KillFolder(Path.GetDirectoryName(checkpoints)!).Newest().Count == 0)
            throw new LossException("No whole checkpoint is left.");
        _intact += files.Length;
    }

    private void Expect(Action action, string path, string reason)
    {
        try
        {
            action();
        }
        catch (IOException problem)
        {
            output.WriteLine($"  {problem.GetType().Name}: {problem.Message}");
            if (!problem.Message.Contains(path, StringComparison.Ordinal) || !problem.Message.Contains(reason, StringComparison.Ordinal))
                throw new LossException($"The error should name '{path}' and say '{reason}': {problem.Message}");
            _errors++;
            return;
        }
        throw new LossException($"Expected an error about '{path}' ({reason}).");
    }

    private static GentleClipTransformer Fit(MLContext mlContext, string? checkpoints, out IDataView rows, IProgress<TrainingProgress>? progress = null)
    {
        var training = KillTraining.Named("vectors");
        rows = training.Rows(mlContext);
        var options = training.Options();
        (options.Checkpoints.Directory, options.Progress) = (checkpoints, progress);
        return mlContext.Transforms.GentleClip(options).Fit(rows);
    }

    private static string Train(string? checkpoints, out List<int> steps)
    {
        var reported = new List<int>();
        var mlContext = new MLContext();
        using var model = Fit(mlContext, checkpoints, out var rows, new Steps(reported));
        steps = [.. reported.Where(step => step > 0)];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var embedding in model.Transform(rows).GetColumn<float[]>(model.ModalityA.OutputColumnName))
            hash.AppendData(MemoryMarshal.AsBytes(embedding.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed class Steps(List<int> steps) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Loss is not null)
                steps.Add(value.Step);
        }
    }
}
