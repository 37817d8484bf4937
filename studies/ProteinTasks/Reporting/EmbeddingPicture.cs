using System.Globalization;
using ProteinAlignment;
using ProteinTasks.Data;
using ProteinTasks.Pretraining;
using ProteinTasks.Tasks;
using ScottPlot;

namespace ProteinTasks.Reporting;

/// <summary>Test domains on the two principal axes of both embeddings together, coloured by SCOPe class, before and after pretraining.</summary>
internal static class EmbeddingPicture
{
    private const int Width = 1500, Height = 860, MostDomains = 500;

    private static readonly (char Class, string Name, Color Color)[] Classes =
    [
        ('a', "a: all alpha", Color.FromHex("#D1495B")),
        ('b', "b: all beta", Color.FromHex("#2E86AB")),
        ('c', "c: alpha / beta", Color.FromHex("#EDAE49")),
        ('d', "d: alpha + beta", Color.FromHex("#3C8D5A")),
        ('e', "e: multi-domain", Color.FromHex("#7B4B94")),
        ('f', "f: membrane", Color.FromHex("#6B4E3D")),
        ('g', "g: small", Color.FromHex("#8A8D91")),
    ];

    public static void Save(string file, ProteinData data, Embeddings before, Embeddings after)
    {
        var rowOf = data.Pieces.Select((piece, row) => (piece.Key, row)).ToDictionary(entry => entry.Key, entry => entry.row);
        ScopeDomain[] tests = [.. data.Domains.Where(domain => domain.Split != "train")];
        int stride = Math.Max(1, (tests.Length + MostDomains - 1) / MostDomains);
        tests = [.. tests.Where((_, i) => i % stride == 0)];
        if (tests.Length == 0)
            return;

        var multiplot = new Multiplot { Layout = new ScottPlot.MultiplotLayouts.Columns() };
        multiplot.AddPlots(2);
        Draw(multiplot.GetPlot(0), "Untrained encoders", before);
        Draw(multiplot.GetPlot(1), "Gentle-CLIP", after);
        string beside = file + ".part.png";
        multiplot.SavePng(beside, Width, Height);
        File.Move(beside, file, overwrite: true);

        void Draw(Plot plot, string title, Embeddings embeddings)
        {
            int[] rows = Array.ConvertAll(tests, domain => rowOf[domain.Piece.Key]);
            var points = PrincipalComponents.Project([.. rows.Select(row => embeddings.Sequences[row]), .. rows.Select(row => embeddings.Structures[row])]);
            foreach (var (letter, name, color) in Classes)
            {
                int[] members = [.. Enumerable.Range(0, tests.Length).Where(i => tests[i].Class == letter)];
                if (members.Length == 0)
                    continue;
                Add([.. members.Select(i => points[i])], MarkerShape.FilledCircle, name);
                Add([.. members.Select(i => points[tests.Length + i])], MarkerShape.OpenTriangleUp, "");

                void Add((double X, double Y)[] some, MarkerShape shape, string legend)
                {
                    var markers = plot.Add.Markers(Array.ConvertAll(some, point => point.X), Array.ConvertAll(some, point => point.Y), shape,
                        6, color.WithAlpha(0.6));
                    (markers.LegendText, markers.MarkerLineColor, markers.MarkerLineWidth) = (legend, color.WithAlpha(0.9), 1.2f);
                }
            }
            var recall = Measurement.Retrieval(data, embeddings);
            string found = recall.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
                $": {100 * recall[Measurement.Recall(Measurement.SequenceToStructure, Measurement.Ks[^1])]:f0} % of {data.HeldOut.Length} sequences find their "
                    + $"structure among {Measurement.Ks[^1]}");
            plot.Title(title + found, size: 15);
            plot.XLabel("first principal axis (discs: sequences, triangles: structures)");
            plot.YLabel("second principal axis");
            plot.Axes.SquareUnits();
            plot.Legend.FontSize = 14;
            plot.ShowLegend(Edge.Bottom).Legend.Orientation = Orientation.Horizontal;
        }
    }
}
