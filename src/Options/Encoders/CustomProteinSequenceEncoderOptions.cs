using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of an encoder of your own for amino-acid sequences: derive a record, give it an <see cref="EncoderKeyAttribute"/>, and pass it to
/// <see cref="Modality.ProteinSequence"/>. The sequence arrives as tokens of ESM-2's alphabet.
/// </summary>
/// <remarks><inheritdoc cref="CustomVectorEncoderOptions" path="/remarks/node()"/></remarks>
public abstract record CustomProteinSequenceEncoderOptions : ProteinSequenceEncoderOptions, ICustomEncoderOptions
{
    private int _maximumLength = 1022;
    private string? _weightsFile;

    /// <summary>Residues of a sequence that are encoded, the first ones, 1 to 65534. Default 1022.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumLength
    {
        get => _maximumLength;
        init => _maximumLength = Check.InRange(value, 1, 65534, nameof(MaximumLength));
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
    /// Builds the network with fresh weights. Its two inputs are the tokens <c>[batch, length]</c>, int64 from 0 to below <paramref name="tokens"/>,
    /// and a mask of the same shape, Boolean, false at padding, which must not change the result; its output is features <c>[batch, any width]</c>,
    /// float32. Each row begins with the token 0 and ends with 2, then padding, 1, up to the longest row of the batch. Called several times for a
    /// training, and again at load: each call makes a network of its own. The library owns it, moves it to the device and disposes it.
    /// </summary>
    /// <remarks><inheritdoc cref="CustomVectorEncoderOptions.CreateNetwork" path="/remarks/node()"/></remarks>
    /// <param name="tokens">Number of tokens, 33: 3 is an unknown residue, 4 to 30 are LAGVSERTIDPKQNFYMHWCXBUZO.- and 32 is the mask.</param>
    public abstract nn.Module<Tensor, Tensor, Tensor> CreateNetwork(int tokens);
}
