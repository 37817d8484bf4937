using System.Text.Json.Nodes;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// A kind of encoder: what it serves, what it costs, how it is built, saved and exported. Nothing else knows the settings' class.
/// </summary>
internal abstract class EncoderKind
{
    /// <summary>
    /// What a saved model calls a tower with it. Files that were written have it: it never changes. Kinds of one name share a
    /// <see cref="DescriptionType"/>.
    /// </summary>
    public abstract string SavedName { get; }

    /// <summary>The record that a saved model describes a tower with it by, a <see cref="TowerDescription"/>.</summary>
    public abstract Type DescriptionType { get; }

    /// <summary>Name in the metadata of an exported tower.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the network is a user's own, which only building it can measure.</summary>
    public virtual bool IsCustom => false;

    /// <summary>
    /// Whether what it has learnt comes, as a rule, from much more data than a user has, so that fine-tuning changes it slowly. A saved model does not tell.
    /// </summary>
    public virtual bool IsUsuallyPublished => IsCustom;

    /// <summary>What is done to the inputs outside of ONNX, as a clause such as "texts are tokenised"; null where nothing is.</summary>
    public abstract string? Preprocessing { get; }

    /// <summary>Whether ONNX Runtime was measured to be slower at its graph than libtorch at the network.</summary>
    public virtual bool IsSlowerAsGraph => false;

    /// <summary>Whether a modality has such an encoder.</summary>
    public abstract bool Serves(Modality modality);

    /// <summary>
    /// Number of weights, buffers included, and width of the features of what <see cref="Create"/> would build; nothing is allocated. Zeros for a user's own.
    /// </summary>
    public abstract (long Weights, int FeatureDimension) Measure(Modality modality, int inputDimension);

    /// <summary>Builds the encoder with fresh weights.</summary>
    /// <param name="modality">What to encode.</param>
    /// <param name="inputDimension">Size of one sample, where the modality has one.</param>
    /// <param name="generator">Source of the initial weights.</param>
    /// <exception cref="ArgumentException">Settings contradict each other.</exception>
    public abstract Encoder Create(Modality modality, int inputDimension, Generator generator);

    /// <summary>What the settings take from files.</summary>
    public abstract EncoderFiles Files(Modality modality);

    /// <summary>The tower as it is saved, without the names of files.</summary>
    public abstract TowerDescription Describe(Modality modality, int inputDimension);

    /// <summary>
    /// Adds to a saved description what was not written when it was saved and does not have its present default. It may be damaged: what is no description
    /// is left to the reader.
    /// </summary>
    public virtual void Complete(JsonObject description)
    {
    }

    /// <summary>How the inputs are prepared, in words, for the metadata of an exported tower.</summary>
    public abstract string DescribePreprocessing(Modality modality);

    /// <summary>
    /// Declares the inputs of a graph that there are not yet, and features <c>[batch, features]</c>; null where the network cannot be written.
    /// </summary>
    /// <param name="graph">The graph.</param>
    /// <param name="modality">What is encoded.</param>
    /// <param name="vectors">The input of feature vectors, where the modality is one.</param>
    /// <param name="prefix">Of the weights' names.</param>
    public abstract string? AppendFeatures(OnnxGraph graph, Modality modality, string? vectors, string prefix);

    /// <summary>What lays examples out as the inputs that <see cref="AppendFeatures"/> declares.</summary>
    public abstract Preparation CreatePreparation(Modality modality, int inputDimension);
}

/// <summary>A kind of encoder that knows the classes of the modality and of the settings.</summary>
internal abstract class EncoderKind<TModality, TOptions> : EncoderKind
    where TModality : Modality where TOptions : class, IEncoderOptions
{
    /// <inheritdoc/>
    public sealed override bool Serves(Modality modality) => modality is TModality && modality.EncoderOptions is TOptions;

    /// <inheritdoc/>
    public sealed override (long Weights, int FeatureDimension) Measure(Modality modality, int inputDimension) =>
        Measure((TModality)modality, Options(modality), inputDimension);

    /// <inheritdoc/>
    public sealed override Encoder Create(Modality modality, int inputDimension, Generator generator) =>
        Create((TModality)modality, Options(modality), inputDimension, generator);

    /// <inheritdoc/>
    public sealed override EncoderFiles Files(Modality modality) => Files(Options(modality));

    /// <inheritdoc/>
    public sealed override TowerDescription Describe(Modality modality, int inputDimension) => Describe((TModality)modality, Options(modality), inputDimension);

    /// <inheritdoc/>
    public sealed override string DescribePreprocessing(Modality modality) => DescribePreprocessing((TModality)modality, Options(modality));

    /// <inheritdoc/>
    public sealed override string? AppendFeatures(OnnxGraph graph, Modality modality, string? vectors, string prefix) =>
        AppendFeatures(graph, (TModality)modality, Options(modality), vectors, prefix);

    /// <inheritdoc/>
    public sealed override Preparation CreatePreparation(Modality modality, int inputDimension) =>
        CreatePreparation((TModality)modality, Options(modality), inputDimension);

    /// <inheritdoc cref="EncoderKind.Measure"/>
    protected abstract (long Weights, int FeatureDimension) Measure(TModality modality, TOptions options, int inputDimension);

    /// <inheritdoc cref="EncoderKind.Create"/>
    protected abstract Encoder Create(TModality modality, TOptions options, int inputDimension, Generator generator);

    /// <inheritdoc cref="EncoderKind.Files"/>
    protected abstract EncoderFiles Files(TOptions options);

    /// <inheritdoc cref="EncoderKind.Describe"/>
    protected abstract TowerDescription Describe(TModality modality, TOptions options, int inputDimension);

    /// <inheritdoc cref="EncoderKind.DescribePreprocessing"/>
    protected abstract string DescribePreprocessing(TModality modality, TOptions options);

    /// <inheritdoc cref="EncoderKind.AppendFeatures"/>
    protected abstract string? AppendFeatures(OnnxGraph graph, TModality modality, TOptions options, string? vectors, string prefix);

    /// <inheritdoc cref="EncoderKind.CreatePreparation"/>
    protected abstract Preparation CreatePreparation(TModality modality, TOptions options, int inputDimension);

    private static TOptions Options(Modality modality) => (TOptions)modality.EncoderOptions;
}
