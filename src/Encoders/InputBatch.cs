using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Collects the samples of a batch and lays them out as the graph's inputs.</summary>
internal abstract class InputBatch
{
    /// <summary>Adds the sample that the reader holds.</summary>
    public abstract void Add(ExampleReader reader);

    /// <summary>The arrays, in the order of the graph's inputs.</summary>
    public abstract IReadOnlyList<TowerInput> ToInputs();

    /// <summary>Length of an array of some sizes.</summary>
    /// <exception cref="ArgumentException">It would be longer than an array can be.</exception>
    internal static int Length(long rows, long width, long numbers = 1) => rows * width * numbers is var length && length <= Array.MaxLength
        ? (int)length
        : throw new ArgumentException($"An array of this batch would have {length} numbers; expected at most {Array.MaxLength}. Give fewer inputs at a time.");
}
