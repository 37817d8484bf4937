using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.GentleClip.Interactive;

namespace FirstScreen;

/// <summary>The table, the curve and the pictures.</summary>
internal static class Study
{
    public const string FiguresFile = "first-screen.csv";

    /// <exception cref="OperationCanceledException">Cancelled between two trainings.</exception>
    public static void Run(CommandLine commandLine, TextWriter output, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        Directory.CreateDirectory(commandLine.OutFolder);
        Trial[] trials = [.. Enumerable.Range(1, commandLine.Seeds).Select(seed => new Trial(Digit.ReadAll(), seed))];
        var lines = new List<string> { "method,unpairedRows,seed,recallAt1,recallAt10,coefficients,profiles" };
        string after = "";
        foreach (Method method in Method.All)
            for (int i = 0; i < trials.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var (figures, scored) = trials[i].Run(method);
                Add(method, Trial.UnpairedRows, i + 1, figures);
                if (method == Method.Default && i == 0)
                    after = scored.PlotEmbeddings("CoefficientsEmbedding", "ProfileEmbedding", "Label",
                        string.Create(CultureInfo.InvariantCulture, $"After: recall@1 {100 * figures.RecallAt1:0.0} %")).Svg;
            }
        foreach (Method method in new[] { Method.Linear, Method.Gaussian, Method.Default })
            foreach (int number in Pictures.Numbers[..^1])
                for (int i = 0; i < trials.Length; i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Add(method, number, i + 1, trials[i].Run(method, number).Figures);
                }
        string figuresFile = Path.Combine(commandLine.OutFolder, FiguresFile);
        File.WriteAllText(figuresFile, string.Join('\n', lines) + "\n");

        FigureTable table = FigureTable.Read(figuresFile);
        output.WriteLine();
        output.WriteLine(table.ToMarkdown());
        var (before, view) = trials[0].Before();
        string beforeSvg = view.PlotEmbeddings("CoefficientsEmbedding", "ProfileEmbedding", "Label",
            string.Create(CultureInfo.InvariantCulture, $"Before: recall@1 {100 * before:0.0} %")).Svg;
        File.WriteAllText(Path.Combine(commandLine.OutFolder, "first-screen-embeddings.svg"), Pictures.SideBySide(beforeSvg, after));
        File.WriteAllText(Path.Combine(commandLine.OutFolder, "first-screen-curve.svg"), Pictures.Curve(table));
        output.WriteLine($"Written into {Path.GetFullPath(commandLine.OutFolder)} after {clock.Elapsed:m\\:ss}.");

        void Add(Method method, int unpairedRows, int seed, Figures figures)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"\"{method.Name}\",{Rows(method, unpairedRows)},{seed},"
                + $"{figures.RecallAt1:0.0000},{figures.RecallAt10:0.0000},{figures.Coefficients:0.0000},{figures.Profiles:0.0000}"));
            output.WriteLine($"{clock.Elapsed:m\\:ss}  {lines[^1]}");
        }
    }

    private static int Rows(Method method, int unpairedRows) => method.Unpaired is Unpaired.None or Unpaired.Paired ? 0 : unpairedRows;
}
