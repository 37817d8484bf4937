using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Leading eigenpairs of a symmetric matrix that is known by its products: block Lanczos steps from a fixed random start, every block
/// orthogonal to all before it, begun anew from the best directions when there are too many (Golub and Underwood, "The block Lanczos
/// method for computing eigenvalues", 1977; Musco and Musco, "Randomized block Krylov methods", 2015). Equal products give equal bits.
/// </summary>
/// <remarks>
/// An eigenvalue found is below the true one by about the squared residual over the distance to the next, and never above it. Directions
/// whose eigenvalue stands out come to within the tolerance; among nearly equal ones any will do that have as much variance.
/// </remarks>
internal static class BlockLanczos
{
    private const int Oversampling = 16, MostBlocks = 8, FewestBlocks = 3, MostProducts = 24;
    private const double Tolerance = 1e-5; // residual, of the eigenvalue
    private const double Rounding = 1e-12; // of the largest eigenvalue
    private const ulong Seed = 1;

    /// <summary>Size below which there is no room for the blocks.</summary>
    public static long SmallestSize(int count) => 2L * FewestBlocks * (count + Oversampling);

    /// <summary>Eigenvalues, largest first `[count]`, and eigenvectors `[size, count]`.</summary>
    /// <param name="multiply">Product of the matrix, positive semidefinite, with `[size, k]`.</param>
    /// <param name="size">Of the matrix, above <see cref="SmallestSize"/>.</param>
    /// <param name="count">How many.</param>
    /// <param name="device">Where the matrix is.</param>
    public static (Tensor Values, Tensor Vectors) Leading(Func<Tensor, Tensor> multiply, long size, int count, Device device)
    {
        using var scope = NewDisposeScope();
        var width = count + Oversampling;
        var blocks = (int)Math.Min(MostBlocks, size / (2L * width));
        var basis = empty([size, blocks * width], ScalarType.Float64, device);
        var projected = zeros([blocks * width, blocks * width], ScalarType.Float64, device);
        basis.narrow(1, 0, width).copy_(Start(size, width, device));
        for (int products = 1, block = 0; ; products++)
        {
            using var step = NewDisposeScope();
            var (first, used) = (block * width, (block + 1) * width);
            var known = basis.narrow(1, 0, used);
            var image = multiply(basis.narrow(1, first, width).contiguous());
            var within = Separate(image, known);
            projected.narrow(0, 0, used).narrow(1, first, width).copy_(within);
            projected.narrow(0, first, width).narrow(1, 0, used).copy_(within.t());
            var (next, coupling) = linalg.qr(image);
            var (values, vectors) = linalg.eigh(projected.narrow(0, 0, used).narrow(1, 0, used));
            var isLast = products == MostProducts || IsConverged(values, coupling.matmul(vectors.narrow(0, first, width)), count);
            if (isLast)
            {
                var (leading, directions) = (values.narrow(0, used - count, count).flip(0), known.matmul(vectors.narrow(1, used - count, count).flip(1)));
                // Out of both scopes.
                leading.MoveToOuterDisposeScope().MoveToOuterDisposeScope();
                directions.MoveToOuterDisposeScope().MoveToOuterDisposeScope();
                return (leading, directions);
            }
            if (++block < blocks)
            {
                // What is left of a space that is used up is rounding, which need not be orthogonal.
                Separate(next, known);
                basis.narrow(1, used, width).copy_(linalg.qr(next).Q);
                continue;
            }
            block = 0;
            basis.narrow(1, 0, width).copy_(linalg.qr(known.matmul(vectors.narrow(1, used - width, width))).Q);
        }
    }

    private static Tensor Start(long size, int width, Device device)
    {
        using var scope = NewDisposeScope();
        var random = new ManagedGenerator(Seed);
        var numbers = new double[size * width];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = random.NextDouble() - 0.5;
        return linalg.qr(tensor(numbers, [size, width]).to(device)).Q.MoveToOuterDisposeScope();
    }

    // Takes out of the columns what lies in the known directions, twice for rounding, and returns it in their coordinates.
    private static Tensor Separate(Tensor columns, Tensor known)
    {
        using var scope = NewDisposeScope();
        var within = known.t().matmul(columns);
        columns.sub_(known.matmul(within));
        var rest = known.t().matmul(columns);
        columns.sub_(known.matmul(rest));
        return within.AddInPlace(rest).MoveToOuterDisposeScope();
    }

    private static bool IsConverged(Tensor values, Tensor residuals, int count)
    {
        using var scope = NewDisposeScope();
        var first = values.size(0) - count;
        var allowed = values.narrow(0, first, count).Times(Tolerance).Plus(values[^1].item<double>() * Rounding);
        return residuals.narrow(1, first, count).Squared().sum(dim: 0).sqrt().le(allowed).all().item<bool>();
    }
}
