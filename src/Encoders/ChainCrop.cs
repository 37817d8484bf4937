using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Cuts long chains to random runs of their residues.</summary>
internal static class ChainCrop
{
    /// <summary>The chains, each of at most so many residues.</summary>
    public static Chain[] Crop(IReadOnlyList<Chain> chains, int longest, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        // One number a chain, needed or not: what else is drawn then does not depend on lengths.
        var places = noise.Uniform(chains.Count, CPU).data<float>();
        return [.. chains.Select((chain, i) => chain.Length <= longest
            ? chain
            : chain.Slice(Math.Min((int)(places[i] * (chain.Length - longest + 1.0)), chain.Length - longest), longest))];
    }
}
