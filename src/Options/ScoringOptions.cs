using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// How a <see cref="GentleClipTransformer"/> computes its columns: those of a view as the options were when the view was made, from its first row to its last.
/// But for <see cref="Precision"/> nothing of it changes what is computed, except for the last bits.
/// </summary>
public sealed record ScoringOptions
{
    /// <summary>The largest <see cref="BatchSize"/>: 65536 rows.</summary>
    public const int LargestBatchSize = 1 << 16;

    private readonly int? _batchSize;
    private readonly ScoringEngine _engine;

    /// <summary>
    /// What computes the columns. Default <see cref="ScoringEngine.Torch"/>, whose embeddings of a saved model never change. A model that was loaded where
    /// there is no libtorch begins with <see cref="ScoringEngine.OnnxRuntime"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the three.</exception>
    public ScoringEngine Engine
    {
        get => _engine;
        init => _engine = Enum.IsDefined(value) ? value
            : throw new ArgumentOutOfRangeException(nameof(Engine), value, "Expected one of the values of ScoringEngine.");
    }

    /// <summary>
    /// Most rows of a forward pass, 1 to <see cref="LargestBatchSize"/>. Null, the default, takes up to 256 rows, and fewer where they are long: about 16,000
    /// residues, letters or patches a pass. Set it lower where memory is short, higher on a GPU.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int? BatchSize
    {
        get => _batchSize;
        init => _batchSize = value is { } size ? Check.InRange(size, 1, LargestBatchSize, nameof(BatchSize)) : null;
    }

    /// <summary>
    /// Whether a cursor that has read two windows of rows reads the next one while a thread of the pool computes the one before. Default true. The input is
    /// read only by the caller's thread either way; several cursors over one view, which compute at the same time anyway, do without.
    /// </summary>
    public bool Overlap { get; init; } = true;

    /// <summary>
    /// The numbers that the encoders multiply. Default <see cref="EncoderPrecision.Float32"/>, the numbers of the saved model for ever.
    /// <see cref="EncoderPrecision.BFloat16"/> rounds factors to 8 significant bits, which changes embeddings from the third digit on, and takes half the
    /// memory of the weights more. Setting <see cref="GentleClipTransformer.Scoring"/> throws a <see cref="NotSupportedException"/> where the processor has no
    /// such products.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a precision.</exception>
    public EncoderPrecision Precision
    {
        get;
        init => field = Check.Defined(value, nameof(Precision));
    }
}
