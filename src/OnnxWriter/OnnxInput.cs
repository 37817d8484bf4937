namespace Microsoft.ML.GentleClip;

/// <summary>One input of an exported graph for a batch; see <see cref="OnnxPreprocessor"/>.</summary>
public sealed class OnnxInput
{
    internal OnnxInput(string name, Array values, params long[] shape) => (Name, Values, Shape) = (name, values, shape);

    /// <summary>Name of the graph's input.</summary>
    public string Name { get; }

    /// <summary>The values, row-major: a <c>float[]</c> or a <c>long[]</c>.</summary>
    public Array Values { get; }

    /// <summary>Sizes, for example <c>[batch, length]</c>.</summary>
    public IReadOnlyList<long> Shape { get; }
}
