using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Patches of a picture as tokens, row by row, behind a class token, all with learnt positions.</summary>
internal sealed class ViTEmbeddings : nn.Module<Tensor, Tensor>
{
    private const int Channels = 3;
    private const double PositionDeviation = 0.02;

    private readonly Parameter cls_token;
    private readonly Parameter position_embeddings;
    private readonly ViTPatches patch_embeddings;

    /// <summary>Creates the layer with fresh weights.</summary>
    public ViTEmbeddings(ViTSize size, int imageSize, Generator generator) : base(nameof(ViTEmbeddings))
    {
        using var scope = NewDisposeScope();
        cls_token = Owned.Parameter(zeros([1, 1, size.HiddenDimension], dtype: ScalarType.Float32));
        position_embeddings =
            Owned.Parameter(randn([1, Positions(size, imageSize), size.HiddenDimension], dtype: ScalarType.Float32, generator: generator)
                .Times(PositionDeviation));
        patch_embeddings = new ViTPatches(size, generator);
        RegisterComponents();
    }

    /// <summary>Tokens of a picture: the class token and the patches.</summary>
    public int Tokens => (int)position_embeddings.size(1);

    /// <summary>Number of weights of such a layer.</summary>
    public static long CountWeights(ViTSize size, int imageSize) =>
        (long)size.HiddenDimension * (1 + Positions(size, imageSize) + Channels * size.PatchSize * size.PatchSize + 1);

    /// <inheritdoc/>
    public override Tensor forward(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var patches = patch_embeddings.forward(pictures);
        return cat([cls_token.expand(patches.size(0), -1, -1), patches], 1).Plus(position_embeddings).MoveToOuterDisposeScope();
    }

    private static long Positions(ViTSize size, int imageSize) => 1 + (long)(imageSize / size.PatchSize) * (imageSize / size.PatchSize);

    private sealed class ViTPatches : nn.Module<Tensor, Tensor>
    {
        private readonly Convolution projection;

        public ViTPatches(ViTSize size, Generator generator) : base(nameof(ViTPatches))
        {
            var side = size.PatchSize;
            projection = new Convolution(Channels, size.HiddenDimension, side, side, 0, 1 / Math.Sqrt(Channels * side * side), generator, withBias: true);
            RegisterComponents();
        }

        public override Tensor forward(Tensor pictures) => projection.forward(pictures).flatten(2).transpose(1, 2);
    }
}
