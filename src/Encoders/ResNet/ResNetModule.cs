using Microsoft.ML.GentleClip.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The residual network of He et al. (2016) up to the mean over its last stage's places, with torchvision's names.</summary>
internal sealed class ResNetModule : ImageNetwork
{
    private const int StemKernel = 7, StemStride = 2, PoolKernel = 3;
    private const string Counter = ".num_batches_tracked";

    private readonly ResNetOptions _options;
    private int? _trainedStages;
    private readonly Convolution conv1;
    private readonly BatchNormalization bn1;
    private readonly ModuleList<ResNetBlock> layer1;
    private readonly ModuleList<ResNetBlock> layer2;
    private readonly ModuleList<ResNetBlock> layer3;
    private readonly ModuleList<ResNetBlock> layer4;

    /// <summary>Creates the network with the published initialisation.</summary>
    public ResNetModule(ResNetOptions options, Generator generator) : base("ResNet")
    {
        (_options, _trainedStages) = (options, options.TrainableStages);
        var size = options.Size;
        conv1 = new Convolution(3, size.Width, StemKernel, StemStride, StemKernel / 2, Math.Sqrt(2.0 / (size.Width * StemKernel * StemKernel)), generator);
        bn1 = new BatchNormalization(size.Width, ResNetBlock.Momentum);
        var stages = Enumerable.Range(0, ResNetSize.StageCount).Select(stage => Stage(size, stage, generator)).ToArray();
        (layer1, layer2, layer3, layer4) = (stages[0], stages[1], stages[2], stages[3]);
        RegisterComponents();
        Freeze();
        Train(parameters().Where(_ => options.TrainableStages is null));
        Train(Stages.TakeLast(options.TrainableStages ?? 0).SelectMany(stage => stage.parameters()));
        FreezeNormalization();
    }

    /// <inheritdoc/>
    public override int FeatureDimension => _options.Size.FeatureDimension;

    /// <inheritdoc/>
    public override bool IsFrozen => _trainedStages == 0;

    /// <inheritdoc/>
    public override IReadOnlyList<nn.Module[]> Layers => [.. Stages.Select(stage => new nn.Module[] { stage })];

    private ModuleList<ResNetBlock>[] Stages => [layer1, layer2, layer3, layer4];

    /// <summary>Number of weights of such a network, buffers included; nothing is allocated.</summary>
    public static long CountWeights(ResNetSize size) => 3L * size.Width * StemKernel * StemKernel + BatchNormalization.CountWeights(size.Width)
        + Enumerable.Range(0, ResNetSize.StageCount)
            .Sum(stage => Shapes(size, stage).Sum(shape => ResNetBlock.CountWeights(shape.Inputs, shape.Width, shape.Stride, size)));

    /// <inheritdoc/>
    public override int? ProductRows => PartSlice.Plenty; // it has convolutions only

    /// <inheritdoc/>
    public override Tensor Features(Tensor pictures, bool training) => Features(pictures, training, stageOutputs: null);

    /// <summary>Features, and the outputs of the part before the stages and of each stage.</summary>
    public Tensor Features(Tensor pictures, bool training, ICollection<Tensor>? stageOutputs)
    {
        using var scope = NewDisposeScope();
        training &= !_options.FreezeBatchNormalization;
        var frozenStages = ResNetSize.StageCount - (_trainedStages ?? ResNetSize.StageCount);
        var x = conv1.forward(pictures);
        x = nn.functional.relu(bn1.Normalize(x, training && _trainedStages is null));
        x = nn.functional.max_pool2d(x, [PoolKernel, PoolKernel], [2, 2], [1, 1]);
        stageOutputs?.Add(x.alias().MoveToOuterDisposeScope());
        foreach (var (stage, blocks) in Stages.Index())
        {
            foreach (var block in blocks)
            {
                var input = x;
                x = block.Transform(input, training && stage >= frozenStages);
                input.Dispose(); // else the blocks' outputs would add up in inference
            }
            stageOutputs?.Add(x.alias().MoveToOuterDisposeScope());
        }
        return x.mean([2, 3]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override WeightLayout Layout => ResNetWeightNames.Layout;

    /// <inheritdoc/>
    public override void Load(StateDict file, WeightRequest? request = null)
    {
        using var weights = ResNetWeightNames.ToTorchvision(file, request);
        var tensors = new Dictionary<string, Tensor>(weights);
        foreach (var (name, own) in state_dict())
            if (name.EndsWith(Counter, StringComparison.Ordinal)) // files from before torch 0.4.1 do not count
                tensors.TryAdd(name, own);
        var (expected, found) = (ResNetWeightNames.Describe(state_dict()), ResNetWeightNames.Describe(weights));
        if (found is not null && found != expected)
            throw new InvalidDataException(
                $"{file.Source} holds a residual network of {found}; expected {expected}, as {nameof(ResNetOptions)}.{nameof(ResNetOptions.Size)} says.");
        TowerWeights.Load(this, tensors, file.Source, Layout, request);
    }

    /// <inheritdoc/>
    public override void OnTrainLast(int? layers)
    {
        _trainedStages = layers;
        FreezeNormalization();
    }

    private void FreezeNormalization()
    {
        if (!_options.FreezeBatchNormalization)
            return;
        foreach (var parameter in modules().OfType<BatchNormalization>().SelectMany(layer => layer.parameters()))
            parameter.requires_grad = false;
    }

    private static ModuleList<ResNetBlock> Stage(ResNetSize size, int stage, Generator generator)
    {
        var blocks = new ModuleList<ResNetBlock>();
        foreach (var (inputs, width, stride) in Shapes(size, stage))
            blocks.Add(new ResNetBlock(inputs, width, stride, size, generator));
        return blocks;
    }

    private static IEnumerable<(int Inputs, int Width, int Stride)> Shapes(ResNetSize size, int stage)
    {
        var width = size.Width << stage;
        for (var block = 0; block < size.Blocks[stage]; block++)
        {
            var inputs = block > 0 ? width * size.Expansion : stage == 0 ? width : width / 2 * size.Expansion;
            yield return (inputs, width, stage > 0 && block == 0 ? 2 : 1);
        }
    }
}
