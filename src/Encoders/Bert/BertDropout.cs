using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Dropout of one forward pass; none in inference.</summary>
/// <param name="Noise">Its randomness; null in inference.</param>
/// <param name="Share">Share of the elements that are dropped.</param>
internal readonly record struct BertDropout(NoiseSource? Noise, double Share)
{
    /// <summary>Whether anything is dropped.</summary>
    public bool IsOn => Noise is not null && Share > 0;

    /// <summary>Drops elements and scales the others.</summary>
    public Tensor Apply(Tensor x) => IsOn ? Noise!.Dropout(x, Share) : x;
}
