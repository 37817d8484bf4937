using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of an encoder of your own for pictures: derive a record, give it an <see cref="EncoderKeyAttribute"/>, and pass it to <see cref="Modality.Image"/>.
/// </summary>
/// <remarks><inheritdoc cref="CustomVectorEncoderOptions" path="/remarks/node()"/></remarks>
public abstract record CustomImageEncoderOptions : ImageEncoderOptions, ICustomEncoderOptions
{
    /// <summary>
    /// Whether the network's weights stay as <see cref="CreateNetwork"/> or <see cref="ImageEncoderOptions.WeightsFile"/> gave them. It then encodes each
    /// training row once. Default false.
    /// </summary>
    public bool IsFrozen { get; init; }

    /// <summary>
    /// Builds the network with fresh weights: from pictures <c>[batch, 3, size, size]</c>, float32, cut, varied in training and normalised as
    /// <see cref="ImageOptions"/> says, to features <c>[batch, any width]</c>. Called several times for a training, and again at load: each call makes a
    /// network of its own. The library owns it, moves it to the device and disposes it.
    /// </summary>
    /// <remarks><inheritdoc cref="CustomVectorEncoderOptions.CreateNetwork" path="/remarks/node()"/></remarks>
    /// <param name="size">Side of the pictures in pixels, <see cref="ImageOptions.Size"/>.</param>
    public abstract nn.Module<Tensor, Tensor> CreateNetwork(int size);

    internal override void Validate(ImageOptions images)
    {
    }
}
