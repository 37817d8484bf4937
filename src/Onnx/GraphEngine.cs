using System.Globalization;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>Opens graphs by the package that runs them, which tells this class how when it is loaded.</summary>
internal static class GraphEngine
{
    private static readonly Lock Gate = new();
    private static volatile Func<GraphContent, int, GraphSession>? _open;
    private static string? _problem;

    /// <summary>Why there is no engine, in a sentence; null where there is one. The package is loaded where the application has it.</summary>
    public static string? Problem
    {
        get
        {
            lock (Gate)
            {
                if (_open is null && _problem is null && (EncoderPackage.OnnxRuntime.TryLoad() is { } exception || _open is null))
                    _problem = $"The package {EncoderPackage.OnnxRuntime.Assembly}, which runs models by ONNX Runtime, is not part of this application; add "
                        + "it.";
                return _open is null ? _problem : null;
            }
        }
    }

    /// <summary>
    /// Threads that a graph gets: libtorch's number where libtorch is loaded; else that of <c>OMP_NUM_THREADS</c>, which libtorch would take, or one per
    /// processor.
    /// </summary>
    public static int Threads
    {
        get
        {
            if (TorchNativeLibrary.IsLoaded)
            {
                // A pool's thread may still have the number of a training that has leased one.
                ThreadCountLease.KeepOwnNumber();
                return Math.Clamp(torch.get_num_threads(), 1, Environment.ProcessorCount);
            }
            return int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), NumberStyles.None, CultureInfo.InvariantCulture, out var threads)
                && threads > 0
                ? Math.Min(threads, Environment.ProcessorCount)
                : Environment.ProcessorCount;
        }
    }

    /// <summary>Called by the package.</summary>
    /// <param name="open">Opens a graph with a number of threads.</param>
    public static void Register(Func<GraphContent, int, GraphSession> open) => _open = open;

    /// <summary>Opens a graph.</summary>
    /// <param name="graph">Its tensors are fetched now.</param>
    /// <param name="temporaryFolder">For a file that it goes through; null or empty for the system's.</param>
    /// <param name="largestInside">Bytes of weights from which on they go through a file.</param>
    /// <exception cref="InvalidOperationException">There is no engine, or it does not take the graph.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static GraphSession Open(OnnxGraph graph, string? temporaryFolder = null, long largestInside = OnnxExporter.LargestInside)
    {
        if (Problem is { } problem)
            throw new InvalidOperationException(problem);
        var bytes = graph.Tensors.Sum(tensor => tensor.Length);
        if (bytes <= largestInside)
            return _open!(new GraphContent(OnnxFile.ToBytes(graph, TowerMetadata.Version), null), Threads);
        // Protocol buffers end at 2 GiB, so larger ones come from files, which nobody needs once they are read.
        using var folder = new GraphFolder(temporaryFolder, bytes);
        var path = folder.Write(path => OnnxFile.Write(
            path, graph, new Dictionary<string, string>(), TowerMetadata.Version, largestInside, CancellationToken.None));
        return _open!(new GraphContent(null, path), Threads);
    }
}

/// <summary>A graph as a file of ONNX: in memory, or on disk for the time of a call.</summary>
/// <param name="Bytes">The file, or null.</param>
/// <param name="Path">Its name where <paramref name="Bytes"/> is null.</param>
internal sealed record GraphContent(byte[]? Bytes, string? Path);
