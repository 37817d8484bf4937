using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>The columns of a fine-tuned model as a part of the graph that ML.NET's own export writes for a whole pipeline.</summary>
internal static class ScoreExport
{
    /// <summary>Throws where the columns cannot be expressed.</summary>
    /// <exception cref="NotSupportedException">They cannot; the message says why and what to do.</exception>
    public static void Check(FineTunedModel model)
    {
        if (FineTunedGraph.PipelineObstacle(model) is { } obstacle)
            throw new NotSupportedException(
                $"Column '{ScoreSchema.Score}' of {nameof(FineTunedTransformer)} cannot be part of the ONNX graph of a whole pipeline: {obstacle}");
    }

    /// <summary>Appends the nodes of all columns.</summary>
    /// <exception cref="NotSupportedException">The weights do not fit into one file.</exception>
    public static void Append(FineTunedModel model, ScoreSchema schema, OnnxPipeline pipeline)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        // All inputs before any output: a column may hide what is read.
        var values = new Dictionary<string, string>();
        foreach (var (number, side) in model.Towers.Index())
            values.Add(FineTunedGraph.InputPrefix(side.Side) + OnnxNames.Features,
                PipelineNodes.Features(pipeline, schema.Features.Bindings[number].Column, ScoreSchema.Score));
        var graph = FineTunedGraph.Build(model, OnnxPipeline.Opset, forMlNet: true);
        if (graph.Tensors.Sum(tensor => tensor.Length) is var length && length > OnnxExporter.LargestInside)
            throw new NotSupportedException(
                $"The weights of {nameof(FineTunedTransformer)} take {length} bytes, but the ONNX file of a whole pipeline ends at 2 GiB. "
                + "mlContext.Model.ConvertGentleClipFineTuningToOnnx writes the model with its weights in a second file.");
        foreach (var name in schema.Columns)
            values.Add(name switch
            {
                ScoreSchema.Score => OnnxNames.Score,
                ScoreSchema.Probability => OnnxNames.Probability,
                _ => OnnxNames.PredictedLabel,
            }, pipeline.AddColumn(name, schema.Output[schema.Input.Count + schema.Columns.ToList().IndexOf(name)].Type));
        PipelineNodes.Append(pipeline, graph, nameof(FineTunedTransformer), ScoreSchema.Score, values);
    }
}
