using System.Globalization;
using System.Text;

namespace FirstScreen;

/// <summary>The figures of every training, and what is said of them.</summary>
internal sealed class FigureTable
{
    private readonly List<(string Method, int UnpairedRows, Figures Figures)> _rows = [];

    /// <summary>Reads what the study has written.</summary>
    public static FigureTable Read(string file)
    {
        var table = new FigureTable();
        foreach (string line in File.ReadLines(file).Skip(1))
        {
            int end = line.LastIndexOf('"');
            string[] cells = line[(end + 2)..].Split(',');
            double Number(int index) => double.Parse(cells[index], CultureInfo.InvariantCulture);
            table._rows.Add((line[1..end], (int)Number(0), new Figures(Number(2), Number(3), Number(4), Number(5))));
        }
        return table;
    }

    /// <summary>A figure over the seeds: mean and standard deviation in per cent; of one seed the deviation is NaN, as it is not known.</summary>
    public (double Mean, double Deviation)? Of(string method, int unpairedRows, Func<Figures, double> figure)
    {
        double[] values = [.. _rows.Where(row => row.Method == method && row.UnpairedRows == unpairedRows).Select(row => 100 * figure(row.Figures))];
        if (values.Length == 0)
            return null;
        double mean = values.Average();
        return (mean, values.Length > 1 ? Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)) : double.NaN);
    }

    /// <summary>The table as README has it.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("| | recall@1 | recall@10 | digit from the coefficients | digit from the profiles |\n|---|---|---|---|---|\n");
        text.Append(CultureInfo.InvariantCulture, $"| guessing | {100.0 / 500:0.0} | {1000.0 / 500:0.0} | 10 | 10 |\n");
        foreach (Method method in Method.All)
        {
            int rows = method.Unpaired is Unpaired.None or Unpaired.Paired ? 0 : Trial.UnpairedRows;
            string[] cells = [.. new Func<Figures, double>[] { f => f.RecallAt1, f => f.RecallAt10, f => f.Coefficients, f => f.Profiles }
                .Select(figure => Of(method.Name, rows, figure) is { } value
                    ? string.Create(CultureInfo.InvariantCulture, $"{value.Mean:0.0}{(double.IsNaN(value.Deviation) ? "" : $" ± {value.Deviation:0.0}")}")
                    : "")];
            text.Append(CultureInfo.InvariantCulture, $"| {method.Name} | {string.Join(" | ", cells)} |\n");
        }
        return text.ToString().TrimEnd();
    }
}
