namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>A graph that is ready to run. Thread-safe: runs may be concurrent.</summary>
internal abstract class GraphSession : IDisposable
{
    /// <summary>Runs the graph.</summary>
    /// <param name="inputs">One array for each input of the graph; it may be longer than its shape.</param>
    /// <param name="outputs">Names of the outputs that are wanted.</param>
    /// <param name="take">Takes the number of an output and its values, row-major, which are gone afterwards.</param>
    /// <exception cref="InvalidOperationException">The graph cannot be run; the message has the reason.</exception>
    public abstract void Run(IReadOnlyList<OnnxInput> inputs, IReadOnlyList<string> outputs, GraphOutput take);

    /// <summary>Frees the graph.</summary>
    public abstract void Dispose();
}

/// <summary>Takes an output of a graph.</summary>
/// <param name="number">Its number among those that were asked for.</param>
/// <param name="values">Row-major; gone afterwards.</param>
internal delegate void GraphOutput(int number, ReadOnlySpan<float> values);
