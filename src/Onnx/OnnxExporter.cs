using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>Writes one side of a model as an ONNX file.</summary>
internal static class OnnxExporter
{
    /// <summary>Most bytes of weights inside a file by default: protocol buffers end at 2 GiB.</summary>
    public const long LargestInside = 2_000_000_000;

    /// <summary>Writes the graph of a side.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="model">The model; must live meanwhile.</param>
    /// <param name="side">Its side.</param>
    /// <param name="largestInside">Bytes of weights from which on they go to a second file.</param>
    /// <param name="cancellationToken">Looked at before each weight.</param>
    /// <exception cref="NotSupportedException">The encoder is of a kind that cannot be written.</exception>
    public static void Write(string path, TwoTowerModel model, Side side, long largestInside, CancellationToken cancellationToken)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var graph = TowerGraph.Build(model, side);
        var metadata = TowerMetadata.Of(model.Spec, side);
        OnnxFile.Write(path, graph, metadata, metadata[TowerMetadata.LibraryVersion], largestInside, cancellationToken);
    }
}
