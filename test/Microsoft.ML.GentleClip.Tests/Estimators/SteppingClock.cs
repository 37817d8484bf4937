namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>A clock on which as much time has passed at each reading: the same figures on every machine.</summary>
internal sealed class SteppingClock(TimeSpan step) : TimeProvider
{
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Add(ref _now, step.Ticks);
}
