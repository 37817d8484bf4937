using System.Reflection;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Kinds;

/// <summary>A toy network of pictures: a line through the means of their patches.</summary>
internal sealed record DotsOptions(int Patch = 4, int Width = 8) : ImageEncoderOptions
{
    internal override void Validate(ImageOptions images)
    {
        if (images.Size % Patch != 0)
            throw new ArgumentException($"The picture's {images.Size} pixels are no multiple of {Patch}.");
    }
}

internal sealed class DotsNetwork : ImageNetwork
{
    private readonly DotsOptions _options;
    private readonly Linear map;

    public DotsNetwork(DotsOptions options, int imageSize, Generator generator) : base(nameof(DotsNetwork))
    {
        _options = options;
        map = new Linear(Inputs(options, imageSize), options.Width, generator);
        RegisterComponents();
    }

    public override int FeatureDimension => _options.Width;

    public override bool IsFrozen => false;

    public static int Inputs(DotsOptions options, int imageSize) => 3 * (imageSize / options.Patch) * (imageSize / options.Patch);

    public override Tensor Features(Tensor pictures, bool training) =>
        map.forward(nn.functional.avg_pool2d(pictures, _options.Patch, _options.Patch).flatten(1));

    public override void Load(StateDict file, WeightRequest? request = null) => StateDictLoader.Load(this, file);
}

internal sealed class DotsKind : ImageNetworkKind<DotsOptions>
{
    public override string SavedName => "toyDots";

    public override Type DescriptionType => typeof(Description);

    public override string Name => "dots";

    protected override (long Weights, int FeatureDimension) Measure(ImageModality modality, DotsOptions options, int inputDimension) =>
        (Linear.CountWeights(DotsNetwork.Inputs(options, modality.Images.Size), options.Width), options.Width);

    protected override ImageNetwork CreateNetwork(DotsOptions options, int imageSize, Generator generator) => new DotsNetwork(options, imageSize, generator);

    protected override TowerDescription Describe(ImageModality modality, DotsOptions options, int inputDimension) =>
        new Description(modality.InputColumnName, modality.OutputColumnName, modality.Images, options with { WeightsFile = null });

    protected override string AppendFeatures(OnnxGraph graph, string pictures, DotsOptions options, string prefix)
    {
        long[] patch = [options.Patch, options.Patch];
        var means = graph.Node("AveragePool", [pictures], ("kernel_shape", patch), ("strides", patch));
        return graph.Linear(graph.Reshape(means, 0, -1), prefix + "model.map");
    }

    private sealed record Description(string InputColumn, string OutputColumn, ImageOptions Images, DotsOptions Encoder) : TowerDescription
    {
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) =>
            (Modality.Image(OutputColumn, InputColumn, Images, Encoder), 0);
    }
}
