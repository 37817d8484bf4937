using System.Numerics.Tensors;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>The columns of a fine-tuned model at a row that has the features; computed once a row. For one thread.</summary>
internal sealed class RowScore
{
    private readonly ScoreSchema _schema;
    private readonly ValueGetter<VBuffer<float>>[] _features;
    private readonly float[] _values;
    private readonly float[] _scores;
    private readonly float[] _probabilities;
    private readonly RowIdentity _computed;
    private VBuffer<float> _buffer;

    /// <summary>Opens the features of a row or cursor.</summary>
    public RowScore(ScoreSchema schema, DataViewRow row)
    {
        _schema = schema;
        _features = [.. schema.FeatureColumns.Select(column => row.GetGetter<VBuffer<float>>(column))];
        _values = new float[schema.Head.FeatureCount];
        (_scores, _probabilities) = (new float[schema.Head.ScoreCount], new float[schema.Head.ScoreCount]);
        _computed = new RowIdentity(row);
    }

    /// <summary>A getter of a column of the model.</summary>
    public Delegate Getter(int column) => (_schema.Label.Task, _schema.Columns[column]) switch
    {
        (FineTuningTask.Multiclass, ScoreSchema.PredictedLabel) => (ValueGetter<uint>)((ref uint value) =>
        {
            Compute();
            value = float.IsNaN(_scores[0]) ? 0 : (uint)TensorPrimitives.IndexOfMax<float>(_scores) + 1;
        }),
        (FineTuningTask.Binary, ScoreSchema.PredictedLabel) => (ValueGetter<bool>)((ref bool value) =>
        {
            Compute();
            value = _scores[0] > 0;
        }),
        (FineTuningTask.Multiclass or FineTuningTask.MultiLabel, var name) => Vector(name == ScoreSchema.Score ? _scores : _probabilities),
        (_, var name) => Number(name == ScoreSchema.Score ? _scores : _probabilities),
    };

    private ValueGetter<VBuffer<float>> Vector(float[] values) => (ref VBuffer<float> value) =>
    {
        Compute();
        var editor = VBufferEditor.Create(ref value, values.Length);
        values.CopyTo(editor.Values);
        value = editor.Commit();
    };

    private ValueGetter<float> Number(float[] values) => (ref float value) =>
    {
        Compute();
        value = values[0];
    };

    private void Compute()
    {
        if (_computed.IsKept)
            return;
        _computed.Forget();
        var start = 0;
        foreach (var features in _features)
        {
            features(ref _buffer);
            _buffer.CopyTo(_values.AsSpan(start));
            start += _buffer.Length;
        }
        _schema.Head.Score(_values, _scores, _probabilities);
        _computed.Keep();
    }
}
