using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// A <see cref="CdConvGraph"/> as tensors on the model's device: everything that depends only on coordinates, computed on the CPU once per batch, for
/// all stages. The tensors belong to the dispose scope it was built in.
/// </summary>
internal sealed class CdConvBatch
{
    /// <summary>Copies the arrays.</summary>
    /// <param name="graph">The chains.</param>
    /// <param name="edges">Of each stage.</param>
    /// <param name="options">Which input.</param>
    /// <param name="type">Of the model's weights.</param>
    /// <param name="device">Of the model's weights.</param>
    public CdConvBatch(CdConvGraph graph, IReadOnlyList<CdConvEdges> edges, CdConvOptions options, ScalarType type, Device device)
    {
        var residues = graph.Residues;
        Input = options.InputOrTypes switch
        {
            CdConvInput.Steps => tensor(residues.StructureInput(), [residues.Count, 6]).to(type, device),
            CdConvInput.LocalGeometry => tensor(LocalGeometry.Of(residues), [residues.Count, LocalGeometry.Count]).to(type, device),
            _ => tensor(graph.Codes()).to(device),
        };
        Stages = [.. edges.Select((own, stage) => new CdConvStage(own, Pooling(stage), type, device))];
        Readout = new CdConvMean(graph.ChainOfNode, graph.Chains.Count, type, device);

        CdConvMean? Pooling(int stage) => graph.Levels[stage].Groups is { } groups
            ? new CdConvMean(groups, graph.Levels[stage + 1].Nodes.Count, type, device)
            : null;
    }

    /// <summary>
    /// Residue codes, <c>[residues]</c>, int64; local geometry, <c>[residues, 11]</c>; or equation 12's vectors, <c>[residues, 6]</c>: as the options say.
    /// </summary>
    public Tensor Input { get; }

    /// <summary>Edges and pooling of each stage.</summary>
    public IReadOnlyList<CdConvStage> Stages { get; }

    /// <summary>Mean over the last stage's nodes of each chain.</summary>
    public CdConvMean Readout { get; }
}
