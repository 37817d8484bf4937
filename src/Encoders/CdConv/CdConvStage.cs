using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A stage's <see cref="CdConvEdges"/> as tensors on the model's device, and how its nodes are pooled for the next stage.</summary>
internal sealed class CdConvStage
{
    /// <summary>Copies the arrays into the caller's dispose scope.</summary>
    /// <param name="edges">Neighbourhoods of the stage.</param>
    /// <param name="groups">For each node the one of the next stage that it goes to; null at the last stage.</param>
    /// <param name="type">Of the features.</param>
    /// <param name="device">Of the model.</param>
    public CdConvStage(CdConvEdges edges, CdConvMean? groups, ScalarType type, Device device)
    {
        Features = tensor(edges.Features, [edges.Smoothing.Length, CdConvEdges.FeatureCount]).to(type, device);
        Smoothing = tensor(edges.Smoothing, [edges.Smoothing.Length, 1]).to(type, device);
        SlotOfEdge = tensor(edges.SlotOfEdge).to(device);
        SourceOfSlot = tensor(edges.SourceOfSlot).to(device);
        RowOfNode = tensor(edges.RowOfNode).to(device);
        (EdgesOfOffset, Buckets, Pooling) = (edges.EdgesOfOffset, edges.Buckets, groups);
    }

    /// <summary><c>[edges, 7]</c>, in runs of one offset.</summary>
    public Tensor Features { get; }

    /// <summary><c>[edges, 1]</c>.</summary>
    public Tensor Smoothing { get; }

    /// <summary><c>[edges]</c>.</summary>
    public Tensor SlotOfEdge { get; }

    /// <summary><c>[slots]</c>.</summary>
    public Tensor SourceOfSlot { get; }

    /// <summary><c>[nodes]</c>.</summary>
    public Tensor RowOfNode { get; }

    /// <summary>Length of each offset's run.</summary>
    public IReadOnlyList<long> EdgesOfOffset { get; }

    /// <summary>Nodes and slots a node of each bucket.</summary>
    public IReadOnlyList<(int Nodes, int Capacity)> Buckets { get; }

    /// <summary>Mean over the nodes that become one at the next stage, or null.</summary>
    public CdConvMean? Pooling { get; }
}
