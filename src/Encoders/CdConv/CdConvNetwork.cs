using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// CDConv: an input for each residue, stages of two blocks with pooling between them, and the mean over a chain's last nodes. Weights are named as
/// in the public checkpoints, whose classifier, which comes after the features, is not part of it.
/// </summary>
internal sealed class CdConvNetwork : nn.Module
{
    /// <summary>Blocks between two poolings.</summary>
    public const int BlocksPerStage = 2;

    private const int StructureInputs = 6;

    private readonly CdConvOptions _options;
    private readonly CdConvEmbedding? embedding;
    private readonly Linear? structure;
    private readonly Linear? geometry;
    private readonly ModuleList<CdConvBlock> layers;

    /// <summary>Creates the network with fresh weights.</summary>
    /// <exception cref="ArgumentException">The options' lists do not fit each other.</exception>
    public CdConvNetwork(CdConvOptions options, Generator generator) : base(nameof(CdConvNetwork))
    {
        options.Validate();
        _options = options;
        var width = options.ResidueDimension;
        switch (options.InputOrTypes)
        {
            case CdConvInput.Steps:
                structure = new Linear(StructureInputs, width, generator);
                break;
            case CdConvInput.LocalGeometry:
                geometry = new Linear(LocalGeometry.Count, width, generator);
                break;
            default:
                embedding = new CdConvEmbedding(width, generator);
                break;
        }
        layers = [];
        foreach (var (inputs, outputs) in Sizes(options))
            layers.Add(new CdConvBlock(inputs, outputs, options, generator));
        RegisterComponents();
    }

    /// <summary>The blocks.</summary>
    public IReadOnlyList<nn.Module[]> Layers => [.. layers.Select(block => new nn.Module[] { block })];

    /// <summary>Blocks from the first one on that are not trained: they have neither dropout nor the batch's statistics.</summary>
    public int RestingBlocks { get; set; }

    /// <summary>Width of the features.</summary>
    public int FeatureDimension => _options.Channels[^1];

    /// <summary>Number of weights, buffers included, and width of the features; nothing is allocated.</summary>
    public static (long Weights, int FeatureDimension) Measure(CdConvOptions options)
    {
        var weights = options.InputOrTypes switch
        {
            CdConvInput.Steps => Linear.CountWeights(StructureInputs, options.ResidueDimension),
            CdConvInput.LocalGeometry => Linear.CountWeights(LocalGeometry.Count, options.ResidueDimension),
            _ => Chain.ResidueOrder.Length * (long)options.ResidueDimension,
        };
        return (weights + Sizes(options).Sum(size => CdConvBlock.CountWeights(size.Inputs, size.Outputs, options)), options.Channels[^1]);
    }

    /// <summary>How CDConv is found in a file: by the first block's convolution.</summary>
    public static WeightLayout Layout { get; } = new("CDConv", @"^(embedding|structure|geometry|layers)\.",
        new WeightForm("layers.0.conv.W", "layers.0.conv.WeightNet.Ws.0", new NameMap()));

    /// <summary>Whether a tensor of a public checkpoint belongs to its classifier, which is not loaded.</summary>
    public static bool IsClassifier(string name) => name.StartsWith("classifier.", StringComparison.Ordinal);

    /// <summary>Encodes chains that are prepared, <c>[chains, FeatureDimension]</c>.</summary>
    /// <param name="graph">Made with the same options.</param>
    /// <param name="edges">Of each stage.</param>
    /// <param name="noise">Dropout in training; null in inference.</param>
    public Tensor Encode(CdConvGraph graph, IReadOnlyList<CdConvEdges> edges, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        var anyWeight = parameters().First();
        var batch = new CdConvBatch(graph, edges, _options, anyWeight.dtype, anyWeight.device);
        return batch.Readout.Of(Blocks(batch, noise).Last()).MoveToOuterDisposeScope();
    }

    /// <summary>The input of the first block, then the output of each block in turn.</summary>
    internal IEnumerable<Tensor> Blocks(CdConvBatch batch, NoiseSource? noise)
    {
        var x = Embed(batch.Input, RestingBlocks > 0 ? null : noise);
        yield return x;
        for (var i = 0; i < layers.Count; i++)
        {
            if (i > 0 && i % BlocksPerStage == 0)
                x = batch.Stages[i / BlocksPerStage - 1].Pooling!.Of(x);
            yield return x = layers[i].Transform(x, batch.Stages[i / BlocksPerStage], i < RestingBlocks ? null : noise);
        }
    }

    // Equation 12: where the residue embedding stood there is noise in training and its mean, 0, in inference.
    private Tensor Embed(Tensor input, NoiseSource? noise)
    {
        if (structure is null)
            return embedding?.forward(input) ?? geometry!.forward(input);
        var x = structure.forward(input);
        var absent = zeros_like(x).detach();
        return cat([x, noise?.AddGaussian(absent, _options.InputNoise) ?? absent], 1);
    }

    private static IEnumerable<(int Inputs, int Outputs)> Sizes(CdConvOptions options)
    {
        var inputs = options.ResidueDimension * (options.InputOrTypes == CdConvInput.Steps ? 2 : 1);
        foreach (var outputs in options.Channels)
        {
            for (var block = 0; block < BlocksPerStage; block++)
            {
                yield return (inputs, outputs);
                inputs = outputs;
            }
        }
    }
}
