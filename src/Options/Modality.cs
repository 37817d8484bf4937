namespace Microsoft.ML.GentleClip;

/// <summary>
/// One side of the alignment: which column it reads, which column it writes, and how its encoder looks.
/// Plain data; create one with the static methods.
/// </summary>
public abstract class Modality
{
    private protected Modality(string inputColumnName, string outputColumnName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(inputColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(outputColumnName);
        InputColumnName = inputColumnName;
        OutputColumnName = outputColumnName;
    }

    /// <summary>Column that holds the modality's samples.</summary>
    public string InputColumnName { get; }

    /// <summary>Column that receives the embedding, a vector of <see cref="float"/> of known size and length 1.</summary>
    public string OutputColumnName { get; }

    /// <summary>
    /// A modality of feature vectors: a column of <c>Vector&lt;Single&gt;</c> or <c>Vector&lt;Double&gt;</c> of known size, or a
    /// scalar of one of these types, encoded by a multilayer perceptron.
    /// </summary>
    /// <param name="inputColumnName">Column of the features.</param>
    /// <param name="outputColumnName">Column of the embedding.</param>
    /// <param name="encoder">Encoder settings; null takes the defaults.</param>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    public static VectorModality Vector(string inputColumnName, string outputColumnName, VectorEncoderOptions? encoder = null) =>
        new(inputColumnName, outputColumnName, encoder ?? new VectorEncoderOptions());
}
