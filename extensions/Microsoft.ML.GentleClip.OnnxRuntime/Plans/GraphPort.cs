using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>An input or output of a graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsTensor">Whether it is an array at all.</param>
/// <param name="Type">Of its numbers.</param>
/// <param name="Shape">Sizes; -1 where any is taken.</param>
/// <param name="Symbols">Names of sizes that are not fixed.</param>
internal sealed record GraphPort(string Name, bool IsTensor, TensorElementType Type, int[] Shape, string[] Symbols)
{
    /// <summary>Number of sizes.</summary>
    public int Rank => Shape.Length;

    /// <summary>Samples of a run, where the graph wants a fixed number.</summary>
    public int? FixedBatch => Rank > 0 && Shape[0] > 0 ? Shape[0] : null;

    /// <summary>The ports of one side of a graph.</summary>
    public static IReadOnlyList<GraphPort> Of(IReadOnlyDictionary<string, NodeMetadata> ports) =>
        [.. ports.Select(port => port.Value.IsTensor
            ? new GraphPort(port.Key, true, port.Value.ElementDataType, port.Value.Dimensions, port.Value.SymbolicDimensions)
            : new GraphPort(port.Key, false, default, [], []))];

    /// <summary>Name, type and shape, for messages.</summary>
    public override string ToString() => IsTensor
        ? $"'{Name}' ({Type} [{string.Join(", ", Shape.Select((size, i) => size > 0 ? $"{size}" : Symbols[i].Length > 0 ? Symbols[i] : "?"))}])"
        : $"'{Name}' (no array)";
}
