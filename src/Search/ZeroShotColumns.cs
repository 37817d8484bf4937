using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>The columns of a zero-shot classification: a probability for each label, and the most probable one.</summary>
internal sealed class ZeroShotColumns : AppendedColumns
{
    private readonly ZeroShotClassifier _classifier;

    private ZeroShotColumns(ZeroShotClassifier classifier, DataViewSchema.Column embedding, string scoreColumn, string labelColumn) : base(embedding)
    {
        _classifier = classifier;
        Outputs =
        [
            new(scoreColumn, new VectorDataViewType(NumberDataViewType.Single, classifier.Labels.Count), SlotNames.ToAnnotations([.. classifier.Labels])),
            new(labelColumn, TextDataViewType.Instance),
        ];
    }

    /// <inheritdoc/>
    protected override DataViewSchema.DetachedColumn[] Outputs { get; }

    /// <summary>Binds to the embedding column of a schema.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type or size than the prototypes.</exception>
    public static ZeroShotColumns Bind(ZeroShotClassifier classifier, DataViewSchema schema, string embeddingColumn, string scoreColumn, string labelColumn)
    {
        var column = schema.GetColumnOrNull(embeddingColumn) ?? throw SchemaErrors.Missing("embedding", embeddingColumn, schema);
        return column.Type is VectorDataViewType vector && vector.ItemType == NumberDataViewType.Single && vector.Size == classifier.Dimension
            ? new(classifier, column, scoreColumn, labelColumn)
            : throw SchemaErrors.Mismatch(
                "embedding", column.Name, $"{new VectorDataViewType(NumberDataViewType.Single, classifier.Dimension)}", $"{column.Type}");
    }

    /// <inheritdoc/>
    protected override void CheckOnnx(OnnxPipeline pipeline)
    {
        // All of it can be expressed.
    }

    /// <inheritdoc/>
    protected override void SaveOnnx(OnnxPipeline pipeline)
    {
        var (scores, label) = (Outputs[0], Outputs[1]);
        var features = PipelineNodes.Features(pipeline, Input, scores.Name);
        // The last one is of rows without an embedding.
        string[] texts = [.. _classifier.Labels, ""];
        PipelineNodes.Append(pipeline, _classifier.ToGraph(), nameof(ZeroShotClassifier), scores.Name, new Dictionary<string, string>
        {
            [ZeroShotNodes.Embedding] = features,
            [ZeroShotNodes.Labels] = pipeline.AddConstant(label.Name + ".labels", [texts.Length], texts),
            [ZeroShotNodes.Probabilities] = pipeline.AddColumn(scores.Name, scores.Type),
            [ZeroShotNodes.Label] = pipeline.AddColumn(label.Name, label.Type),
        });
    }

    /// <inheritdoc/>
    protected override Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive)
    {
        if (!isActive(0) && !isActive(1))
            return new Delegate?[Outputs.Length];
        var getter = row.GetGetter<VBuffer<float>>(Input);
        var (similarities, dense) = (new float[_classifier.Labels.Count], new float[_classifier.Dimension]);
        VBuffer<float> value = default;
        var compared = new RowIdentity(row);
        return [isActive(0) ? (ValueGetter<VBuffer<float>>)GetScores : null, isActive(1) ? (ValueGetter<ReadOnlyMemory<char>>)GetLabel : null];

        void GetScores(ref VBuffer<float> target)
        {
            Compare();
            var editor = VBufferEditor.Create(ref target, similarities.Length);
            similarities.CopyTo(editor.Values);
            _classifier.ToProbabilities(editor.Values);
            target = editor.Commit();
        }

        void GetLabel(ref ReadOnlyMemory<char> target)
        {
            Compare();
            target = ZeroShotClassifier.Best(similarities) is >= 0 and var best ? _classifier.Labels[best].AsMemory() : default;
        }

        // Both columns come from one comparison.
        void Compare()
        {
            if (compared.IsKept)
                return;
            compared.Forget();
            getter(ref value);
            if (value.Length != 0 && value.Length != dense.Length)
                throw RowErrors.WrongLength(row.Position, Input.Name, value.Length, dense.Length);
            value.CopyTo(dense);
            _classifier.Compare(value.Length == 0 ? [] : dense, similarities, Input.Name, row.Position);
            compared.Keep();
        }
    }
}
