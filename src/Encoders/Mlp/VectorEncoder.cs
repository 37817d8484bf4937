using Microsoft.ML.GentleClip.Modalities;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Multilayer perceptron over standardised feature vectors: per layer a linear map, GELU and dropout; where it keeps its input, the features are the last
/// layer's output and the standardised vectors behind it.
/// </summary>
internal sealed class VectorEncoder : Encoder
{
    private readonly VectorEncoderOptions _options;
    private readonly bool _keepsInput;
    private readonly Tensor input_mean;
    private readonly Tensor input_scale;
    private readonly ModuleList<Linear> layers;

    /// <summary>Creates the encoder with fresh weights.</summary>
    public VectorEncoder(VectorEncoderOptions options, int inputDimension, Generator generator, bool keepsInput = false) : base(nameof(VectorEncoder))
    {
        _options = options;
        _keepsInput = KeepsInput(options, keepsInput);
        input_mean = Owned.Buffer(zeros(inputDimension, dtype: ScalarType.Float32));
        input_scale = Owned.Buffer(ones(inputDimension, dtype: ScalarType.Float32));
        layers = [];
        var last = inputDimension;
        foreach (var width in options.HiddenDimensions)
        {
            layers.Add(new Linear(last, width, generator));
            last = width;
        }
        FeatureDimension = _keepsInput ? last + inputDimension : last;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension { get; }

    /// <summary>Where the weights are.</summary>
    public Device Device => input_mean.device;

    /// <summary>As <see cref="Layers"/>, for an encoder that is a perceptron behind other inputs.</summary>
    public IReadOnlyList<nn.Module[]> HiddenLayers => [.. layers.Select(layer => new nn.Module[] { layer })];

    /// <inheritdoc/>
    protected override IReadOnlyList<nn.Module[]> Layers => HiddenLayers;

    /// <summary>Number of weights and width of the features of such an encoder.</summary>
    public static (long Weights, int FeatureDimension) Measure(VectorEncoderOptions options, int inputDimension, bool keepsInput = false)
    {
        var (weights, width) = (2L * inputDimension, inputDimension);
        foreach (var next in options.HiddenDimensions)
        {
            weights += Linear.CountWeights(width, next);
            width = next;
        }
        return (weights, KeepsInput(options, keepsInput) ? width + inputDimension : width);
    }

    /// <summary>Whether the features hold the input a second time: without layers they are the input.</summary>
    public static bool KeepsInput(VectorEncoderOptions options, bool isAsked) => isAsked && options.HiddenDimensions.Count > 0;

    /// <inheritdoc/>
    public override void Prepare(ExampleStore examples, SampleShards? shards = null)
    {
        if (_options.Standardize)
            InputStandardization.Fit((VectorStore)examples, shards, input_mean, input_scale);
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var input = (batch.Vectors - input_mean) * input_scale;
        if (noise is not null)
            input = noise.Mask(noise.AddGaussian(input, _options.InputNoise), _options.InputMasking);
        var x = input;
        foreach (var layer in layers)
        {
            x = nn.functional.gelu(layer.forward(x));
            if (noise is not null)
                x = noise.Dropout(x, _options.Dropout);
        }
        return _keepsInput ? cat([x, input], 1) : x;
    }
}
