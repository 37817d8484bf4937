using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>Puts graphs into the one that ML.NET's own export builds.</summary>
internal static class PipelineNodes
{
    /// <summary>Appends a graph.</summary>
    /// <param name="pipeline">ML.NET's graph.</param>
    /// <param name="graph">Written for <see cref="OnnxPipeline.Opset"/>; its tensors must live.</param>
    /// <param name="step">The step that it belongs to, for errors.</param>
    /// <param name="prefix">Of the names of its values.</param>
    /// <param name="values">The pipeline's values that its inputs and outputs stand for, by their names.</param>
    /// <exception cref="ArgumentOutOfRangeException">The pipeline is written in a version of the operators that is too old for it.</exception>
    public static void Append(OnnxPipeline pipeline, OnnxGraph graph, string step, string prefix, IReadOnlyDictionary<string, string> values)
    {
        pipeline.CheckOpset(OnnxOpset.OldestOf(graph), step);
        var names = values.ToDictionary(StringComparer.Ordinal);
        foreach (var tensor in graph.Tensors)
            names.Add(tensor.Name, pipeline.AddConstant($"{prefix}.{tensor.Name}", tensor.Shape, Values(tensor)));
        foreach (var node in graph.Nodes)
        {
            foreach (var output in node.Outputs.Where(output => !names.ContainsKey(output)))
                names.Add(output, pipeline.AddValue($"{prefix}.{output}"));
            pipeline.AddNode(
                node.Operation, $"{prefix}.{node.Name}", node.Inputs.Select(name => names[name]), node.Outputs.Select(name => names[name]), node.Attributes);
        }
    }

    /// <summary>A column of numbers as float32 <c>[batch, width]</c>, whatever shape and precision it has.</summary>
    public static string Features(OnnxPipeline pipeline, DataViewSchema.Column column, string prefix)
    {
        var value = pipeline.Column(column.Name);
        if ((column.Type is VectorDataViewType vector ? vector.ItemType : column.Type) == NumberDataViewType.Double)
            value = Node("Cast", ("to", (int)OnnxType.Single));
        if (column.Type is VectorDataViewType { Dimensions.Length: > 1 })
            value = Node("Flatten", ("axis", 1));
        return value;

        string Node(string operation, (string, object) attribute)
        {
            var output = pipeline.AddValue($"{prefix}.{column.Name}.{operation}");
            pipeline.AddNode(operation, output, [value], [output], [attribute]);
            return output;
        }
    }

    /// <summary>A column that is NaN in every slot of every row.</summary>
    /// <param name="pipeline">ML.NET's graph.</param>
    /// <param name="rows">A value of numbers <c>[batch, width]</c>, which says how many rows there are.</param>
    /// <param name="name">Name of the column.</param>
    /// <param name="dimension">Its width.</param>
    public static void AppendMissing(OnnxPipeline pipeline, string rows, string name, int dimension)
    {
        // NaN plus anything is NaN; the sum has a number per row.
        var sums = pipeline.AddValue($"{name}.rows");
        pipeline.AddNode("ReduceSum", sums, [rows], [sums], [("axes", new long[] { 1 }), ("keepdims", 1)]);
        var missing = pipeline.AddConstant($"{name}.missing", [1, dimension], Enumerable.Repeat(float.NaN, dimension).ToArray());
        var output = pipeline.AddColumn(name, new VectorDataViewType(NumberDataViewType.Single, dimension));
        pipeline.AddNode("Add", $"{name}.absent", [sums, missing], [output], []);
    }

    private static Array Values(OnnxTensor tensor)
    {
        using var stream = new MemoryStream(checked((int)tensor.Length));
        tensor.Write(stream);
        var bytes = stream.GetBuffer().AsSpan(0, (int)stream.Length);
        return tensor.Type switch
        {
            OnnxType.Single => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
            OnnxType.Double => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
            OnnxType.Int64 => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
            _ => throw new NotSupportedException($"Constants of type {tensor.Type} are not part of ML.NET's graphs."),
        };
    }
}
