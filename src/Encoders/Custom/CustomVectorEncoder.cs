using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's network over feature vectors, standardised if the settings say so.</summary>
internal sealed class CustomVectorEncoder : CustomEncoder<nn.Module<Tensor, Tensor>>
{
    private readonly CustomVectorEncoderOptions _options;
    private readonly Tensor input_mean;
    private readonly Tensor input_scale;

    /// <summary>Creates the encoder with fresh weights.</summary>
    public CustomVectorEncoder(CustomVectorEncoderOptions options, string column, int inputDimension, Generator generator)
        : base(options, column, () => options.CreateNetwork(inputDimension), generator)
    {
        _options = options;
        input_mean = Owned.Buffer(zeros(inputDimension, dtype: ScalarType.Float32));
        input_scale = Owned.Buffer(ones(inputDimension, dtype: ScalarType.Float32));
        RegisterComponents();
        Probe(2, network => network.call(zeros(2, inputDimension, dtype: ScalarType.Float32)));
    }

    /// <inheritdoc/>
    public override void Prepare(ExampleStore examples, SampleShards? shards = null)
    {
        if (_options.Standardize)
            InputStandardization.Fit((VectorStore)examples, shards, input_mean, input_scale);
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var vectors = batch.Vectors;
        return Run(vectors.size(0), noise, network => network.call((vectors - input_mean) * input_scale));
    }
}
