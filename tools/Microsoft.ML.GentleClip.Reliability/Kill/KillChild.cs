using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>
/// The process that is killed: trains, or goes on training, saves the model several times in three ways and scores with it. Tells each thing on a line.
/// </summary>
internal sealed partial class KillChild(KillTraining training, string folder, string mode, TextWriter output)
{
    public const string Undisturbed = "undisturbed", Resume = "resume";
    private const int Saves = 5;

    /// <summary>What the child says.</summary>
    public const string Ready = "ready", Resumed = "resumed ", PassedOver = "passed over ", LeftWhole = "left whole ", LeftRefused = "left refused ",
        Saving = "saving", Scores = "scores ", Done = "done";

    public int Run()
    {
        var mlContext = new MLContext();
        mlContext.Log += (_, entry) =>
        {
            if (Going().Match(entry.Message) is { Success: true } match)
                Say(Resumed + match.Groups[1].Value);
            else if (entry.Message.Contains("is passed over", StringComparison.Ordinal))
                Say(PassedOver + entry.Message);
        };
        var rows = training.Rows(mlContext);
        LookAtTheLeftOver(rows);
        var options = training.Options();
        options.Checkpoints.Directory = mode == Resume ? Path.Combine(folder, KillFolder.Checkpoints) : null;
        Say(Ready);
        using var model = mlContext.Transforms.GentleClip(options).Fit(rows);
        Say(Saving);
        for (var save = 0; save < Saves; save++)
        {
            // As the documentation advises: beside, then renamed.
            var beside = Path.Combine(folder, $"{KillFolder.Model}.{save}.tmp");
            mlContext.Model.Save(model, rows.Schema, beside);
            File.Move(beside, Path.Combine(folder, KillFolder.Model), overwrite: true);
            // And as everybody does.
            mlContext.Model.Save(model, rows.Schema, Path.Combine(folder, KillFolder.Direct));
            model.SaveTowerWeights(Path.Combine(folder, KillFolder.Tower), model.ModalityA.OutputColumnName);
        }
        Say(Scores + Score(Path.Combine(folder, KillFolder.Model), rows));
        Say(Done);
        return 0;
    }

    // A model that a killed process was writing in place must be whole, or not loadable.
    private void LookAtTheLeftOver(IDataView rows)
    {
        var left = Path.Combine(folder, KillFolder.Direct);
        if (!File.Exists(left))
            return;
        try
        {
            Say(LeftWhole + Score(left, rows));
        }
        catch (Exception problem) when (problem is InvalidDataException or FormatException)
        {
            Say(LeftRefused + problem.GetType().Name);
        }
    }

    private string Score(string path, IDataView rows)
    {
        var loaded = new MLContext().Model.Load(path, out _);
        using var disposed = loaded as IDisposable;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var scored = loaded.Transform(rows);
        foreach (var column in new[] { training.Options().ModalityA!.OutputColumnName, training.Options().ModalityB!.OutputColumnName })
            foreach (var embedding in scored.GetColumn<float[]>(column))
                hash.AppendData(MemoryMarshal.AsBytes(embedding.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        output.Flush();
    }

    [GeneratedRegex(@"(?:Going on|Took the finished training) from step \d+, checkpoint '([^']+)'")]
    private static partial Regex Going();
}
