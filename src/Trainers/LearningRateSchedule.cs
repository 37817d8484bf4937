namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Linear warm-up from 0, then a cosine down to 0.</summary>
/// <param name="Peak">Learning rate at the end of the warm-up.</param>
/// <param name="TotalSteps">Steps of the whole training.</param>
/// <param name="WarmupFraction">Share of the steps that warm up.</param>
internal sealed record LearningRateSchedule(double Peak, int TotalSteps, double WarmupFraction)
{
    /// <summary>Learning rate of a zero-based step.</summary>
    public double At(int step)
    {
        var warmup = (int)Math.Ceiling(TotalSteps * WarmupFraction);
        if (step < warmup)
            return Peak * (step + 1) / warmup;
        var progress = (double)(step - warmup) / Math.Max(1, TotalSteps - warmup);
        return Peak * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, progress)));
    }
}
