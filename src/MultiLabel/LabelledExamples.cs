using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.MultiLabel;

/// <summary>Feature vectors, read once, and for each label the rows that have it.</summary>
internal sealed class LabelledExamples
{
    /// <summary>Name of the label column that a trainer sees.</summary>
    public const string LabelColumn = nameof(Example.Label);

    /// <summary>Name of the feature column that a trainer sees.</summary>
    public const string FeatureColumn = nameof(Example.Features);

    private readonly List<float[]> _features = [];
    private readonly List<int>[] _positives;
    private readonly List<int>[] _unknown;

    private LabelledExamples(int featureCount, int labelCount, string[]? names)
    {
        (FeatureCount, LabelNames) = (featureCount, names);
        _positives = [.. Enumerable.Range(0, labelCount).Select(_ => new List<int>())];
        _unknown = [.. Enumerable.Range(0, labelCount).Select(_ => new List<int>())];
    }

    /// <summary>Number of features.</summary>
    public int FeatureCount { get; }

    /// <summary>Number of labels.</summary>
    public int LabelCount => _positives.Length;

    /// <summary>Names of the labels; null where the column has none.</summary>
    public string[]? LabelNames { get; }

    /// <summary>Rows that have features.</summary>
    public int RowCount => _features.Count;

    /// <summary>Rows left out because their features are absent.</summary>
    public long SkippedRowCount { get; private set; }

    /// <summary>Reads two columns of a view.</summary>
    /// <exception cref="InvalidOperationException">A feature is infinite, or no row has features.</exception>
    public static LabelledExamples Read(IDataView data, string labelColumn, string featureColumn, Action checkCancelled)
    {
        var (features, labels) = (EmbeddingColumnReader.Find(data, featureColumn), LabelVectorReader.Find(data, labelColumn));
        var examples = new LabelledExamples(features.Dimension, labels.Size, labels.SlotNames);
        var row = new float[labels.Size];
        using var cursor = Columns.Open(data, features.Column, labels.Column);
        features.Open(cursor);
        labels.Open(cursor);
        for (var number = 0L; cursor.MoveNext(); number++)
        {
            checkCancelled();
            var values = features.Read(number);
            if (values.IsEmpty)
            {
                examples.SkippedRowCount++;
                continue;
            }
            labels.Read(row);
            for (var label = 0; label < row.Length; label++)
            {
                if (row[label] > 0)
                    examples._positives[label].Add(examples.RowCount);
                else if (float.IsNaN(row[label]))
                    examples._unknown[label].Add(examples.RowCount);
            }
            examples._features.Add(values.ToArray());
        }
        return examples.RowCount > 0
            ? examples
            : throw new InvalidOperationException($"No row has features in column '{featureColumn}'; {examples.SkippedRowCount} rows lack them.");
    }

    /// <summary>The share of known rows that have a label, if it is 0 or 1; 0 if no row is known.</summary>
    public float? Constant(int label) =>
        _positives[label].Count == 0 ? 0 : _positives[label].Count + _unknown[label].Count == RowCount ? 1 : null;

    /// <summary>A label's rows as a trainer wants them, without those where the label is not known.</summary>
    public IDataView ForLabel(IHostEnvironment environment, int label)
    {
        var rows = new Example[RowCount];
        for (var row = 0; row < rows.Length; row++)
            rows[row] = new Example { Features = _features[row] };
        foreach (var row in _positives[label])
            rows[row].Label = true;
        var unknown = _unknown[label].ToHashSet();
        var schema = SchemaDefinition.Create(typeof(Example));
        schema[FeatureColumn].ColumnType = new VectorDataViewType(NumberDataViewType.Single, FeatureCount);
        return ListViews.Create(environment, unknown.Count == 0 ? rows : [.. rows.Where((_, row) => !unknown.Contains(row))], schema);
    }

    private sealed class Example
    {
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }
}
