using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Another group, with the processor time that its calls take: a process that waits for others may spin.</summary>
internal sealed partial class MeasuredGroup(ProcessGroup group) : ProcessGroup
{
    private const int ThreadClock = 3, ProcessClock = 2; // CLOCK_THREAD_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID of Linux

    public override int Rank => group.Rank;

    public override int Size => group.Size;

    /// <summary>Processor time within calls.</summary>
    public double Seconds { get; private set; }

    /// <summary>Bytes that this rank gave to calls.</summary>
    public long Sent { get; private set; }

    /// <summary>Processor time of the whole process so far.</summary>
    public static double ProcessSeconds => Read(ProcessClock);

    public override void AllGather(ReadOnlySpan<byte> own, Span<byte> all, string purpose)
    {
        var start = Begin(own.Length);
        group.AllGather(own, all, purpose);
        Seconds += Read(ThreadClock) - start;
    }

    public override void AllToAll(ReadOnlySpan<byte> parts, Span<byte> received, string purpose)
    {
        var start = Begin(parts.Length);
        group.AllToAll(parts, received, purpose);
        Seconds += Read(ThreadClock) - start;
    }

    public override void Broadcast(Span<byte> data, int root, string purpose)
    {
        var start = Begin(root == Rank ? data.Length : 0);
        group.Broadcast(data, root, purpose);
        Seconds += Read(ThreadClock) - start;
    }

    public override void Barrier(string purpose) => group.Barrier(purpose);

    public override void Abort(string reason) => group.Abort(reason);

    private double Begin(int bytes)
    {
        Sent += bytes;
        return Read(ThreadClock);
    }

    private static double Read(int clock)
    {
        _ = GetTime(clock, out var time);
        return time.Seconds + time.Nanoseconds * 1e-9;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
