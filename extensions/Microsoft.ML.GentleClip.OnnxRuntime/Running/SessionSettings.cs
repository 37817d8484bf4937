using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>How every session of ONNX Runtime here runs: one operation after the other, on a stated number of threads that do not spin.</summary>
internal static class SessionSettings
{
    /// <summary>Options of a session; the caller's.</summary>
    /// <param name="threads">Threads of a run.</param>
    public static SessionOptions Create(int threads)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            EnableMemoryPattern = false, // a plan of memory would be kept for every set of lengths that ever came
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Threads that spin between two runs would take the cores from torch, and from whoever reads the rows.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        return options;
    }
}
