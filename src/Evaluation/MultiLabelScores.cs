using System.Numerics.Tensors;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Scores and labels of all rows, row-major. A row without scores has -infinity in each slot: it predicts nothing and comes last.</summary>
internal sealed class MultiLabelScores(int labelCount)
{
    private float[] _scores = [];
    private bool[] _labels = [];

    /// <summary>Number of labels.</summary>
    public int LabelCount => labelCount;

    /// <summary>Number of rows.</summary>
    public int RowCount { get; private set; }

    /// <summary>Number of rows without scores.</summary>
    public int UnscoredRowCount { get; private set; }

    /// <summary>Whether all scores lie in [0, 1].</summary>
    public bool AreProbabilities { get; private set; } = true;

    /// <summary>All scores.</summary>
    public ReadOnlySpan<float> Scores => _scores.AsSpan(0, RowCount * labelCount);

    /// <summary>All labels.</summary>
    public ReadOnlySpan<bool> Labels => _labels.AsSpan(0, RowCount * labelCount);

    /// <summary>Names of the labels.</summary>
    public string[] Names { get; private init; } = [];

    /// <summary>Number of labels of each row.</summary>
    public int[] LabelsOfRows()
    {
        var counts = new int[RowCount];
        for (var row = 0; row < RowCount; row++)
            counts[row] = Labels.Slice(row * labelCount, labelCount).Count(true);
        return counts;
    }

    /// <summary>Reads two columns of a view.</summary>
    /// <exception cref="ArgumentException">A column is not there or of an unfit type, or their sizes or slot names differ.</exception>
    /// <exception cref="InvalidOperationException">A score is infinite or partly missing, a label is missing, or there are no rows with scores.</exception>
    public static MultiLabelScores Read(IDataView data, string labelColumn, string scoreColumn, CancellationToken cancellationToken)
    {
        var labels = LabelVectorReader.Find(data, labelColumn);
        var column = Columns.Find(data, scoreColumn, "score");
        if (column.Type is not VectorDataViewType { IsKnownSize: true } type || type.ItemType != NumberDataViewType.Single)
            throw new ArgumentException($"Score column '{scoreColumn}' must be a vector of Single of known size, but is {column.Type}.");
        if (type.Size != labels.Size)
            throw new ArgumentException(
                $"Scores and labels must be of one size, but '{scoreColumn}' has {type.Size} slots and '{labelColumn}' has {labels.Size}.");
        var scoreNames = SlotNames.Of(column, type.Size);
        if (scoreNames is not null && labels.SlotNames is not null
            && scoreNames.Zip(labels.SlotNames).Index()
                .FirstOrDefault(slot => slot.Item.First != slot.Item.Second) is { Item: ({ } score, { } label), Index: var at })
            throw new ArgumentException(
                $"Scores and labels must have the same slots in the same order, but slot {at} of '{scoreColumn}' is '{score}' and that of '{labelColumn}' is "
                    + $"'{label}'.");

        var result = new MultiLabelScores(type.Size)
        {
            Names = scoreNames ?? labels.SlotNames ?? [.. Enumerable.Range(0, type.Size).Select(slot => $"{slot}")],
        };
        using var cursor = Columns.Open(data, column, labels.Column);
        var getter = cursor.GetGetter<VBuffer<float>>(column);
        labels.Open(cursor);
        VBuffer<float> value = default;
        var (scores, truth) = (new float[type.Size], new float[type.Size]);
        for (var row = 0L; cursor.MoveNext(); row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            getter(ref value);
            if (value.Length == 0)
                Array.Fill(scores, float.NaN);
            else
                value.CopyTo(scores);
            labels.Read(truth);
            if (Array.FindIndex(truth, float.IsNaN) is >= 0 and var unknown)
                throw new InvalidOperationException($"The label '{result.Names[unknown]}' of row {row} in column '{labelColumn}' is missing.");
            result.Add(scores, truth, scoreColumn, row);
        }
        if (result.RowCount == result.UnscoredRowCount)
            throw new InvalidOperationException($"None of {result.RowCount} rows has scores in column '{scoreColumn}'.");
        return result;
    }

    private void Add(float[] scores, float[] truth, string scoreColumn, long row)
    {
        if (Array.TrueForAll(scores, float.IsNaN))
        {
            UnscoredRowCount++;
            Array.Fill(scores, float.NegativeInfinity);
        }
        else if (Array.FindIndex(scores, score => !float.IsFinite(score)) is >= 0 and var slot)
            throw new InvalidOperationException(
                $"The score '{scoreColumn}' of row {row} is {scores[slot]} in slot {slot}; scores must be finite, or NaN in all slots where there are none.");
        else if (AreProbabilities)
            AreProbabilities = TensorPrimitives.Min<float>(scores) >= 0 && TensorPrimitives.Max<float>(scores) <= 1;

        var start = RowCount * (long)labelCount;
        if (start + labelCount > Array.MaxLength)
            throw new InvalidOperationException(
                $"{RowCount + 1} rows with {labelCount} labels are too many to evaluate at once; at most {Array.MaxLength} scores can be.");
        if (start + labelCount > _scores.Length)
        {
            var size = (int)Math.Min(Math.Max(2 * (long)_scores.Length, start + labelCount), Array.MaxLength);
            Array.Resize(ref _scores, size);
            Array.Resize(ref _labels, size);
        }
        scores.CopyTo(_scores, start);
        for (var i = 0; i < labelCount; i++)
            _labels[start + i] = truth[i] > 0;
        RowCount++;
    }
}
