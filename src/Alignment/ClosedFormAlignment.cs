using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// A fitted closed-form alignment of two modalities: maps rows of either into one space of unit vectors. Immutable; made by
/// <see cref="AlignmentFitter"/> or from a saved state; owns its tensors (float64).
/// </summary>
internal sealed class ClosedFormAlignment : IDisposable
{
    private readonly SideAlignment _a;
    private readonly SideAlignment _b;
    private readonly int _blockSize;

    /// <summary>Takes the tensors over from whatever dispose scope has them.</summary>
    internal ClosedFormAlignment(SideAlignment a, SideAlignment b, int blockSize)
    {
        (_a, _b, _blockSize) = (a, b, blockSize);
        foreach (var tensor in AlignmentState.Tensors(a, b))
            tensor.Value.DetachFromDisposeScope();
    }

    /// <summary>Width of the embeddings of both sides.</summary>
    public int Width => _a.Width;

    /// <summary>Whether the spectral part is in use.</summary>
    public bool HasSpectralPart => _a.Spectral is not null;

    /// <summary>Dimension of the rows of a side.</summary>
    public long Dimension(Side side) => Of(side).Mean.size(0);

    /// <summary>Unit rows `[batch, width]` of the input's type. A row without direction (all parts zero) becomes the first axis.</summary>
    /// <param name="rows">`[batch, dimension]`, floating point, finite, on the device of the alignment.</param>
    /// <param name="side">The rows' modality.</param>
    /// <param name="cancellationToken">Stops between row blocks.</param>
    /// <exception cref="ArgumentException">Another shape or type, or a value that is not finite.</exception>
    public Tensor Embed(Tensor rows, Side side, CancellationToken cancellationToken = default)
    {
        var maps = Of(side);
        AlignmentData.CheckRows(side.ToString(), "rows", rows);
        if (rows.size(1) != maps.Mean.size(0))
            throw new ArgumentException($"Side {side}: expected rows of dimension {maps.Mean.size(0)}, found {rows.size(1)}.", nameof(rows));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return maps.Apply(rows, _blockSize, cancellationToken).to(rows.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>All that <see cref="FromState"/> needs, by name; new handles on the alignment's own tensors.</summary>
    public IReadOnlyDictionary<string, Tensor> GetState() => AlignmentState.Save(_a, _b);

    /// <summary>Rebuilds an alignment, which gives the same bits; the tensors are copied.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or has another shape or type than expected.</exception>
    public static ClosedFormAlignment FromState(IReadOnlyDictionary<string, Tensor> state, int blockSize = AlignmentSettings.DefaultBlockSize)
    {
        using var scope = NewDisposeScope();
        var (a, b) = AlignmentState.Load(state);
        return new ClosedFormAlignment(a, b, blockSize);
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var tensor in AlignmentState.Tensors(_a, _b))
            tensor.Value.Dispose();
    }

    private SideAlignment Of(Side side) => side == Side.A ? _a : _b;
}
