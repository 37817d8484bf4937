using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
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
            if (column.Tower.Use(TowerGraph.PipelineObstacle) is { } obstacle)
                throw new NotSupportedException(
                    $"Column '{column.Name}' of {nameof(GentleClipTransformer)} cannot be part of the ONNX graph of a whole pipeline: {obstacle} "
                    + "The steps after it convert from data that have the embeddings already, mlContext.Data.Cache(model.Transform(data)); see docs/onnx.md.");
        }
    }

    /// <summary>Appends the nodes of all columns.</summary>
    /// <exception cref="NotSupportedException">The weights do not fit into one file.</exception>
    public static void Append(EmbeddingSchema schema, OnnxPipeline pipeline)
    {
        // A side's columns are computed together. All inputs before any output: a column may hide what the other side reads.
        var sides = schema.Columns.GroupBy(column => column.Tower).ToList();
        var inputs = sides.ConvertAll(side => schema.Absent.Contains(side.First())
            ? null
            : PipelineNodes.Features(pipeline, BindingOf(side.Key).Column, side.First().Name));
        var present = inputs.First(input => input is not null)!;
        foreach (var (i, side) in sides.Index())
        {
            var column = side.First();
            if (inputs[i] is not { } features)
            {
                foreach (var missing in side)
                    PipelineNodes.AppendMissing(pipeline, present, missing.Name, missing.Dimension);
                continue;
            }
            using var frozen = no_grad();
            using var scope = NewDisposeScope();
            column.Tower.Use((model, own) =>
            {
                var graph = TowerGraph.Build(model, own, OnnxPipeline.Opset);
                var length = graph.Tensors.Sum(tensor => tensor.Length);
                if (length > OnnxExporter.LargestInside)
                    throw new NotSupportedException(
                        $"The weights of column '{column.Name}' take {length} bytes, but the ONNX file of a whole pipeline ends at 2 GiB. "
                        + "mlContext.Model.ConvertGentleClipToOnnx writes the column with its weights in a second file.");
                var values = side.ToDictionary(
                    output => output.Output.GraphName,
                    output => pipeline.AddColumn(output.Name, new VectorDataViewType(NumberDataViewType.Single, output.Dimension)));
                values.Add(OnnxNames.Features, features);
                PipelineNodes.Append(pipeline, graph, nameof(GentleClipTransformer), column.Name, values);
                return true;
            });
        }

        ModalityBinding BindingOf(TowerScorer tower) => schema.Bindings[schema.Columns.Index().First(column => column.Item.Tower == tower).Index];
    }
}
