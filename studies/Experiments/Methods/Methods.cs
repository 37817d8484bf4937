using Experiments.Configuration;
using Microsoft.ML.GentleClip;

namespace Experiments.Methods;

/// <summary>Makes the method that a configuration names.</summary>
internal static class Methods
{
    /// <summary>The baseline that uses unpaired rows for the principal components alone.</summary>
    public const string Linear = "linear";

    /// <param name="experiment">Steps, threads and common options.</param>
    /// <param name="config">The method.</param>
    /// <param name="candidate">Number of the candidate whose options are added; null for none.</param>
    /// <exception cref="ConfigurationException">There is no such preset or baseline, or an option is wrong.</exception>
    public static IMethod Create(ExperimentConfig experiment, MethodConfig config, int? candidate = null)
    {
        var at = $"{experiment.File}: method \"{config.Name}\"";
        if (config.Baseline is { } baseline)
            return baseline == Linear ? CreateLinear(experiment, config)
                : throw new ConfigurationException($"{at}: baseline: expected {Linear}, found \"{baseline}\".");

        var (options, encoder) = Options(experiment, config, at);
        if (candidate is { } number)
            encoder = config.Candidates[number].Apply(options, encoder);
        var reference = experiment.Methods.First(method => method.Name == experiment.Baseline);
        return new GentleClipMethod(
            options, encoder, config.Steps ?? experiment.Steps, experiment,
            reference.Preset is null ? GentleClipMethod.FixedPairs(options) : GentleClipMethod.FixedPairs(Options(experiment, reference, at).Options));
    }

    // Canonical correlation of the pairs with a ridge, on principal components of all rows: the closed form without what makes it more. The common options are
    // not for it: they are of towers, and a narrow embedding would cut its space.
    private static GentleClipMethod CreateLinear(ExperimentConfig experiment, MethodConfig config)
    {
        var options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
        options.ClosedForm = options.ClosedForm! with { Method = ClosedFormMethod.Linear, Spectral = ClosedFormPart.Off, Smoothing = false };
        var encoder = config.Options.Apply(options, new VectorEncoderOptions());
        return new GentleClipMethod(options, encoder, 1, experiment, GentleClipMethod.FixedPairs(options));
    }

    private static (GentleClipOptions Options, VectorEncoderOptions Encoder) Options(ExperimentConfig experiment, MethodConfig config, string at)
    {
        // Enum.TryParse takes numbers as well.
        if (!Enum.GetNames<GentleClipPreset>().Contains(config.Preset))
            throw new ConfigurationException(
                $"{at}: preset: expected one of {string.Join(", ", Enum.GetNames<GentleClipPreset>())}, found \"{config.Preset}\".");
        var options = GentleClipOptions.FromPreset(Enum.Parse<GentleClipPreset>(config.Preset!));
        var encoder = experiment.Common.Apply(options, new VectorEncoderOptions());
        return (options, config.Options.Apply(options, encoder));
    }
}
