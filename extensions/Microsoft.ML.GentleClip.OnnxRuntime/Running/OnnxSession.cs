using Microsoft.ML.OnnxRuntime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>
/// An open graph. Networks of one content share it, however many there are (a training makes several): each takes it by <see cref="Open"/> and gives it back by
/// <see cref="Dispose"/>. Runs may be concurrent.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(string Sha256, int Threads), Shared> OpenOnes = [];

    private readonly Shared _shared;
    private int _isDisposed;

    private OnnxSession(Shared shared) => _shared = shared;

    /// <summary>The graph; valid until <see cref="Dispose"/>.</summary>
    public InferenceSession Session => _shared.Session;

    /// <summary>Opens a graph, or takes the open one.</summary>
    /// <param name="content">What to open.</param>
    /// <exception cref="InvalidDataException">ONNX Runtime does not take it.</exception>
    public static OnnxSession Open(OnnxContent content)
    {
        var threads = Math.Clamp(torch.get_num_threads(), 1, Environment.ProcessorCount);
        lock (Gate)
        {
            var key = (content.Sha256, threads);
            if (!OpenOnes.TryGetValue(key, out var shared))
                OpenOnes.Add(key, shared = new Shared(key, Create(content, threads)));
            shared.Users++;
            return new OnnxSession(shared);
        }
    }

    /// <summary>Sessions that are open; for tests.</summary>
    public static int Count
    {
        get
        {
            lock (Gate)
                return OpenOnes.Count;
        }
    }

    /// <summary>Closes the graph with the last of its users.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        lock (Gate)
        {
            if (--_shared.Users > 0)
                return;
            OpenOnes.Remove(_shared.Key);
        }
        _shared.Session.Dispose();
    }

    private static InferenceSession Create(OnnxContent content, int threads)
    {
        using var options = SessionSettings.Create(threads);
        try
        {
            return content.Facts.WeightFiles.Count == 0 ? new InferenceSession(content.Bytes, options) : new InferenceSession(content.Path, options);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InvalidDataException($"{content.Path}: ONNX Runtime {OrtVersion} does not take this model: {exception.Message}", exception);
        }
    }

    private static string OrtVersion => OrtEnv.Instance().GetVersionString();

    private sealed class Shared((string, int) key, InferenceSession session)
    {
        public (string, int) Key => key;

        public InferenceSession Session => session;

        public int Users { get; set; }
    }
}
