using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>
/// The products of `batch x batch x dim` without which there is neither value nor gradient, and nothing else: in row blocks, into
/// buffers that are there already.
/// </summary>
/// <param name="Forward">X Y', the similarities.</param>
/// <param name="Rows">W Y, the gradient of the rows.</param>
/// <param name="Columns">W' X, the gradient of the columns.</param>
internal sealed record MatrixProducts(int Forward, int Rows, int Columns)
{
    private const long BlockSize = 1024;

    /// <summary>What runs the products once.</summary>
    public Action On(Batch batch)
    {
        var (x, y) = (batch.U.detach(), batch.V.detach());
        var (n, yt) = (x.size(0), y.t());
        var (matrix, gx, gy) = (empty(Math.Min(n, BlockSize), n, x.dtype), empty_like(x), zeros_like(y));
        return () =>
        {
            for (long start = 0; start < n; start += BlockSize)
            {
                using var scope = NewDisposeScope();
                var length = Math.Min(BlockSize, n - start);
                var (rows, w, g) = (x.narrow(0, start, length), matrix.narrow(0, 0, length), gx.narrow(0, start, length));
                for (var i = 0; i < Forward; i++)
                    w.addmm_(rows, yt, 0, 1);
                for (var i = 0; i < Rows; i++)
                    g.addmm_(w, y, 0, 1);
                for (var i = 0; i < Columns; i++)
                    gy.addmm_(w.t(), rows, start == 0 ? 0 : 1, 1);
            }
        };
    }
}
