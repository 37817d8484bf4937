using Experiments.Configuration;
using Microsoft.ML.GentleClip;

namespace Experiments.Methods;

/// <summary>Makes the method that a configuration names.</summary>
internal static class Methods
{
    /// <param name="experiment">Steps, threads and common options.</param>
    /// <param name="config">The method.</param>
    /// <param name="candidate">Number of the candidate whose options are added; null for none.</param>
    /// <exception cref="ConfigurationException">There is no such preset or baseline, or an option is wrong.</exception>
    public static IMethod Create(ExperimentConfig experiment, MethodConfig config, int? candidate = null)
    {
        var at = $"{experiment.File}: method \"{config.Name}\"";
        if (config.Baseline is { } baseline)
            return baseline == LinearMethod.Name ? new LinearMethod()
                : throw new ConfigurationException($"{at}: baseline: expected {LinearMethod.Name}, found \"{baseline}\".");

        var (options, encoder) = Options(experiment, config, at);
        if (candidate is { } number)
            encoder = config.Candidates[number].Apply(options, encoder);
        var reference = experiment.Methods.First(method => method.Name == experiment.Baseline);
        return new GentleClipMethod(
            options, encoder, config.Steps ?? experiment.Steps, experiment,
            reference.Preset is null ? GentleClipMethod.FixedPairs(options) : GentleClipMethod.FixedPairs(Options(experiment, reference, at).Options));
    }

    private static (GentleClipOptions Options, VectorEncoderOptions Encoder) Options(ExperimentConfig experiment, MethodConfig config, string at)
    {
        // Enum.TryParse takes numbers as well.
        if (!Enum.GetNames<GentleClipPreset>().Contains(config.Preset))
            throw new ConfigurationException($"{at}: preset: expected one of {string.Join(", ", Enum.GetNames<GentleClipPreset>())}, found \"{config.Preset}\".");
        var options = GentleClipOptions.FromPreset(Enum.Parse<GentleClipPreset>(config.Preset!));
        var encoder = experiment.Common.Apply(options, new VectorEncoderOptions());
        return (options, config.Options.Apply(options, encoder));
    }
}
