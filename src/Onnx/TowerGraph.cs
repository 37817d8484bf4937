using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>Builds what the columns of a side of a fitted model compute as a graph: closed form, tower, or both side by side.</summary>
internal static class TowerGraph
{
    private const string EncoderPrefix = "encoder.", HeadPrefix = "head.";

    /// <summary>Why a side cannot be part of the graph of a whole pipeline, in sentences; null where it can.</summary>
    public static string? PipelineObstacle(TwoTowerModel model, Side side)
    {
        var modality = model.Spec.Of(side).Modality;
        if (model.TowerOf(side)?.OnnxObstacle is { } obstacle)
            return $"{obstacle}. mlContext.Model.ConvertGentleClipToOnnx cannot write it either.";
        var preparation = EncoderKinds.Of(modality).Preprocessing;
        return preparation is null ? null
            : $"{preparation} outside of ONNX (input '{modality.InputColumnName}'). "
            + $"mlContext.Model.ConvertGentleClipToOnnx(model, path, \"{modality.OutputColumnName}\") writes the column alone, "
            + $"and {nameof(OnnxPreprocessor)} prepares the inputs of that file.";
    }

    /// <summary>The graph of a side. What it needs belongs to the open dispose scope, which must last until the graph is written.</summary>
    /// <param name="model">The model.</param>
    /// <param name="whose">Its side.</param>
    /// <param name="opset">Version of the operators; an older one than the newest only for vectors.</param>
    /// <exception cref="NotSupportedException">The encoder is of a kind that cannot be written.</exception>
    /// <exception cref="InvalidDataException">The weights are not those of the encoder.</exception>
    public static OnnxGraph Build(ISidedModel model, Side whose, int opset = OnnxOpset.Newest)
    {
        var side = model.PartsOf(whose);
        var modality = side.Spec.Modality;
        if (side.Obstacle is { } obstacle)
            throw new NotSupportedException($"The encoder of column '{modality.InputColumnName}' cannot be exported: {obstacle}.");
        var graph = new OnnxGraph(side.Tower ?? new Dictionary<string, GraphWeight>(), opset);
        // A closed form reads the same vectors as the tower.
        var vectors = modality is VectorModality
            ? graph.Input(OnnxNames.Features, OnnxType.Single, "feature vectors; NaN in every slot for one that is missing", OnnxNames.Batch,
                side.Spec.InputDimension) : null;
        var values = Append(graph, side, vectors);
        var outputs = OutputsOf(side);
        // A row that is not finite has no features either: v - v is NaN there, and 0 elsewhere.
        if (vectors is not null && outputs.Contains(ColumnOutput.Features))
            values = values with { Features = graph.Add(values.Features, graph.Sum(graph.Subtract(vectors, vectors), 1)) };
        foreach (var output in outputs)
        {
            graph.Name(output.Value(values), output.GraphName);
            graph.Output(output.GraphName, OnnxType.Single, output.Description, OnnxNames.Batch, output.Dimension(model, whose));
        }
        var unused = graph.UnusedWeights.ToList();
        return unused.Count == 0 ? graph
            : throw new InvalidOperationException(
                $"The graph of column '{modality.InputColumnName}' leaves out weights of the tower: {string.Join(", ", unused)}.");
    }

    // Those of the modality's columns; of a fine-tuned model, whose columns are made of the features, these alone.
    private static List<ColumnOutput> OutputsOf(SideParts side) =>
        side.EmbeddingDimension == 0 ? [ColumnOutput.Features] : [.. ColumnOutput.Of(side.Spec.Modality).Select(column => column.Output)];

    // As TwoTowerModel.Run.
    private static TowerOutput<string> Append(OnnxGraph graph, SideParts side, string? vectors)
    {
        var modality = side.Spec.Modality;
        if (side.ClosedForm is not { } closedForm)
            return Tower(graph, side, vectors);
        var features = side.AlignmentReadsFeatures ? Encoder(graph, modality, vectors: null) : null;
        var aligned = new AlignmentNodes(graph, side.Alignment!, side.Side).Append(features ?? vectors!);
        // A maximum may swallow NaN. Rows that are not finite have no embedding: v - v is NaN there, and 0 elsewhere.
        if (vectors is not null)
            aligned = graph.Add(aligned, graph.Sum(graph.Subtract(vectors, vectors), 1));
        if (!side.HasHead)
            return new TowerOutput<string>(features ?? vectors!, aligned);
        var student = features is null
            ? Tower(graph, side, vectors)
            : new TowerOutput<string>(features, ProjectionNodes.Append(graph, features, HeadPrefix));
        return student with
        {
            Embedding = graph.Concatenate(1, graph.Multiply(aligned, graph.Number(Math.Sqrt(closedForm.Share))),
                graph.Multiply(student.Embedding, graph.Number(Math.Sqrt(1 - closedForm.Share)))),
        };
    }

    private static TowerOutput<string> Tower(OnnxGraph graph, SideParts side, string? vectors)
    {
        var features = Encoder(graph, side.Spec.Modality, vectors);
        return new TowerOutput<string>(features, side.HasHead ? ProjectionNodes.Append(graph, features, HeadPrefix) : features);
    }

    /// <summary>Declares the inputs that there are not yet, and features <c>[batch, features]</c>.</summary>
    internal static string Encoder(OnnxGraph graph, Modality modality, string? vectors) =>
        EncoderKinds.Find(modality)?.AppendFeatures(graph, modality, vectors, EncoderPrefix)
        ?? throw new NotSupportedException(
            $"The encoder of column '{modality.InputColumnName}' ({modality.EncoderOptions.GetType().Name}) cannot be written as ONNX; "
            + $"expected one of the library's: {string.Join(", ", EncoderKinds.All.Where(kind => !kind.IsCustom).Select(kind => kind.Name))}.");
}
