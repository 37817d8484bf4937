using static TorchSharp.torch;

namespace Experiments.Features;

/// <summary>
/// Random versions of pictures [n, channels, height, width] of deviation 1: turned by up to 15 degrees, cropped to 70 to 100 % of a side, shifted by up to a
/// tenth of it, each channel's contrast and brightness changed, with noise. Never mirrored: that makes other digits and arrows.
/// </summary>
internal sealed class PictureAugmentation : IDisposable
{
    private readonly Generator _generator;
    private readonly Tensor _lowest, _span, _noise;
    private readonly int _channels;

    public PictureAugmentation(int channels, Generator generator)
    {
        (_channels, _generator) = (channels, generator);
        // angle, side, shift x, shift y, contrast of the channels, brightness of the channels
        float[] lowest = [-0.26f, 0.7f, -0.2f, -0.2f, .. Enumerable.Repeat(0.7f, channels), .. Enumerable.Repeat(-0.3f, channels)];
        float[] largest = [0.26f, 1, 0.2f, 0.2f, .. Enumerable.Repeat(1.3f, channels), .. Enumerable.Repeat(0.3f, channels)];
        _lowest = tensor(lowest);
        _span = tensor(largest.Zip(lowest, (high, low) => high - low).ToArray());
        _noise = tensor(0.1f);
    }

    public Tensor Apply(Tensor pictures)
    {
        var count = pictures.size(0);
        var drawn = rand(count, _lowest.size(0), generator: _generator) * _span + _lowest;
        var (angle, side) = (drawn.select(1, 0), drawn.select(1, 1));
        var (cos, sin) = (angle.cos() * side, angle.sin() * side);
        var map = stack([cos, sin.neg(), drawn.select(1, 2), sin, cos, drawn.select(1, 3)], dim: 1).view(count, 2, 3);
        var grid = nn.functional.affine_grid(map, pictures.shape, align_corners: false);
        var moved = nn.functional.grid_sample(pictures, grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Border, align_corners: false);
        return moved * Channels(4) + Channels(4 + _channels) + randn(pictures.shape, generator: _generator) * _noise;

        Tensor Channels(int first) => drawn.narrow(1, first, _channels).view(count, _channels, 1, 1);
    }

    public void Dispose()
    {
        _lowest.Dispose();
        _span.Dispose();
        _noise.Dispose();
    }
}
