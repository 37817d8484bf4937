using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Embedding columns as a part of the graph that ML.NET's own export writes for a whole pipeline.</summary>
internal static class EmbeddingExport
{
    /// <summary>Throws where a column cannot be expressed.</summary>
    /// <exception cref="NotSupportedException">It cannot; the message names it.</exception>
    public static void Check(EmbeddingSchema schema)
    {
        foreach (var column in schema.Columns.Except(schema.Absent))
        {
            if ((column.IsEmbedding ? column.Tower.Use(TowerGraph.PipelineObstacle) : "only embeddings can be exported.") is { } obstacle)
                throw new NotSupportedException(
                    $"Column '{column.Name}' of {nameof(GentleClipTransformer)} cannot be part of the ONNX graph of a whole pipeline: {obstacle} "
                    + "The steps after it convert from data that have the embeddings already, mlContext.Data.Cache(model.Transform(data)); see docs/onnx.md.");
        }
    }

    /// <summary>Appends the nodes of all columns.</summary>
    /// <exception cref="NotSupportedException">The weights do not fit into one file.</exception>
    public static void Append(EmbeddingSchema schema, OnnxPipeline pipeline)
    {
        // All inputs before any output: a column may hide what the other one reads.
        var inputs = schema.Columns.Select((column, i) => schema.Absent.Contains(column)
            ? null
            : PipelineNodes.Features(pipeline, schema.Bindings[i].Column, column.Name)).ToList();
        var present = inputs.First(input => input is not null)!;
        foreach (var (i, column) in schema.Columns.Index())
        {
            if (inputs[i] is not { } features)
            {
                PipelineNodes.AppendMissing(pipeline, present, column.Name, column.Dimension);
                continue;
            }
            using var frozen = no_grad();
            using var scope = NewDisposeScope();
            column.Tower.Use((model, side) =>
            {
                var graph = TowerGraph.Build(model, side, OnnxPipeline.Opset);
                var length = graph.Tensors.Sum(tensor => tensor.Length);
                if (length > OnnxExporter.LargestInside)
                    throw new NotSupportedException(
                        $"The weights of column '{column.Name}' take {length} bytes, but the ONNX file of a whole pipeline ends at 2 GiB. "
                        + "mlContext.Model.ConvertGentleClipToOnnx writes the column with its weights in a second file.");
                var output = pipeline.AddColumn(column.Name, new VectorDataViewType(NumberDataViewType.Single, column.Dimension));
                PipelineNodes.Append(pipeline, graph, nameof(GentleClipTransformer), column.Name, new Dictionary<string, string>
                {
                    [OnnxNames.Features] = features,
                    [OnnxNames.Embedding] = output,
                });
                return true;
            });
        }
    }
}
