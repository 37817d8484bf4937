namespace Experiments.Running;

/// <summary>What something took.</summary>
/// <param name="WallSeconds">On the clock on the wall; what ran side by side shares it.</param>
/// <param name="ProcessorSeconds">Of all processors together, which other programs on the machine do not lengthen.</param>
internal readonly record struct ComputingTime(double WallSeconds, double ProcessorSeconds)
{
    public static ComputingTime operator +(ComputingTime left, ComputingTime right) =>
        new(left.WallSeconds + right.WallSeconds, left.ProcessorSeconds + right.ProcessorSeconds);
}
