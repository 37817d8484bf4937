using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Builds batches of tokens, <c>[batch, tokens]</c> of int64: beginning, residues, end, padding up to the longest sequence.</summary>
internal static class Esm2Batch
{
    /// <summary>Tokens that a sequence has beside its residues.</summary>
    public const int Ends = SequenceRows.Ends;

    /// <summary>A batch of sequences as text.</summary>
    /// <exception cref="FormatException">Not a sequence.</exception>
    public static Tensor FromText(IEnumerable<string> sequences, Device device, Esm2UnknownResidues unknown = Esm2UnknownResidues.Error) =>
        Pad([.. sequences.Select(sequence => (ReadOnlyMemory<byte>)Esm2Alphabet.Encode(sequence, unknown))], device);

    /// <summary>A batch of residues as <see cref="Esm2Alphabet.Encode"/> gives them.</summary>
    public static Tensor Pad(IReadOnlyList<ReadOnlyMemory<byte>> sequences, Device device)
    {
        var tokens = new SequenceRows(sequences).Pad(out var width);
        return tensor(tokens, [sequences.Count, width], device: device);
    }

    /// <summary>Booleans of a batch's shape: true at residues, false at beginning, end and padding.</summary>
    public static Tensor Residues(Tensor tokens) => tokens.gt(Scalars.Of(Esm2Alphabet.End)); // the three are the smallest numbers
}
