using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.Sharding;

/// <summary>
/// A shard of a step on its way: what of each side has begun, and the noise of each view, which is drawn when it is prepared and when it is embedded, once.
/// </summary>
/// <param name="Work">Of each side.</param>
/// <param name="Noise">Generators of the views, in their order.</param>
internal sealed record OpenShard(Sides<Ahead<TowerBatch>> Work, IReadOnlyList<(Generator Source, NoiseSource Noise)> Noise) : IDisposable
{
    /// <summary>Gives up what nobody took, and frees the generators.</summary>
    public void Dispose()
    {
        Work.A.Dispose();
        Work.B.Dispose();
        foreach (var (source, _) in Noise)
            source.Dispose();
    }
}
