using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of a network that encodes pictures: <see cref="ResNetOptions"/>, <see cref="ViTOptions"/>, or your own, a <see cref="CustomImageEncoderOptions"/>.
/// </summary>
public abstract record ImageEncoderOptions : IEncoderOptions
{
    private string? _weightsFile, _weightsKey;

    private protected ImageEncoderOptions()
    {
    }

    /// <summary>
    /// File with pretrained weights of this size, read by <c>Fit</c>: <c>.pt</c>, <c>.pth</c>, <c>.bin</c>, <c>.safetensors</c> or <c>.index.json</c> under the
    /// published names, the folder of a download, or the <c>weights.safetensors</c> out of a model saved by this library. Null, the default,
    /// starts from random ones. A saved model holds its weights and does not name the file.
    /// </summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public string? WeightsFile
    {
        get => _weightsFile;
        init
        {
            if (value is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(WeightsFile));
            _weightsFile = value;
        }
    }

    /// <summary>
    /// Where in <see cref="WeightsFile"/> the weights are: the dotted keys and prefixes that lead to them, such as <c>teacher</c> or
    /// <c>state_dict.model.backbone</c>. Null, the default, finds them by the names that every such network has, and says in the log what was chosen.
    /// </summary>
    /// <exception cref="ArgumentException">The key is empty.</exception>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WeightsKey
    {
        get => _weightsKey;
        init => _weightsKey = Check.NotBlank(value, nameof(WeightsKey));
    }

    /// <summary>Checks what no setter can see alone.</summary>
    /// <param name="images">How the pictures are prepared.</param>
    /// <exception cref="ArgumentException">Settings contradict each other.</exception>
    internal abstract void Validate(ImageOptions images);
}
