using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of an encoder of your own for feature vectors: derive a record, give it an <see cref="EncoderKeyAttribute"/>, and pass it to
/// <see cref="Modality.Vector"/>.
/// </summary>
/// <remarks>
/// The record's public properties are saved with the model as JSON, so they are plain data; check their ranges in the setters, because a file that is loaded
/// goes through them. The projection head into the embedding space is the library's own. See docs/extending.md.
/// </remarks>
public abstract record CustomVectorEncoderOptions : VectorEncoderOptionsBase, ICustomEncoderOptions
{
    private string? _weightsFile;

    /// <summary>
    /// Whether the network's weights stay as <see cref="CreateNetwork"/> or <see cref="WeightsFile"/> gave them. It then encodes each training row once.
    /// Default false.
    /// </summary>
    public bool IsFrozen { get; init; }

    /// <summary>
    /// File with pretrained weights under the network's own names, read strictly by <c>Fit</c>: <c>.pt</c>, <c>.pth</c>, <c>.bin</c>, <c>.safetensors</c> or
    /// <c>.index.json</c>. Null, the default: none. A saved model holds its weights and does not name the file.
    /// </summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public string? WeightsFile
    {
        get => _weightsFile;
        init => _weightsFile = Check.NotBlank(value, nameof(WeightsFile));
    }

    /// <summary>
    /// Builds the network with fresh weights: from vectors <c>[batch, inputDimension]</c>, float32, to features <c>[batch, any width]</c>. Called several times
    /// for a training, and again at load: each call makes a network of its own. The library owns it, moves it to the device and disposes it.
    /// </summary>
    /// <remarks>
    /// While this runs, and while the network runs in training mode, TorchSharp's process-wide generator is seeded from the training's seed and restored
    /// afterwards: the layers of TorchSharp, <c>nn.Dropout</c> included, give the same numbers in every run on a CPU. In inference the network is in evaluation
    /// mode and may be called by several threads at once.
    /// </remarks>
    /// <param name="inputDimension">Features of a vector.</param>
    public abstract nn.Module<Tensor, Tensor> CreateNetwork(int inputDimension);
}
