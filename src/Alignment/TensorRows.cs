using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Rows that are a tensor already.</summary>
/// <param name="rows">`[n, dim]`, floating point, borrowed.</param>
internal sealed class TensorRows(Tensor rows) : RowSource
{
    /// <inheritdoc/>
    public override long Count => rows.size(0);

    /// <inheritdoc/>
    public override long Dimension => rows.size(1);

    /// <inheritdoc/>
    public override Device Device => rows.device;

    /// <inheritdoc/>
    public override Tensor Block(long start, long length) => rows.narrow(0, start, length);

    /// <inheritdoc/>
    public override RowSource Pick(long[] numbers) => new TensorRows(Rows.Pick(rows, numbers));
}
