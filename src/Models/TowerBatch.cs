using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>Some examples of one side as its tower takes them.</summary>
/// <param name="Examples">The examples as their store gathers them.</param>
/// <param name="Views">What the encoder takes of them, once for each view that is embedded with noise.</param>
/// <param name="Whole">What it takes of them without noise: prepared, where training and inference are prepared alike.</param>
internal sealed record TowerBatch(ModalityBatch Examples, IReadOnlyList<ModalityBatch> Views, ModalityBatch Whole) : IDisposable
{
    /// <summary>The examples of views that only some of them have, as their store gathers them.</summary>
    public IReadOnlyList<ModalityBatch> Parts { get; init; } = [];

    /// <summary>The same batch on a device; where that is another one, this batch is freed.</summary>
    public TowerBatch To(Device device)
    {
        var moved = new Dictionary<ModalityBatch, ModalityBatch>(ReferenceEqualityComparer.Instance);
        return new TowerBatch(Moved(Examples), [.. Views.Select(Moved)], Moved(Whole)) { Parts = [.. Parts.Select(Moved)] };

        ModalityBatch Moved(ModalityBatch batch)
        {
            if (!moved.TryGetValue(batch, out var there))
                moved.Add(batch, there = batch.To(device));
            return there;
        }
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var batch in Views.Append(Examples).Append(Whole).Concat(Parts))
            batch.Free();
    }
}
