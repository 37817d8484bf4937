namespace Microsoft.ML.GentleClip;

/// <summary>The largest protein-centric F-score over thresholds, and what belongs to its threshold. See <see cref="MultiLabelMetrics"/>.</summary>
public sealed class FMaxMetrics
{
    internal FMaxMetrics(double threshold, double precision, double recall, double coverage)
    {
        (Threshold, Precision, Recall, Coverage) = (threshold, precision, recall, coverage);
        FMax = FScore(precision, recall);
    }

    /// <summary>The harmonic mean of <see cref="Precision"/> and <see cref="Recall"/>, in [0, 1].</summary>
    public double FMax { get; }

    /// <summary>The largest threshold that has it; a label is predicted where its score is at least this. NaN if no score predicts anything.</summary>
    public double Threshold { get; }

    /// <summary>Mean over the annotated rows with a prediction at the threshold of the share of predicted labels that are true.</summary>
    public double Precision { get; }

    /// <summary>Mean over all annotated rows of the share of true labels that are predicted.</summary>
    public double Recall { get; }

    /// <summary>Share of the annotated rows with a prediction at the threshold.</summary>
    public double Coverage { get; }

    internal static double FScore(double precision, double recall) => precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}
