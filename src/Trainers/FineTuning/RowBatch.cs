using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>The rows of a step of a fine-tuning, and what has begun of them.</summary>
/// <param name="rows">Numbers of the rows.</param>
/// <param name="work">Of each encoder, in their order.</param>
internal sealed class RowBatch(int[] rows, IReadOnlyList<Ahead<TowerBatch>> work) : IDisposable
{
    private readonly List<TowerBatch> _taken = [];

    /// <summary>Numbers of the rows.</summary>
    public int[] Rows => rows;

    /// <summary>What an encoder takes, once; freed with this.</summary>
    public TowerBatch Take(int encoder, Device device)
    {
        _taken.Add(work[encoder].Take().To(device));
        return _taken[^1];
    }

    /// <summary>Frees the batch and gives up what nobody took.</summary>
    public void Dispose()
    {
        _taken.ForEach(batch => batch.Dispose());
        foreach (var begun in work)
            begun.Dispose();
    }
}
