using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>How an objective's weight rises from 0 to its full value, in shares of a training's steps; linear between the ends.</summary>
public sealed record WeightRamp
{
    private readonly double _start = 0.1;
    private readonly double _end = 0.4;

    /// <summary>Share of the steps before the objective counts at all, 0 to 1; until then it is not computed. Default 0.1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Start
    {
        get => _start;
        init => _start = Check.InRange(value, 0, 1, nameof(Start));
    }

    /// <summary>Share of the steps after which it counts fully, 0 to 1; up to <see cref="Start"/> there is no ramp between. Default 0.4.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double End
    {
        get => _end;
        init => _end = Check.InRange(value, 0, 1, nameof(End));
    }

    /// <summary>The factor at a step, 0 to 1.</summary>
    internal double At(int step, int numberOfSteps)
    {
        var progress = (double)step / numberOfSteps;
        if (progress < Start)
            return 0;
        return End <= Start ? 1 : Math.Min(1, (progress - Start) / (End - Start));
    }
}
