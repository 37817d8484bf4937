namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>Operators and small pieces that the encoders share.</summary>
internal static class OnnxOperations
{
    public static string Add(this OnnxGraph graph, string a, string b) => graph.Node("Add", [a, b]);

    public static string Subtract(this OnnxGraph graph, string a, string b) => graph.Node("Sub", [a, b]);

    public static string Multiply(this OnnxGraph graph, string a, string b) => graph.Node("Mul", [a, b]);

    public static string Divide(this OnnxGraph graph, string a, string b) => graph.Node("Div", [a, b]);

    public static string MatrixProduct(this OnnxGraph graph, string a, string b) => graph.Node("MatMul", [a, b]);

    public static string Gelu(this OnnxGraph graph, string x)
    {
        if (!graph.HasOldOperators)
            return graph.Node("Gelu", [x]);
        var error = graph.Node("Erf", [graph.Multiply(x, graph.Number(Math.Sqrt(0.5)))]);
        return graph.Multiply(graph.Multiply(x, graph.Number(0.5)), graph.Add(error, graph.Number(1)));
    }

    public static string LeakyRelu(this OnnxGraph graph, string x, double slope) => graph.Node("LeakyRelu", [x], ("alpha", slope));

    public static string Cast(this OnnxGraph graph, string x, OnnxType type) => graph.Node("Cast", [x], ("to", (int)type));

    public static string Where(this OnnxGraph graph, string condition, string yes, string no) => graph.Node("Where", [condition, yes, no]);

    public static string Concatenate(this OnnxGraph graph, int axis, params string[] parts) => graph.Node("Concat", parts, ("axis", axis));

    public static string Gather(this OnnxGraph graph, string rows, string numbers) => graph.Node("Gather", [rows, numbers], ("axis", 0));

    public static string Unsqueeze(this OnnxGraph graph, string x, params long[] axes) => graph.Along("Unsqueeze", x, axes);

    public static string Squeeze(this OnnxGraph graph, string x, params long[] axes) => graph.Along("Squeeze", x, axes);

    public static string Transpose(this OnnxGraph graph, string x, params long[] order) => graph.Node("Transpose", [x], ("perm", order));

    /// <summary>A 0 keeps the size of that place, one -1 takes what is left.</summary>
    public static string Reshape(this OnnxGraph graph, string x, params long[] shape) => graph.Node("Reshape", [x, graph.Integers(shape)]);

    public static string Sum(this OnnxGraph graph, string x, long axis, bool keep = true) => graph.Along("ReduceSum", x, [axis], ("keepdims", keep ? 1 : 0));

    public static string Mean(this OnnxGraph graph, string x, bool keep, params long[] axes) => graph.Along("ReduceMean", x, axes, ("keepdims", keep ? 1 : 0));

    /// <summary>Lengths of the rows of a matrix, <c>[rows, 1]</c>.</summary>
    public static string Lengths(this OnnxGraph graph, string x) => graph.Along("ReduceL2", x, [1], ("keepdims", 1));

    /// <summary>Sizes from <paramref name="first"/> up to before <paramref name="end"/>.</summary>
    public static string Shape(this OnnxGraph graph, string x, int first, int end) => graph.Node("Shape", [x], ("start", first), ("end", end));

    /// <summary>The numbers 0, 1, ... up to a size of a value.</summary>
    public static string Range(this OnnxGraph graph, string x, int axis) =>
        graph.Node("Range", [graph.Integer(0), graph.Squeeze(graph.Shape(x, axis, axis + 1), 0), graph.Integer(1)]);

    /// <summary>A part of the last axis, or of another.</summary>
    public static string Slice(this OnnxGraph graph, string x, long start, long end, long axis) =>
        graph.Node("Slice", [x, graph.Integers(start), graph.Integers(end), graph.Integers(axis)]);

    /// <summary>A linear layer on matrices, <c>[rows, inputs]</c>.</summary>
    public static string Linear(this OnnxGraph graph, string x, string name) =>
        graph.Node("Gemm", [x, graph.Weight(name + ".weight"), graph.Weight(name + ".bias")], ("transB", 1));

    /// <summary>A linear layer on the last axis, <c>[..., inputs]</c>.</summary>
    public static string Dense(this OnnxGraph graph, string x, string name) =>
        graph.Add(graph.MatrixProduct(x, graph.TransposedWeight(name + ".weight")), graph.Weight(name + ".bias"));

