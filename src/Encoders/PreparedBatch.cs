using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Examples as the named arrays that their network begins with.</summary>
/// <param name="Arrays">What the encoder's preparation made.</param>
internal sealed record PreparedBatch(IReadOnlyList<OnnxInput> Arrays) : ModalityBatch
{
    /// <summary>An array, row-major, and its sizes.</summary>
    public T[] Values<T>(string name, out IReadOnlyList<long> shape)
    {
        var array = Arrays.First(array => array.Name == name);
        shape = array.Shape;
        return (T[])array.Values;
    }
}
