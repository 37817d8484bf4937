using System.Globalization;
using Microsoft.ML.GentleClip;

namespace ProteinTasks.Pretraining;

/// <summary>Sizes of encoders, batches and crops, equal for all methods.</summary>
internal sealed record Settings
{
    public static readonly Settings Full = new();

    public static readonly Settings Tiny = new()
    {
        Steps = 6,
        Pairs = 8,
        Crop = 48,
        EmbeddingDimension = 16,
        SequenceWidths = [32],
        TuningSteps = 8,
        Channels = [16, 32],
        Radii = [8, 12],
        MinimumPositives = 2,
    };

    /// <summary>For a GPU.</summary>
    public static readonly Settings Large = new()
    {
        Steps = 1500,
        Pairs = 128,
        Crop = 256,
        EmbeddingDimension = 128,
        SequenceWidths = [512, 512],
        TuningSteps = 1000,
        Channels = [64, 128, 256],
        LearningRate = 5e-4,
    };

    /// <summary>Optimiser steps of every trained method.</summary>
    public int Steps { get; init; } = 200;

    /// <summary>Pairs in a batch; methods with unpaired rows see as many of those of each modality beside them.</summary>
    public int Pairs { get; init; } = 32;

    /// <summary>Longest crop in training, in residues.</summary>
    public int Crop { get; init; } = 128;

    public int EmbeddingDimension { get; private init; } = 64;

    public IReadOnlyList<int> SequenceWidths { get; private init; } = [256, 256];

    public IReadOnlyList<int> Channels { get; private init; } = [16, 32, 64];

    public IReadOnlyList<double> Radii { get; private init; } = [8, 12, 16];

    public double LearningRate { get; private init; } = 2e-3;

    /// <summary>Optimiser steps of a fine-tuning; half of them are a row of their own.</summary>
    public int TuningSteps { get; init; } = 160;

    /// <summary>Rows in a batch of a fine-tuning.</summary>
    public int TuningBatch { get; private init; } = 16;

    /// <summary>Training domains of a fold that the fold tasks take at most.</summary>
    public int DomainsOfFold { get; init; } = 10;

    /// <summary>Where encoders train and embed; rounding differs between them, so that it is part of what a model depends on.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The GPU's number for a model that is loaded; null on the CPU.</summary>
    public int? GpuDeviceId => Device == "cpu" ? null : Device.Split(':') is [_, var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 0;

    /// <summary>Labels that fewer training chains have are left out.</summary>
    public int MinimumPositives { get; private init; } = 10;

    // Models in a cache that were pretrained with another default are others.
    private static string Beside => ProteinWindowOptions.Defaults.KeepStatistics ? " and statistics" : "";

    /// <summary>All that changes a pretrained model, as text.</summary>
    public string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"{Steps} steps, {Pairs} pairs, crops of {Crop}, {EmbeddingDimension} slots, windows {string.Join(' ', SequenceWidths)}{Beside}, CDConv "
            + $"{string.Join(' ', Channels)} within {string.Join(' ', Radii)}, learning rate {LearningRate}, on {Device}");
}
