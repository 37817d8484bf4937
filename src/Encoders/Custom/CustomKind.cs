using System.Reflection;
using System.Text.Json;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's own encoders of a modality: saved by their key and their settings as JSON, and not to be exported.</summary>
internal abstract class CustomKind<TModality, TOptions> : EncoderKind<TModality, TOptions>
    where TModality : Modality where TOptions : class, ICustomEncoderOptions
{
    /// <inheritdoc/>
    public override string Name => "own";

    /// <inheritdoc/>
    public override string? Preprocessing => "the inputs of a network of your own are prepared";

    /// <inheritdoc/>
    public sealed override bool IsCustom => true;

    /// <summary>The settings that a saved model has.</summary>
    /// <exception cref="FormatException">The key is in no registered assembly, or they are not those of its type.</exception>
    protected static TOptions Restore(string key, JsonElement settings, IEnumerable<Assembly> registered) =>
        (TOptions)EncoderKey.FromJson(settings, EncoderKey.Find<TOptions>(key, registered), key);

    /// <inheritdoc/>
    protected sealed override (long Weights, int FeatureDimension) Measure(TModality modality, TOptions options, int inputDimension) => (0, 0);

    /// <inheritdoc/>
    protected override string DescribePreprocessing(TModality modality, TOptions options) => "unknown";

    /// <inheritdoc/>
    protected sealed override string? AppendFeatures(OnnxGraph graph, TModality modality, TOptions options, string? vectors, string prefix) => null;

    /// <inheritdoc/>
    protected override Preparation CreatePreparation(TModality modality, TOptions options, int inputDimension) =>
        throw new NotSupportedException(
            $"The encoder '{EncoderKey.Of(options)}' of column '{modality.InputColumnName}' is a network of your own: no graph takes its inputs.");
}
