using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Chains: all of a batch as one graph without edges between them, with a neighbour list for each node of each stage.</summary>
internal sealed class StructurePreparation(CdConvOptions options) : BatchPreparation<StructureBatch>
{
    /// <inheritdoc/>
    public override IReadOnlyList<OnnxInput> Prepare(StructureBatch batch)
    {
        var graph = CdConvGraph.Of(batch.Chains, options);
        var residues = graph.Residues;
        var inputs = new List<OnnxInput>
        {
            options.InputOrTypes switch
            {
                CdConvInput.Steps => new(StructureInputs.Steps, Array.ConvertAll(residues.StructureInput(), value => (float)value), residues.Count, 6),
                CdConvInput.LocalGeometry => new(StructureInputs.LocalGeometry, Array.ConvertAll(LocalGeometry.Of(residues), value => (float)value),
                    residues.Count, LocalGeometry.Count),
                _ => new(StructureInputs.Residues, graph.Codes(), residues.Count),
            },
        };
        foreach (var (stage, level) in graph.Levels.Index())
        {
            AddLists(inputs, level, stage);
            if (level.Groups is { } groups)
                AddGroups(inputs, StructureInputs.Pooled(stage), StructureInputs.PooledNodes(stage), groups, graph.Levels[stage + 1].Nodes.Count);
            else
                AddGroups(inputs, StructureInputs.Chain, StructureInputs.ChainNodes, graph.ChainOfNode, graph.Chains.Count);
        }
        return inputs;
    }

    private void AddLists(List<OnnxInput> inputs, CdConvLevel level, int stage)
    {
        var (radius, span) = (options.Radii[stage], options.SequentialKernelSize / 2);
        var nodes = level.Nodes;
        var starts = level.Neighbours.Starts;
        var sources = level.Neighbours.Sources;
        var width = 0;
        for (var i = 0; i < nodes.Count; i++)
            width = Math.Max(width, starts[i + 1] - starts[i]);
        var geometry = new float[Length(nodes.Count, width, CdConvEdges.FeatureCount)];
        var slots = nodes.Count * width;
        var (lists, offsets, fading) = (new long[slots], new long[slots], new float[slots]);
        Span<double> features = stackalloc double[CdConvEdges.FeatureCount];
        for (var i = 0; i < nodes.Count; i++)
        {
            lists.AsSpan(i * width, width).Fill(i); // where there is no neighbour
            for (var e = starts[i]; e < starts[i + 1]; e++)
            {
                var slot = i * width + e - starts[i];
                var offset = CdConvEdges.Offset(nodes, i, sources[e], span);
                var distance = CdConvEdges.Describe(nodes, i, sources[e], features);
                (lists[slot], offsets[slot], fading[slot]) = (sources[e], offset + span, (float)CdConvEdges.Fade(distance, radius, offset, span));
                for (var c = 0; c < features.Length; c++)
                    geometry[slot * CdConvEdges.FeatureCount + c] = (float)features[c];
            }
        }
        inputs.Add(new(StructureInputs.Neighbours(stage), lists, nodes.Count, width));
        inputs.Add(new(StructureInputs.Offsets(stage), offsets, nodes.Count, width));
        inputs.Add(new(StructureInputs.Geometry(stage), geometry, nodes.Count, width, CdConvEdges.FeatureCount));
        inputs.Add(new(StructureInputs.Fading(stage), fading, nodes.Count, width));
    }

    private static void AddGroups(List<OnnxInput> inputs, string name, string countsName, long[] groups, int count)
    {
        var counts = new long[count];
        foreach (var group in groups)
            counts[group]++;
        inputs.Add(new(name, groups, groups.Length));
        inputs.Add(new(countsName, counts, count));
    }
}
