using System.Globalization;
using ProteinTasks.Pretraining;

namespace ProteinTasks.FineTuning;

/// <summary>How a fine-tuning is set.</summary>
/// <param name="HeadRate">Learning rate of the head.</param>
/// <param name="EncoderShare">The encoders' learning rate in shares of it.</param>
/// <param name="Dropout">Of the features.</param>
internal sealed record TuningSetting(double HeadRate, double EncoderShare, double Dropout)
{
    /// <summary>What the study is run with.</summary>
    public static readonly TuningSetting Study = new(1e-2, 0.3, 0.1);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"rate {HeadRate:g}, encoders {EncoderShare:g} of it, dropout {Dropout:g}");
}

/// <summary>Settings to compare on the validation domains, which no table of the study reads.</summary>
internal static class TuningGrid
{
    /// <summary>Encoders that they are compared with.</summary>
    public static readonly string[] Presets = [Method.Untrained, Method.ClipHalf];

    /// <summary>Rates first, then dropout at the rates that have come out.</summary>
    public static readonly TuningSetting[] Settings =
    [
        .. from rate in new[] { 1e-2, 3e-3, 1e-3 } from share in new[] { 0.1, 0.3, 1 } select new TuningSetting(rate, share, 0.1),
        .. from dropout in new[] { 0, 0.3, 0.5 } select new TuningSetting(1e-2, 0.3, dropout),
    ];
}
