using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.MultiLabel;

/// <summary>The columns of scores and probabilities, one slot a label.</summary>
internal sealed class LabelScoreColumns : AppendedColumns
{
    private readonly LabelModels _models;

    private LabelScoreColumns(LabelModels models, DataViewSchema.Column features) : base(features)
    {
        _models = models;
        var (type, all) = (new VectorDataViewType(NumberDataViewType.Single, models.Count), SlotNames.ToAnnotations(models.LabelNames));
        Outputs = models.ProbabilityColumn is { } probability
            ? [new(models.ScoreColumn, type, all), new(probability, type, all)]
            : [new(models.ScoreColumn, type, all)];
    }

    /// <inheritdoc/>
    protected override DataViewSchema.DetachedColumn[] Outputs { get; }

    /// <summary>Binds to the feature column of a schema.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type or size than in training.</exception>
    public static LabelScoreColumns Bind(LabelModels models, DataViewSchema schema)
    {
        var column = schema.GetColumnOrNull(models.FeatureColumn) ?? throw SchemaErrors.Missing("feature", models.FeatureColumn, schema);
        return column.Type is VectorDataViewType vector && vector.ItemType == NumberDataViewType.Single && vector.Size == models.FeatureCount
            ? new(models, column)
            : throw SchemaErrors.Mismatch(
                "feature", column.Name, $"{new VectorDataViewType(NumberDataViewType.Single, models.FeatureCount)}", $"{column.Type}");
    }

    /// <inheritdoc/>
    protected override void CheckOnnx(OnnxPipeline pipeline)
    {
        foreach (var (label, model) in _models.Models.Index())
        {
            if (model is null || pipeline.CanAdd(model))
                continue;
            var name = _models.LabelNames?[label] ?? label.ToString(CultureInfo.InvariantCulture);
            throw new NotSupportedException(
                $"Column '{_models.ScoreColumn}' of {nameof(OnePerLabelTransformer)} cannot be part of the ONNX graph of a whole pipeline: "
                + $"ML.NET cannot write the model of label '{name}' ({model.Kind}). "
                + "Train with another trainer, or leave this step out; mlContext.Model.ConvertGentleClipToOnnx writes embedding columns alone.");
        }
    }

    /// <inheritdoc/>
    protected override void SaveOnnx(OnnxPipeline pipeline)
    {
        var features = PipelineNodes.Features(pipeline, Input, _models.ScoreColumn);
        var values = new Dictionary<string, string> { [LabelScoreNodes.Features] = features };
        foreach (var (label, model) in _models.Models.Index())
        {
            if (model is null)
                continue;
            string[] given = [.. Outputs.Select(output => pipeline.AddValue(LabelScoreNodes.Model(output.Name, label)))];
            pipeline.AddModel(model, features, given[0], given.Length > 1 ? given[1] : pipeline.AddValue(given[0] + ".probability"));
            foreach (var (i, output) in Outputs.Index())
                values.Add(LabelScoreNodes.Model(output.Name, label), given[i]);
        }
        foreach (var output in Outputs)
            values.Add(LabelScoreNodes.Output(output.Name), pipeline.AddColumn(output.Name, output.Type));
        var graph = LabelScoreNodes.Build(Outputs.Select(output => output.Name), _models.Constants);
        PipelineNodes.Append(pipeline, graph, nameof(OnePerLabelTransformer), _models.ScoreColumn, values);
    }

    /// <inheritdoc/>
    protected override Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive)
    {
        if (!Enumerable.Range(0, Outputs.Length).Any(isActive))
            return new Delegate?[Outputs.Length];
        var scorers = Array.ConvertAll(_models.Models, model => model?.CreateScorer());
        var features = row.GetGetter<VBuffer<float>>(Input);
        var (scores, probabilities) = (new float[_models.Count], new float[_models.Count]);
        VBuffer<float> value = default;
        var computed = new RowIdentity(row);
        return [.. Outputs.Select((_, output) => isActive(output) ? Getter(output == 0 ? scores : probabilities) : null)];

        ValueGetter<VBuffer<float>> Getter(float[] values) => (ref VBuffer<float> target) =>
        {
            // Both columns come from one pass through the models.
            if (!computed.IsKept)
            {
                computed.Forget();
                Score();
                computed.Keep();
            }
            var editor = VBufferEditor.Create(ref target, values.Length);
            values.CopyTo(editor.Values);
            target = editor.Commit();
        };

        void Score()
        {
            features(ref value);
            if (value.Length == 0 || HasNaN(value))
            {
                Array.Fill(scores, float.NaN);
                Array.Fill(probabilities, float.NaN);
                return;
            }
            if (value.Length != _models.FeatureCount)
                throw RowErrors.WrongLength(computed.Describe(), Input.Name, value.Length, _models.FeatureCount);
            for (var label = 0; label < scorers.Length; label++)
            {
                if (scorers[label] is { } scorer)
                    scorer(value, ref scores[label], ref probabilities[label]);
                else
                    scores[label] = probabilities[label] = _models.Constants[label]!.Value;
            }
        }
    }

    private static bool HasNaN(in VBuffer<float> features)
    {
        foreach (var value in features.GetValues())
            if (float.IsNaN(value))
                return true;
        return false;
    }
}
