using Experiments.Configuration;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Experiments.Features;

/// <summary>
/// A small self-supervised network (SimCLR, arXiv 2002.05709): three convolutions of 16, 32 and 64 channels, each with group normalisation, whose mean over the
/// picture is the feature vector; a projection head that training alone uses; NT-Xent at temperature 0.2 between two random versions of each picture. All
/// random numbers come from its own generator.
/// </summary>
internal sealed class PictureNetwork : IDisposable
{
    public const int Features = 64;
    private const int Groups = 4, Projected = 32, FeatureBatch = 256;
    private const double LearningRate = 2e-3;

    private readonly SelfSupervisedConfig _config;
    private readonly Generator _generator;
    private readonly PictureAugmentation _augmentation;
    private readonly List<(Parameter Kernel, Parameter Scale, Parameter Shift, long Stride)> _layers = [];
    private readonly Parameter _hidden, _output;
    private readonly Tensor _inverseTemperature = tensor(5f);
    private Tensor? _mean, _deviation;

    public PictureNetwork(SelfSupervisedConfig config, int seed)
    {
        _config = config;
        _generator = new Generator((ulong)seed);
        _augmentation = new PictureAugmentation(config.Channels, _generator);
        int[] channels = [config.Channels, 16, 32, Features];
        for (var i = 0; i < 3; i++)
        {
            // Small pictures keep their size in the first layer, so that the last one has at least 4 x 4 places.
            var stride = i == 0 && Math.Min(config.Width, config.Height) < 24 ? 1 : 2;
            _layers.Add((Weights(channels[i + 1], channels[i], 3, 3), new Parameter(ones(channels[i + 1])), new Parameter(zeros(channels[i + 1])), stride));
        }

        _hidden = Weights(Features, Features);
        _output = Weights(Projected, Features);
    }

    /// <summary>Learns from pictures, each a row of pixels.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Train(float[][] pictures, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var raw = Raw(pictures);
        (_mean, _deviation) = (raw.mean().DetachFromDisposeScope(), raw.std().clamp_min(1e-6).DetachFromDisposeScope());
        var all = Standardised(raw);
        var batch = Math.Min(_config.BatchSize, pictures.Length);
        var itself = eye(2 * batch) * -1e9;
        var partners = cat([arange(batch, 2 * batch), arange(batch)]);
        using var optimiser = optim.Adam([.. _layers.SelectMany(layer => new[] { layer.Kernel, layer.Scale, layer.Shift }), _hidden, _output], LearningRate);
        for (var step = 0; step < _config.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var stepScope = NewDisposeScope();
            var chosen = all.index_select(0, rand(pictures.Length, generator: _generator).argsort().narrow(0, 0, batch));
            var versions = cat([_augmentation.Apply(chosen), _augmentation.Apply(chosen)]);
            var projected = nn.functional.normalize(Forward(versions).matmul(_hidden.t()).relu().matmul(_output.t()), dim: 1);
            var loss = nn.functional.cross_entropy(projected.matmul(projected.t()) * _inverseTemperature + itself, partners);
            optimiser.zero_grad();
            loss.backward();
            optimiser.step();
        }
    }

    /// <summary>Features of pictures as they are, before the projection head.</summary>
    public float[][] Embed(float[][] pictures)
    {
        using var noGrad = no_grad();
        return [.. pictures.Chunk(FeatureBatch).SelectMany(chunk =>
        {
            using var scope = NewDisposeScope();
            return Forward(Standardised(Raw(chunk))).data<float>().ToArray().Chunk(Features);
        })];
    }

    public void Dispose()
    {
        foreach (var (kernel, scale, shift, _) in _layers)
        {
            kernel.Dispose();
            scale.Dispose();
            shift.Dispose();
        }

        foreach (var tensor in new Tensor?[] { _hidden, _output, _inverseTemperature, _mean, _deviation })
            tensor?.Dispose();
        _augmentation.Dispose();
        _generator.Dispose();
    }

    private Tensor Forward(Tensor pictures)
    {
        foreach (var (kernel, scale, shift, stride) in _layers)
            pictures = nn.functional.group_norm(nn.functional.conv2d(pictures, kernel, strides: [stride, stride], padding: [1, 1]), Groups, scale, shift)
                .relu();
        return pictures.mean([2, 3]);
    }

    private Tensor Raw(float[][] pictures) =>
        tensor(pictures.SelectMany(picture => picture).ToArray(), [pictures.Length, _config.Height, _config.Width, _config.Channels])
            .permute(0, 3, 1, 2).contiguous();

    private Tensor Standardised(Tensor raw) => (raw - _mean!) / _deviation!;

    // Normal numbers of variance 2 / inputs, which suits ReLU.
    private Parameter Weights(params long[] shape)
    {
        var weights = randn(shape, generator: _generator);
        return new Parameter(weights.mul_(Math.Sqrt(2.0 / shape[1..].Aggregate((a, b) => a * b))));
    }
}
