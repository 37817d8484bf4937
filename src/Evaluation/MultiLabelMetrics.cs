using System.Globalization;
using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Prediction of many labels per row, such as EC numbers or GO terms of proteins: protein-centric F-max as CAFA defines it, and the area under
/// the precision-recall curve over all labels and label by label. Made by <c>mlContext.GentleClip().EvaluateMultiLabel(...)</c>.
/// </summary>
/// <remarks>
/// <para>F-max (Radivojac et al., A large-scale evaluation of computational protein function prediction, 2013; Jiang et al., 2016):
/// the maximum over thresholds t of 2 pr(t) rc(t) / (pr(t) + rc(t)). pr(t) is the mean of |P_i(t) and T_i| / |P_i(t)| over the rows with at
/// least one prediction, rc(t) that of |P_i(t) and T_i| / |T_i| over all rows; P_i(t) are the labels of row i with a score of at least t, T_i
/// its true labels. Rows are those that have a true label at all. A row without scores predicts nothing and lowers the recall (CAFA's full
/// mode; filter such rows out before for its partial mode), and so does a score of 0 where all scores lie in [0, 1]. Scores and labels are
/// taken as they are: propagate both along the ontology before, if there is one.</para>
/// <para>Area under the precision-recall curve: average precision, the sum over the distinct scores of (R_n - R_(n-1)) P_n, without
/// interpolation; equal scores are one step, so the order of ties does not matter. All rows count, those without a true label as negatives,
/// those without scores as the last.</para>
/// <para>All scores are kept and sorted, in memory of 14 bytes times rows times labels.</para>
/// </remarks>
public sealed class MultiLabelMetrics
{
    private readonly double _prevalence;

    private MultiLabelMetrics(MultiLabelScores data, ScoreSweep sweep, double[] areas)
    {
        (Count, UnscoredRowCount, AnnotatedRowCount, LabelNames) = (data.RowCount, data.UnscoredRowCount, sweep.AnnotatedRowCount, data.Names);
        (FMax, CafaFMax) = (sweep.AllThresholds!, sweep.CafaThresholds);
        MicroAreaUnderPrecisionRecallCurve = sweep.AveragePrecision;
        LabelAreasUnderPrecisionRecallCurve = areas;
        var evaluated = areas.Where(area => !double.IsNaN(area)).ToList();
        (EvaluatedLabelCount, MacroAreaUnderPrecisionRecallCurve) = (evaluated.Count, evaluated.Average());
        _prevalence = (double)data.Labels.Count(true) / data.Labels.Length;
    }

    /// <summary>Number of rows.</summary>
    public int Count { get; }

    /// <summary>Number of rows with a true label; F-max is over these.</summary>
    public int AnnotatedRowCount { get; }

    /// <summary>Number of rows without scores: NaN in every slot.</summary>
    public int UnscoredRowCount { get; }

    /// <summary>Names of the labels: slot names of the scores, else of the labels, else the slots' numbers.</summary>
    public IReadOnlyList<string> LabelNames { get; }

    /// <summary>Number of labels that a row has; the others have no precision-recall curve.</summary>
    public int EvaluatedLabelCount { get; }

    /// <summary>F-max over all thresholds: every score that occurs; 0 alone is none where all scores lie in [0, 1].</summary>
    public FMaxMetrics FMax { get; }

    /// <summary>
    /// F-max over the thresholds 0.01, 0.02, ..., 1 that CAFA computes it with, at most <see cref="FMax"/>; null if a score lies outside [0, 1].
    /// </summary>
    public FMaxMetrics? CafaFMax { get; }

    /// <summary>Average precision over all rows and labels at once, in [0, 1].</summary>
    public double MicroAreaUnderPrecisionRecallCurve { get; }

    /// <summary>Mean of <see cref="LabelAreasUnderPrecisionRecallCurve"/> over the labels that a row has.</summary>
    public double MacroAreaUnderPrecisionRecallCurve { get; }

    /// <summary>Average precision of each label, in the order of <see cref="LabelNames"/>; NaN for a label that no row has.</summary>
    public IReadOnlyList<double> LabelAreasUnderPrecisionRecallCurve { get; }

    /// <summary>Evaluates all rows of a view.</summary>
    internal static MultiLabelMetrics Evaluate(IDataView data, string labelColumnName, string scoreColumnName, CancellationToken cancellationToken)
    {
        var scores = MultiLabelScores.Read(data, labelColumnName, scoreColumnName, cancellationToken);
        var sweep = new ScoreSweep(scores, cancellationToken);
        if (sweep.AnnotatedRowCount == 0)
            throw new InvalidOperationException($"None of {scores.RowCount} rows has a label in column '{labelColumnName}'.");
        var areas = new double[scores.LabelCount];
        Parallel.For(0, areas.Length, new ParallelOptions { CancellationToken = cancellationToken }, label => areas[label] = ScoreSweep.OfLabel(scores, label));
        return new(scores, sweep, areas);
    }

    /// <summary>A table of the measures.</summary>
    public override string ToString()
    {
        var title = string.Create(CultureInfo.InvariantCulture, $"{LabelNames.Count} labels over {Count} rows, {AnnotatedRowCount} with labels");
        if (UnscoredRowCount > 0)
            title += string.Create(CultureInfo.InvariantCulture, $" ({UnscoredRowCount} rows without scores)");
        var table = new TextTable(16, title, "value", "threshold", "precision", "recall", "coverage");
        foreach (var (name, best) in new[] { ("F-max", FMax), ("F-max (CAFA)", CafaFMax) })
            if (best is not null)
                table.Line(name, "F4", best.FMax, best.Threshold, best.Precision, best.Recall, best.Coverage);
        table.Line("Micro AUPR", "F4", MicroAreaUnderPrecisionRecallCurve);
        table.Line("Macro AUPR", "F4", MacroAreaUnderPrecisionRecallCurve);
        table.Line("Chance AUPR", "F4", _prevalence);
        return table.ToString();
    }
}
