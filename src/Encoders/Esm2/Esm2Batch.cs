using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Builds batches of tokens, <c>[batch, tokens]</c> of int64: beginning, residues, end, padding up to the longest sequence.</summary>
internal static class Esm2Batch
{
    /// <summary>Tokens that a sequence has beside its residues.</summary>
    public const int Ends = 2;

    private const double LargestPadding = 0.1;

    // More at once is not faster, and inference would need memory for all of them.
    private const long LargestPart = 1 << 14;

    // Starting one more pass through the layers costs about as much as this many tokens: operations are small on a CPU, launches slow on a GPU.
    private const long LeastSaving = 16, LeastSavingOnGpu = 2048;

    /// <summary>A batch of sequences as text.</summary>
    /// <exception cref="FormatException">Not a sequence.</exception>
    public static Tensor FromText(IEnumerable<string> sequences, Device device, Esm2UnknownResidues unknown = Esm2UnknownResidues.Error) =>
        Pad([.. sequences.Select(sequence => (ReadOnlyMemory<byte>)Esm2Alphabet.Encode(sequence, unknown))], device);

    /// <summary>A batch of residues as <see cref="Esm2Alphabet.Encode"/> gives them.</summary>
    public static Tensor Pad(IReadOnlyList<ReadOnlyMemory<byte>> sequences, Device device)
    {
        var width = sequences.Max(sequence => sequence.Length) + Ends;
        var tokens = new long[sequences.Count * width];
        Array.Fill(tokens, Esm2Alphabet.Padding);
        for (var i = 0; i < sequences.Count; i++)
        {
            var row = tokens.AsSpan(i * width, width);
            row[0] = Esm2Alphabet.Beginning;
            var residues = sequences[i].Span;
            for (var j = 0; j < residues.Length; j++)
                row[j + 1] = residues[j];
            row[residues.Length + 1] = Esm2Alphabet.End;
        }
        return tensor(tokens, [sequences.Count, width], device: device);
    }

    /// <summary>Booleans of a batch's shape: true at residues, false at beginning, end and padding.</summary>
    public static Tensor Residues(Tensor tokens) => tokens.gt(Scalars.Of(Esm2Alphabet.End)); // the three are the smallest numbers

    /// <summary>Splits a batch by length, longest first, so that at most about a tenth of each part is padding, and into parts of at most some ten thousand tokens.</summary>
    /// <param name="lengths">Tokens of each sequence.</param>
    /// <param name="device">Where the parts are encoded.</param>
    /// <returns>Positions in <paramref name="lengths"/>.</returns>
    public static IReadOnlyList<long[]> Buckets(IReadOnlyList<long> lengths, DeviceType device)
    {
        var leastSaving = device == DeviceType.CPU ? LeastSaving : LeastSavingOnGpu;
        var buckets = new List<long[]>();
        var bucket = new List<long>();
        var filled = 0L;
        foreach (var at in Enumerable.Range(0, lengths.Count).OrderByDescending(i => lengths[i]))
        {
            var room = bucket.Count == 0 ? 0 : (bucket.Count + 1) * lengths[(int)bucket[0]];
            if (room > LargestPart && bucket.Count > 0 || room - filled - lengths[at] > Math.Max(leastSaving, LargestPadding * room))
            {
                buckets.Add([.. bucket]);
                bucket.Clear();
                filled = 0;
            }
            bucket.Add(at);
            filled += lengths[at];
        }
        buckets.Add([.. bucket]);
        return buckets;
    }
}
