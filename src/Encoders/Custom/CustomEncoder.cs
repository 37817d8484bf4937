using System.Runtime.CompilerServices;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's network as an encoder: built with our seed, put into training mode only for a training's passes, and its results checked.</summary>
internal abstract class CustomEncoder<TNetwork> : Encoder where TNetwork : nn.Module
{
    // A network or parameter that two towers hold would be trained twice a step and disposed by the first.
    private static readonly ConditionalWeakTable<object, object> InUse = [];

    private readonly TNetwork network;
    private readonly ICustomEncoderOptions _settings;
    private readonly string _name;
    private readonly TorchSharp.Modules.Parameter[] _fixed;
    private nn.Module[] _resting = [];
    private int _featureDimension;

    /// <summary>Builds the network; the derived class tries it by <see cref="Probe"/> and registers the components.</summary>
    /// <param name="settings">The user's.</param>
    /// <param name="column">For messages.</param>
    /// <param name="create">Builds the user's network.</param>
    /// <param name="generator">Decides the initial weights.</param>
    /// <exception cref="InvalidOperationException">The network cannot be used; the message says why.</exception>
    protected CustomEncoder(ICustomEncoderOptions settings, string column, Func<TNetwork> create, Generator generator) : base(nameof(CustomEncoder<>))
    {
        _settings = settings;
        _name = $"The encoder '{EncoderKey.Of(settings)}' of column '{column}'";
        network = Create(create, NoiseSource.Seed(generator));
        _fixed = [.. network.parameters().Where(parameter => !parameter.requires_grad)];
        foreach (var parameter in settings.IsFrozen ? network.parameters() : [])
            parameter.requires_grad = false;
        TrainedLayers = settings.IsFrozen ? 0 : null;
    }

    /// <inheritdoc/>
    public override int FeatureDimension => _featureDimension;

    /// <summary>The parts that the network registers and that have weights, in their order.</summary>
    protected override IReadOnlyList<nn.Module[]> Layers =>
        [.. network.children().Where(part => part.parameters().Any()).Select(part => new[] { part })];

    /// <inheritdoc/>
    protected override void OnTrainLast(int? layers)
    {
        _resting = [.. Layers.SkipLast(layers ?? LayerCount).SelectMany(layer => layer)];
        // What the network itself takes out of every training stays out.
        foreach (var parameter in _fixed)
            parameter.requires_grad = false;
    }

    /// <inheritdoc/>
    public override string? OnnxObstacle => $"{_name} is a network of your own, whose graph cannot be written as ONNX";

    /// <inheritdoc/>
    public override void LoadPretrained(Action<string>? log = null)
    {
        if (_settings.WeightsFile is not { } path)
            return;
        var request = new WeightRequest(key: _settings.WeightsKey);
        using var file = WeightFile.Read(path, request);
        StateDictLoader.Load(network, file);
        request.WriteTo(log);
    }

    /// <summary>Where the weights are; the CPU for a network without any.</summary>
    protected Device Device => (network.parameters().FirstOrDefault() ?? network.buffers().FirstOrDefault())?.device ?? CPU;

    /// <summary>Finds the width of the features by a pass of <paramref name="rows"/> rows.</summary>
    protected void Probe(int rows, Func<TNetwork, Tensor> forward)
    {
        using var scope = NewDisposeScope();
        using var inference = no_grad();
        try
        {
            _featureDimension = (int)Checked(Call(rows, forward), rows, isProbe: true).size(1);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Features of a batch; the network runs in training mode where there is noise.</summary>
    protected Tensor Run(long rows, NoiseSource? noise, Func<TNetwork, Tensor> forward)
    {
        using var scope = NewDisposeScope();
        if (noise is null || IsFrozen)
            return Checked(Call(rows, forward), rows).MoveToOuterDisposeScope();
        using var seeded = DefaultGenerator.Seeded(noise.Seed());
        using var current = EncoderNoise.With(noise);
        network.train();
        foreach (var part in _resting)
            part.eval();
        try
        {
            return Checked(Call(rows, forward), rows).MoveToOuterDisposeScope();
        }
        finally
        {
            // Scoring finds it so, on whichever thread.
            network.eval();
        }
    }

    private Tensor Call(long rows, Func<TNetwork, Tensor> forward)
    {
        try
        {
            return forward(network) ?? throw Problem("gave null; expected features");
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            var reason = exception.Message.Contains("empty handle", StringComparison.Ordinal)
                ? "a tensor that it uses was disposed. Tensors made in forward are freed after it, and the library owns the network and disposes it with the "
                    + "model." : exception.Message;
            throw new InvalidOperationException($"{_name} failed on a batch of {rows} rows: {reason}", exception);
        }
    }

    private Tensor Checked(Tensor features, long rows, bool isProbe = false)
    {
        var width = isProbe ? "width" : $"{_featureDimension}";
        if (features.ndim != 2 || features.size(0) != rows || features.size(1) == 0 || (!isProbe && features.size(1) != _featureDimension))
            throw Problem($"gave features [{string.Join(", ", features.shape)}] for {rows} rows; expected [{rows}, {width}]");
        if (features.dtype != ScalarType.Float32)
            throw Problem($"gave features of {features.dtype}; expected Float32");
        if (!isProbe && !features.isfinite().all().item<bool>())
            throw Problem("gave features that are NaN or infinite; expected finite numbers");
        return features;
    }

    private TNetwork Create(Func<TNetwork> create, long seed)
    {
        using var scope = NewDisposeScope();
        TNetwork made;
        try
        {
            using var seeded = DefaultGenerator.Seeded(seed);
            made = create() ?? throw Problem("built no network: CreateNetwork gave null");
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException or InvalidOperationException))
        {
            throw new InvalidOperationException($"{_name} could not build its network: {exception.Message}", exception);
        }
        var owned = made.modules().Cast<object>().Append(made).Concat(made.parameters()).Distinct(ReferenceEqualityComparer.Instance).ToArray();
        if (owned.Any(part => InUse.TryGetValue(part, out _)))
            throw Problem(
                "built a network that is in use, or shares a layer or parameter with one: CreateNetwork must make a new one at each call, and towers share "
                    + "no weights");
        try
        {
            if (Registration.Missing(made) is { } field)
                throw Problem(
                    $"has a network whose {field} is not registered, so that it would be neither trained nor saved; call RegisterComponents() at the end of "
                        + $"its constructor, and keep layers in fields or a ModuleList");
        }
        catch
        {
            made.Dispose();
            throw;
        }
        foreach (var tensor in made.parameters().Concat(made.buffers()))
            tensor.DetachFromDisposeScope();
        foreach (var part in owned)
            InUse.Add(part, part);
        made.eval();
        return made;
    }

    private InvalidOperationException Problem(string problem) => new($"{_name} {problem}.");
}
