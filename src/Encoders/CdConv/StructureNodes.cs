using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>CDConv over neighbour lists that are given.</summary>
internal static class StructureNodes
{
    /// <summary>Declares the inputs, and features of chains, <c>[batch, channels of the last stage]</c>.</summary>
    public static string Append(OnnxGraph graph, CdConvOptions options, string prefix)
    {
        prefix += "network.";
        var x = Embed(graph, options, prefix);
        for (var stage = 0; stage < options.Channels.Count; stage++)
        {
            var inputs = StageInputs(graph, stage);
            for (var block = 0; block < CdConvNetwork.BlocksPerStage; block++)
                x = Block(graph, x, inputs, options, stage, FormattableString.Invariant($"{prefix}layers.{CdConvNetwork.BlocksPerStage * stage + block}."));
            var isLast = stage + 1 == options.Channels.Count;
            var groups = isLast
                ? graph.Input(StructureInputs.Chain, OnnxType.Int64, "chain of each node of the last stage", StructureInputs.Nodes(stage))
                : graph.Input(StructureInputs.Pooled(stage), OnnxType.Int64, "node of the next stage that a node becomes part of",
                    StructureInputs.Nodes(stage));
            var counts = isLast
                ? graph.Input(StructureInputs.ChainNodes, OnnxType.Int64, "number of nodes that a chain has at the last stage", OnnxNames.Batch)
                : graph.Input(StructureInputs.PooledNodes(stage), OnnxType.Int64, "number of nodes that became one", StructureInputs.Nodes(stage + 1));
            x = GroupMeans(graph, x, groups, counts, options.Channels[stage]);
        }
        return x;
    }

    private static string Embed(OnnxGraph graph, CdConvOptions options, string prefix)
    {
        if (options.InputOrTypes == CdConvInput.LocalGeometry)
        {
            var geometry = graph.Input(StructureInputs.LocalGeometry, OnnxType.Single,
                "distances i-1 to i+1, i-1 to i+2, i-2 to i+2, i-3 to i+3, less 6.0, 7.5, 9.2, 12.5 and over 0.6, 2.0, 2.8, 3.9 angstrom; cosine "
                + "and sine of the pseudo-torsion i-1 to i+2; for the distances and the torsion 1 where it is known, else 0",
                StructureInputs.Nodes(0), LocalGeometry.Count);
            return graph.Linear(geometry, prefix + "geometry");
        }
        if (options.InputOrTypes == CdConvInput.ResidueTypes)
        {
            var residues = graph.Input(StructureInputs.Residues, OnnxType.Int64, "residue types, positions in ACDEFGHIKLMNPQRSTVWYX", StructureInputs.Nodes(0));
            return graph.Gather(graph.Weight(prefix + "embedding.weight"), residues);
        }
        var steps = graph.Input(StructureInputs.Steps, OnnxType.Single,
            "vectors to the previous and to the next alpha carbon of the chain, in angstrom; zeros past its ends", StructureInputs.Nodes(0), 6);
        var x = graph.Linear(steps, prefix + "structure");
        return graph.Concatenate(1, x, graph.Multiply(x, graph.Number(0))); // training has noise there, of mean 0
    }

    private static (string Neighbours, string Offsets, string Geometry, string Fading) StageInputs(OnnxGraph graph, int stage)
    {
        var (nodes, width) = (StructureInputs.Nodes(stage), StructureInputs.Width(stage));
        return (
            graph.Input(StructureInputs.Neighbours(stage), OnnxType.Int64,
                "nodes of the same chain within the radius, the node itself among them; any node where there is none", nodes, width),
            graph.Input(StructureInputs.Offsets(stage), OnnxType.Int64,
                "offset along the sequence, cut to the kernel's, plus half of the kernel size", nodes, width),
            graph.Input(StructureInputs.Geometry(stage), OnnxType.Single,
                "unit vector to the neighbour in the node's frame, cosines between their frames' axes, distance in angstrom", nodes, width,
                CdConvEdges.FeatureCount),
            graph.Input(StructureInputs.Fading(stage), OnnxType.Single,
                "factor of the neighbour, smaller towards the radius; 0 where there is none", nodes, width));
    }

    private static string Block(OnnxGraph graph, string x, (string, string, string, string) stage, CdConvOptions options, int number, string name)
    {
        var width = options.WidthOf(options.Channels[number]);
        var shortcut = graph.Has(name + "identity.module.3.weight") ? Path(graph, x, name + "identity.module.") : x;
        var main = Convolve(graph, Path(graph, x, name + "input.module."), stage, options, width, name + "conv.");
        return graph.Add(Path(graph, main, name + "output.module."), shortcut);
    }

    private static string Path(OnnxGraph graph, string x, string name)
    {
        x = graph.MatrixProduct(Activated(x, "0"), graph.TransposedWeight(name + "3.weight"));
        return graph.Has(name + "4.weight") ? Activated(x, "4") : x;

        string Activated(string value, string layer) =>
            graph.LeakyRelu(graph.BatchNormalization(value, name + layer, BatchNormalization.Epsilon), CdConvPath.Slope);
    }

    private static string Convolve(OnnxGraph graph, string x, (string Neighbours, string Offsets, string Geometry, string Fading) stage,
        CdConvOptions options, int width, string name)
    {
        // Each neighbour has the weight network of its offset: [nodes, width of the lists, 1, numbers] times [nodes, width of the lists, numbers, outputs].
        var kernel = graph.Unsqueeze(stage.Geometry, 2);
        for (var layer = 0; layer < options.KernelChannels.Count; layer++)
        {
            var (weights, biases) = (FormattableString.Invariant($"{name}WeightNet.Ws.{layer}"), FormattableString.Invariant($"{name}WeightNet.bs.{layer}"));
            kernel = graph.MatrixProduct(kernel, graph.Gather(graph.Weight(weights), stage.Offsets));
            kernel = graph.LeakyRelu(graph.Add(kernel, graph.Unsqueeze(graph.Gather(graph.Weight(biases), stage.Offsets), 2)), CdConvWeightNet.Slope);
        }
        kernel = graph.Multiply(graph.Squeeze(kernel, 2), graph.Unsqueeze(stage.Fading, 2));
        var sums = graph.MatrixProduct(graph.Transpose(kernel, 0, 2, 1), graph.Gather(x, stage.Neighbours));
        return graph.MatrixProduct(graph.Reshape(sums, 0, (long)options.KernelChannels[^1] * width), graph.Weight(name + "W"));
    }

    // A group without nodes gives zeros.
    private static string GroupMeans(OnnxGraph graph, string x, string groups, string counts, long channels)
    {
        var shape = graph.Concatenate(0, graph.Shape(counts, 0, 1), graph.Integers(channels));
        var zeros = graph.Node("Expand", [graph.Number(0), shape]);
        var targets = graph.Node("Expand", [graph.Unsqueeze(groups, 1), graph.Shape(x, 0, 2)]);
        var sums = graph.Node("ScatterElements", [zeros, targets, x], ("axis", 0), ("reduction", "add"));
        var sizes = graph.Node("Max", [graph.Cast(counts, OnnxType.Single), graph.Number(1)]);
        return graph.Divide(sums, graph.Unsqueeze(sizes, 1));
    }
}
