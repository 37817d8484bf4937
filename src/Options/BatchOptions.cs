using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>What the batches of a training consist of; <see cref="TrainingOptions.Batches"/>.</summary>
public sealed record BatchOptions
{
    private const string Group = $"{nameof(TrainingOptions.Batches)}.";

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>256 rows of each modality.</summary>
        public const int Size = 256;
    }

    /// <summary>Rows of each modality in a batch, pairs included, 4 to 1048576 (B in the paper). Fewer when the data hold fewer. Default 256.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int Size
    {
        get;
        set => field = Check.InRange(value, 4, 1 << 20, Group + nameof(Size));
    } = Defaults.Size;

    /// <summary>
    /// Matched pairs in a batch, 2 or more, at most <see cref="Size"/>. Null (default): half the batch. Never more than the data hold.
    /// Used with <see cref="PairsPerBatchRule.Fixed"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 2.</exception>
    public int? PairsPerBatch
    {
        get;
        set => field = value is { } number ? Check.InRange(number, 2, 1 << 20, Group + nameof(PairsPerBatch)) : null;
    }

    /// <summary>How the number of pairs in a batch is found. Default <see cref="PairsPerBatchRule.Fixed"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a rule.</exception>
    public PairsPerBatchRule PairsPerBatchRule
    {
        get;
        set => field = Check.Defined(value, Group + nameof(PairsPerBatchRule));
    }

    /// <summary>
    /// Shards that a batch is cut into, 1 to 1048576; each has 2 rows of each modality or more, drawn from its own part of the rows. Every shard is embedded on
    /// its own, with noise and batch normalisation of its own, while the loss sees the whole batch: memory is that of a shard beside the
    /// embeddings, for a second pass through the towers (GradCache). The processes of a <see cref="GentleClipOptions.ProcessGroup"/> share the shards, and
    /// for equal shards the weights are the same bits whatever their number: a multiple of the number of processes, and for several processes a power of two
    /// times it. Part of a checkpoint's fingerprint.
    /// Null (default): as many as there are processes; 1 cuts nothing.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int? Shards
    {
        get;
        set => field = value is { } number ? Check.InRange(number, 1, 1 << 20, Group + nameof(Shards)) : null;
    }
}
