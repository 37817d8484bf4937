using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Feature vectors as they are.</summary>
internal sealed class VectorPreparation : Preparation
{
    /// <inheritdoc/>
    public override IReadOnlyList<OnnxInput> Prepare(ExampleStore examples)
    {
        var vectors = (VectorStore)examples;
        var values = new float[Length(vectors.Count, vectors.Dimension)];
        for (var i = 0; i < vectors.Count; i++)
            vectors.CopyTo(i, values.AsSpan(i * vectors.Dimension, vectors.Dimension));
        return [new(OnnxNames.Features, values, vectors.Count, vectors.Dimension)];
    }
}
