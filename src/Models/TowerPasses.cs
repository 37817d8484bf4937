using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>Goes through the examples of one side in passes.</summary>
internal static class TowerPasses
{
    /// <summary>
    /// One batch for each pass, without noise, in their order. While one is encoded, another thread may prepare the next one; where that is little work, it is
    /// done at its turn.
    /// </summary>
    /// <param name="work">What is to be done before the examples at some positions are encoded.</param>
    /// <param name="passes">Positions of each pass.</param>
    /// <param name="device">Of the weights.</param>
    /// <param name="ahead">Whether other threads may be used.</param>
    /// <returns>Each batch is freed when the next one is asked for; whoever stops earlier disposes the enumerator, as <c>foreach</c> does.</returns>
    /// <exception cref="InvalidOperationException">A sample cannot be prepared; the message names its row and column.</exception>
    public static IEnumerable<ModalityBatch> Read(Func<int[], TowerWork> work, IEnumerable<int[]> passes, Device device, bool ahead)
    {
        using var turns = passes.GetEnumerator();
        var isThere = turns.MoveNext();
        Ahead<TowerBatch>? next = null;
        try
        {
            while (isThere)
            {
                using var batch = (next?.Take() ?? Of(turns.Current).Run()).To(device);
                next = null;
                isThere = turns.MoveNext();
                if (isThere && ahead)
                    next = Of(turns.Current).Begin();
                yield return batch.Views[0];
            }
        }
        finally
        {
            next?.Dispose();
        }

        TowerWork Of(int[] positions)
        {
            var own = work(positions);
            own.AddView(noise: null);
            return own;
        }
    }
}
