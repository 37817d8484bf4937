using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>One output column: the tower that fills it and the modality it reads.</summary>
/// <param name="Spec">Modality and sizes.</param>
/// <param name="Tower">The tower.</param>
/// <param name="Dimension">Length of the embedding.</param>
/// <param name="Device">Where the tower lives.</param>
internal sealed record EmbeddingColumn(TowerSpec Spec, Tower Tower, int Dimension, Device Device)
{
    /// <summary>Name of the output column.</summary>
    public string Name => Spec.Modality.OutputColumnName;

    /// <summary>Embeds all examples of a store in one forward pass into <c>[store.Count, Dimension]</c>.</summary>
    public void Embed(ExampleStore examples, ReadOnlySpan<int> positions, Span<float> target)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var embeddings = Tower.Embed(examples.Gather(positions, Device), noise: null).cpu().contiguous();
        MemoryMarshal.Cast<byte, float>(embeddings.bytes).CopyTo(target);
    }
}
