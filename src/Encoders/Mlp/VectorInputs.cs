using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Feature vectors.</summary>
internal sealed class VectorInputs(int dimension) : InputBatch
{
    private readonly List<float> _values = [];

    /// <inheritdoc/>
    public override void Add(ExampleReader reader) => _values.AddRange(((FeatureReader)reader).Values);

    /// <inheritdoc/>
    public override IReadOnlyList<TowerInput> ToInputs() => [new(OnnxNames.Features, _values.ToArray(), _values.Count / dimension, dimension)];
}
