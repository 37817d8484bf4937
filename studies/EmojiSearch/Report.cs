using System.Globalization;
using System.Text;
using System.Text.Json;
using EmojiPictures;

namespace EmojiSearch;

/// <summary>Every figure as JSON, and the table of means.</summary>
internal sealed class Report(EmojiData data, CommandLine commandLine)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly List<Run> _runs = [];
    private readonly Dictionary<string, double> _chance = Trial.Chance(data);

    public string Data => string.Create(CultureInfo.InvariantCulture,
        $"{data.Train.Count} emoji to learn from, {data.Test.Count} to test on, {EmojiData.Styles.Length} drawing styles; "
            + $"{Trial.Groups(data).Select(prompt => prompt.Group).Distinct().Count()} groups.");

    /// <summary>Takes a run in and writes the file anew, beside it first.</summary>
    public void Add(Run run)
    {
        _runs.Add(run);
        if (commandLine.JsonFile is not { } file)
            return;
        string target = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.WriteAllText(target + ".tmp", JsonSerializer.Serialize(new
        {
            Options = new { commandLine.Seeds, commandLine.Steps, Methods = commandLine.Methods.Select(method => method.Name) },
            Data,
            Chance = _chance,
            Runs = _runs,
        }, Json));
        File.Move(target + ".tmp", target, overwrite: true);
    }

    /// <summary>Means and standard deviations over the seeds, per cent.</summary>
    public string Table()
    {
        string[] figures = [.. _runs[0].Figures.Keys];
        var text = new StringBuilder("| per cent | " + string.Join(" | ", figures) + " | s a training |\n|---|"
            + string.Concat(Enumerable.Repeat("---|", figures.Length + 1)) + "\n");
        text.Append("| guessing | ").Append(string.Join(" | ", figures.Select(figure => Percent(_chance[figure])))).Append(" | |\n");
        foreach (var method in commandLine.Methods)
        {
            Run[] runs = [.. _runs.Where(run => run.Method == method.Name)];
            if (runs.Length > 0)
                text.Append(CultureInfo.InvariantCulture,
                    $"| {method.Title} | {string.Join(" | ", figures.Select(figure => Spread([.. runs.Select(run => run.Figures[figure])])))} | "
                        + $"{runs.Average(run => run.FitSeconds):f0} |\n");
        }
        return text.ToString();
    }

    private static string Spread(double[] values)
    {
        double mean = values.Average();
        return values.Length == 1 ? Percent(mean)
            : $"{Percent(mean)} ± {Percent(Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)))}";
    }

    private static string Percent(double value) => (100 * value).ToString("f1", CultureInfo.InvariantCulture);
}
