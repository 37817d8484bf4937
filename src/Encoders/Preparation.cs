using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Lays examples out as the named arrays that an encoder's graph reads (docs/onnx.md), without torch. The examples come through the binding, reader and
/// store that training and scoring have. Thread-safe.
/// </summary>
internal abstract class Preparation
{
    /// <summary>The arrays, in the order of the graph's inputs.</summary>
    /// <param name="examples">One or more, of the encoder's modality.</param>
    public abstract IReadOnlyList<OnnxInput> Prepare(ExampleStore examples);

    /// <summary>Length of an array of some sizes.</summary>
    /// <exception cref="ArgumentException">It would be longer than an array can be.</exception>
    public static int Length(long rows, long width, long numbers = 1) => rows * width * numbers is var length && length <= Array.MaxLength
        ? (int)length
        : throw new ArgumentException(
            $"An array of this batch would have {length} numbers; expected at most {Array.MaxLength}. Give fewer inputs at a time.");
}

/// <summary>The same for an encoder whose own network begins with these arrays: training, scoring and exported graphs share them.</summary>
internal abstract class BatchPreparation<TBatch> : Preparation where TBatch : ModalityBatch
{
    /// <inheritdoc/>
    public sealed override IReadOnlyList<OnnxInput> Prepare(ExampleStore examples) =>
        Prepare((TBatch)examples.Gather([.. Enumerable.Range(0, examples.Count)]));

    /// <summary>The arrays, in the order of the graph's inputs.</summary>
    /// <param name="batch">One example or more.</param>
    public abstract IReadOnlyList<OnnxInput> Prepare(TBatch batch);
}