    /// <summary>Layer normalisation of the last axis; with old operators of matrices only.</summary>
    public static string LayerNormalization(this OnnxGraph graph, string x, string name, double epsilon)
    {
        if (!graph.HasOldOperators)
            return graph.Node("LayerNormalization", [x, graph.Weight(name + ".weight"), graph.Weight(name + ".bias")], ("axis", -1), ("epsilon", epsilon));
        var centered = graph.Subtract(x, graph.Mean(x, keep: true, 1));
        var variance = graph.Mean(graph.Multiply(centered, centered), keep: true, 1);
        var normalized = graph.Divide(centered, graph.Node("Sqrt", [graph.Add(variance, graph.Number(epsilon))]));
        return graph.Add(graph.Multiply(normalized, graph.Weight(name + ".weight")), graph.Weight(name + ".bias"));
    }

    /// <summary>Batch normalisation by the running statistics, <c>[rows, channels, ...]</c>.</summary>
    public static string BatchNormalization(this OnnxGraph graph, string x, string name, double epsilon)
    {
        if (graph.Has(name + ".num_batches_tracked"))
            graph.Take(name + ".num_batches_tracked"); // a counter of the training
        return graph.Node("BatchNormalization", [x,
            .. ((string[])["weight", "bias", "running_mean", "running_var"]).Select(part => graph.Weight($"{name}.{part}"))], ("epsilon", epsilon));
    }

    /// <summary>Attention of queries, keys and values, <c>[batch, heads, length, width of a head]</c>; the same shape.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="query">Queries.</param>
    /// <param name="key">Keys.</param>
    /// <param name="value">Values.</param>
    /// <param name="mask">Added to the scores, <c>[batch, 1, 1, length]</c>; null for none.</param>
    /// <param name="headDimension">Width of a head.</param>
    public static string Attention(this OnnxGraph graph, string query, string key, string value, string? mask, int headDimension)
    {
        var scores = graph.MatrixProduct(graph.Multiply(query, graph.Number(1 / Math.Sqrt(headDimension))), graph.Transpose(key, 0, 1, 3, 2));
        if (mask is not null)
            scores = graph.Add(scores, mask);
        return graph.MatrixProduct(graph.Node("Softmax", [scores], ("axis", -1)), value);
    }

    /// <summary><c>[batch, heads, length, width / heads]</c> of <c>[batch, length, width]</c>.</summary>
    public static string SplitHeads(this OnnxGraph graph, string x, int heads, int headDimension) =>
        graph.Transpose(graph.Reshape(x, 0, 0, heads, headDimension), 0, 2, 1, 3);

    /// <summary><c>[batch, length, width]</c> of <c>[batch, heads, length, width / heads]</c>.</summary>
    public static string JoinHeads(this OnnxGraph graph, string x, int width) => graph.Reshape(graph.Transpose(x, 0, 2, 1, 3), 0, 0, width);

    /// <summary>What is added to attention scores: 0 at tokens, so much below at padding that nothing of it is left; <c>[batch, 1, 1, length]</c>.</summary>
    public static string ScoreMask(this OnnxGraph graph, string isToken) =>
        graph.Unsqueeze(graph.Where(isToken, graph.Number(0), graph.Number(-1e30)), 1, 2);

    /// <summary>Means over the positions of weight 1, <c>[batch, width]</c>, of <c>[batch, length, width]</c>; NaN without one.</summary>
    public static string MaskedMean(this OnnxGraph graph, string x, string weights) =>
        graph.Divide(graph.Squeeze(graph.MatrixProduct(graph.Unsqueeze(weights, 1), x), 1), graph.Sum(weights, 1));

    /// <summary>Makes rows NaN in which no position has weight 1.</summary>
    public static string NanWhereEmpty(this OnnxGraph graph, string rows, string weights)
    {
        var count = graph.Sum(weights, 1);
        return graph.Multiply(rows, graph.Divide(count, count));
    }

    // Axes are an input of the newer operators, an attribute of the older ones.
    private static string Along(
        this OnnxGraph graph, string operation, string x, long[] axes, params ReadOnlySpan<(string Name, object Value)> attributes) => graph.HasOldOperators
        ? graph.Node(operation, [x], [("axes", axes), .. attributes])
        : graph.Node(operation, [x, graph.Integers(axes)], attributes);
}
