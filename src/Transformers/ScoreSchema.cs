using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Models;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>The columns of a fine-tuned model bound to an input schema, and the features that they are computed from, which no user sees.</summary>
internal sealed class ScoreSchema
{
    /// <summary>Names of the columns, as the trainers of ML.NET have them.</summary>
    public const string PredictedLabel = "PredictedLabel", Score = "Score", Probability = "Probability";

    /// <summary>Binds to a schema.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or of another type or size than in training.</exception>
    public ScoreSchema(DataViewSchema input, LabelSpec label, FineTunedHead head, EmbeddingColumn[] features)
    {
        (Input, Label, Head) = (input, label, head);
        Features = new EmbeddingSchema(input, features);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        Columns = Names(label.Task);
        foreach (var name in Columns)
        {
            var (type, annotations) = TypeOf(name);
            builder.AddColumn(name, type, annotations);
        }
        Output = builder.ToSchema();
    }

    /// <summary>Schema of the input.</summary>
    public DataViewSchema Input { get; }

    /// <summary>What is predicted.</summary>
    public LabelSpec Label { get; }

    /// <summary>Makes scores of features.</summary>
    public FineTunedHead Head { get; }

    /// <summary>The input with the features appended.</summary>
    public EmbeddingSchema Features { get; }

    /// <summary>The input's columns, then those of the model.</summary>
    public DataViewSchema Output { get; }

    /// <summary>The model's columns.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The feature columns of <see cref="Features"/>.</summary>
    public IEnumerable<DataViewSchema.Column> FeatureColumns => Features.Output.Skip(Input.Count);

    /// <summary>Names of the columns that a task has.</summary>
    public static string[] Names(FineTuningTask task) => task switch
    {
        FineTuningTask.Multiclass => [PredictedLabel, Score],
        FineTuningTask.Binary => [PredictedLabel, Score, Probability],
        FineTuningTask.MultiLabel => [Score, Probability],
        _ => [Score],
    };

    /// <summary>Number of the model's column behind an output column, or -1 for a column of the input.</summary>
    public int ScoreOf(DataViewSchema.Column outputColumn) => outputColumn.Index >= Input.Count ? outputColumn.Index - Input.Count : -1;

    /// <summary>The columns of <see cref="Features"/> needed for some output columns.</summary>
    public IEnumerable<DataViewSchema.Column> Needed(IEnumerable<DataViewSchema.Column> outputColumns) =>
        outputColumns.SelectMany(column => ScoreOf(column) >= 0 ? FeatureColumns : [Features.Output[column.Index]]).DistinctBy(column => column.Index);

    private (DataViewType Type, DataViewSchema.Annotations? Annotations) TypeOf(string name) => (Label.Task, name) switch
    {
        (FineTuningTask.Multiclass, PredictedLabel) => (new KeyDataViewType(typeof(uint), Label.Count), Label.Keys?.ToAnnotations()),
        (FineTuningTask.Binary, PredictedLabel) => (BooleanDataViewType.Instance, null),
        (FineTuningTask.Multiclass or FineTuningTask.MultiLabel, _) =>
            (new VectorDataViewType(NumberDataViewType.Single, Label.Count), SlotNames.ToAnnotations(Label.SlotNames)),
        _ => (NumberDataViewType.Single, null),
    };
}
