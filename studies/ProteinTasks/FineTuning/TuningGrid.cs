using System.Globalization;
using Microsoft.ML.GentleClip;
using ProteinTasks.Pretraining;

namespace ProteinTasks.FineTuning;

/// <summary>How a fine-tuning is set.</summary>
/// <param name="HeadRate">Learning rate of the head.</param>
/// <param name="EncoderShare">The encoders' learning rate in shares of it.</param>
/// <param name="Dropout">Of the features.</param>
internal sealed record TuningSetting(double HeadRate, double EncoderShare, double Dropout)
{
    /// <summary>What the study is run with: rates that came out best on the validation domains, from the solved head.</summary>
    public static readonly TuningSetting Study = new(1e-2, 0.3, 0.1);

    /// <summary>The same from the prior.</summary>
    public static readonly TuningSetting FromPrior = Study with { Head = HeadInitialization.Prior };

    /// <summary>The library's default rates.</summary>
    public static readonly TuningSetting Library = Study with { HeadRate = OptimizerOptions.Defaults.LearningRate, EncoderShare = 1 };

    /// <summary>What the head begins with.</summary>
    public HeadInitialization Head { get; init; } = HeadInitialization.LinearProbe;

    /// <summary>Of the solved head; null for the default.</summary>
    public double? Regularization { get; init; }

    /// <summary>Whether only the head is fitted.</summary>
    public bool IsFrozen { get; init; }

    public override string ToString()
    {
        string rates = string.Create(CultureInfo.InvariantCulture, $"rate {HeadRate:g}, encoders {EncoderShare:g} of it");
        return Head == HeadInitialization.Prior
            ? string.Create(CultureInfo.InvariantCulture, $"{rates}, dropout {Dropout:g}")
            : $"solved head, regularisation {Regularization?.ToString("g", CultureInfo.InvariantCulture) ?? "by default"}, "
                + (IsFrozen ? "frozen" : string.Create(CultureInfo.InvariantCulture, $"{rates}, dropout {Dropout:g}"));
    }
}

/// <summary>Settings to compare on the validation domains, which no table of the study reads.</summary>
internal static class TuningGrid
{
    /// <summary>Encoders that they are compared with.</summary>
    public static readonly string[] Presets = [Method.Untrained, Method.ClipHalf];

    /// <summary>From the prior: rates first, then dropout at the rates that have come out.</summary>
    public static readonly TuningSetting[] Settings =
    [
        .. from rate in new[] { 1e-2, 3e-3, 1e-3 } from share in new[] { 0.1, 0.3, 1 }
            select TuningSetting.FromPrior with { HeadRate = rate, EncoderShare = share },
        .. from dropout in new[] { 0, 0.3, 0.5 } select TuningSetting.FromPrior with { Dropout = dropout },
    ];

    /// <summary>From the solved head: rates, beside the head by itself and the prior; then regularisations of the head by itself.</summary>
    public static readonly TuningSetting[] HeadSettings =
    [
        TuningSetting.Study with { IsFrozen = true },
        .. from rates in new[] { (1e-3, 0.1), (1e-3, 1), (3e-3, 0.3), (3e-3, 1), (1e-2, 0.1), (1e-2, 0.3) }
            select TuningSetting.Study with { HeadRate = rates.Item1, EncoderShare = rates.Item2 },
        TuningSetting.FromPrior,
        .. from regularization in new[] { 1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4 }
            select TuningSetting.Study with { Regularization = regularization, IsFrozen = true },
    ];
}
