using System.Diagnostics;
using System.Globalization;
using EmojiPictures;
using Microsoft.ML.GentleClip;

namespace EmojiSearch;

/// <summary>Every method with every seed, the table, and the picture of what Gentle-CLIP on features finds.</summary>
internal static class Study
{
    public const string Sheet = "emoji-search.png";

    /// <exception cref="InvalidDataException">A file is malformed; the message names file and line.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the figures of finished trainings are in the JSON.</exception>
    public static void Run(CommandLine commandLine, TextWriter output, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var data = EmojiData.Read(commandLine.DataFolder);
        var rows = new RowMaker(data.Train);
        var report = new Report(data, commandLine);
        output.WriteLine(report.Data);
        (Method Method, int Seed)[] plan = [.. from seed in Enumerable.Range(1, commandLine.Seeds) from method in commandLine.Methods select (method, seed)];
        string sheet = Path.Combine(commandLine.OutFolder, Sheet);
        var drawn = commandLine.Methods.FirstOrDefault(method => method.Name == Method.OnFeatures) ?? commandLine.Methods[0];
        for (int i = 0; i < plan.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (method, seed) = plan[i];
            string title = string.Create(CultureInfo.InvariantCulture, $"[{i + 1}/{plan.Length}] {method.Title}, seed {seed}");
            output.WriteLine(title);
            var (model, run) = new Trial(data, rows, method, seed, commandLine.Steps, cancellation).Fit(new ConsoleProgress(title));
            using (model)
            {
                report.Add(run);
                if (method == drawn && seed == 1)
                    ContactSheet.Save(sheet, method.Title, data, rows, model);
            }
        }
        output.WriteLine();
        output.WriteLine(report.Table());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Whole run: {watch.Elapsed.TotalSeconds:f0} s. What '{drawn.Title}' finds is drawn in {sheet}."));
    }
}
