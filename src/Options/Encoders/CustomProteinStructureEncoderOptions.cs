using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of an encoder of your own for protein structures: derive a record, give it an <see cref="EncoderKeyAttribute"/>, and pass it to
/// <see cref="Modality.ProteinStructure"/>.
/// </summary>
/// <remarks><inheritdoc cref="CustomVectorEncoderOptions" path="/remarks/node()"/></remarks>
public abstract record CustomProteinStructureEncoderOptions : ProteinStructureEncoderOptions, ICustomEncoderOptions
{
    private int _maximumLength = 512;
    private string? _weightsFile;

    /// <summary>Longer chains are cut in training to a random run of so many residues, 3 or more; inference always sees the whole chain. Default 512.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumLength
    {
        get => _maximumLength;
        init => _maximumLength = Check.InRange(value, 3, int.MaxValue, nameof(MaximumLength));
    }

    /// <summary>
    /// Whether the network's weights stay as <see cref="CreateNetwork"/> or <see cref="WeightsFile"/> gave them. It then encodes each training row once.
    /// Default false.
    /// </summary>
    public bool IsFrozen { get; init; }

    /// <inheritdoc cref="CustomVectorEncoderOptions.WeightsFile"/>
    public string? WeightsFile
    {
        get => _weightsFile;
        init => _weightsFile = Check.NotBlank(value, nameof(WeightsFile));
    }

    /// <summary>
    /// Builds the network with fresh weights. Its three inputs are the alpha carbons <c>[batch, length, 3]</c>, float32, in angstrom around the mean of their
    /// chain; the residue types <c>[batch, length]</c>, int64, positions in <c>ACDEFGHIKLMNPQRSTVWYX</c>, 20 where they are unknown; and a mask
    /// <c>[batch, length]</c>, Boolean, false at padding, which must not change the result. Its output is features <c>[batch, any width]</c>, float32. Called
    /// several times for a training, and again at load: each call makes a network of its own. The library owns it, moves it to the device and disposes it.
    /// </summary>
    /// <remarks><inheritdoc cref="CustomVectorEncoderOptions.CreateNetwork" path="/remarks/node()"/></remarks>
    public abstract nn.Module<Tensor, Tensor, Tensor, Tensor> CreateNetwork();
}
