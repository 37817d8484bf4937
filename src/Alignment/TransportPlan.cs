using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// The entropic transport plan T between the rows of A and of B: T_ij = exp(s_ij / (regularization · sd)) u_i v_j with s the cosines and sd their
/// standard deviation, u and v from a fixed number of scalings. The kernel is kept divided by the largest number of each row and of each column,
/// so that no row or column of it underflows, whatever the regularisation.
/// </summary>
internal sealed class TransportPlan
{
    private const long CacheElements = 1 << 18; // of the kernel a time: a block is read twice while it is in the cache
    private const double FewestDeviations = 1e-9;
    private readonly Tensor _kernel; // [n, m]: exp(similarity / temperature - top + potentialB - rowPeak - columnPeak)
    private readonly Tensor _u;      // [n] float64, of that kernel
    private readonly Tensor _v;      // [m]
    private readonly double _weight;

    private TransportPlan(
        Tensor kernel, Tensor u, Tensor v, Tensor rowSums, Tensor columnSums, double weight, double temperature, Tensor potentialsA, Tensor potentialsB)
    {
        (_kernel, _u, _v, _weight) = (kernel, u, v, weight);
        (RowSums, ColumnSums, Temperature, PotentialsA, PotentialsB) = (rowSums, columnSums, temperature, potentialsA, potentialsB);
    }

    /// <summary>Sums over B `[n]`; of sum <c>mass</c>.</summary>
    public Tensor RowSums { get; }

    /// <summary>Sums over A `[m]`.</summary>
    public Tensor ColumnSums { get; }

    /// <summary>What the similarities are divided by: regularisation times their standard deviation.</summary>
    public double Temperature { get; }

    /// <summary>f `[n]`, up to a constant: T_ij is proportional to exp(s_ij / temperature + f_i + g_j).</summary>
    public Tensor PotentialsA { get; }

    /// <summary>g `[m]`, up to a constant. A new row x of A has the plan softmax_j(s(x, b_j) / temperature + g_j).</summary>
    public Tensor PotentialsB { get; }

    /// <summary>The plan between two sets of unit embeddings. Its tensors belong to the open dispose scope.</summary>
    /// <param name="a">`[n, width]`, n of 1 or more.</param>
    /// <param name="b">`[m, width]`.</param>
    /// <param name="regularization">In standard deviations of the cosines.</param>
    /// <param name="settings">Iterations, damping and precision.</param>
    /// <param name="mass">Sum of the plan.</param>
    /// <param name="cancellationToken">Stops between iterations.</param>
    public static TransportPlan Between(
        Tensor a, Tensor b, double regularization, TransportSettings settings, double mass = 1, CancellationToken cancellationToken = default)
    {
        using var scope = NewDisposeScope();
        var type = TypeOf(a.size(0), b.size(0), settings);
        var (x, y) = (a.to(type), b.to(type).t());
        var kernel = x.matmul(y);
        var (deviation, largest) = (kernel.std(unbiased: false).to(ScalarType.Float64).item<double>(), kernel.max().to(ScalarType.Float64).item<double>());
        var temperature = regularization * Math.Max(deviation, FewestDeviations);
        var work = new Scaling(x, y, kernel, temperature, largest, settings, cancellationToken);
        var plan = work.Run(mass);
        foreach (var tensor in new[] { plan._kernel, plan._u, plan._v, plan.RowSums, plan.ColumnSums, plan.PotentialsA, plan.PotentialsB })
            tensor.MoveToOuterDisposeScope();
        return plan;
    }

    /// <summary>The type in which a plan of so many rows is computed.</summary>
    public static ScalarType TypeOf(long n, long m, TransportSettings settings) => n * m <= settings.ExactElements ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>Adds A' T B to matrices, in row blocks.</summary>
    /// <param name="parts">Rows of A `[n, p]`, rows of B `[m, q]` and the matrix `[p, q]` that is changed, for each.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    public void AddMoments(IReadOnlyList<(Tensor A, Tensor B, Tensor Into)> parts, CancellationToken cancellationToken = default)
    {
        using var scope = NewDisposeScope();
        // All parts' columns of B at once: the kernel is read a single time.
        var right = empty([_v.size(0), parts.Sum(part => part.B.size(1))], _kernel.dtype, _v.device);
        long first = 0;
        foreach (var (_, b, _) in parts)
        {
            right.narrow(1, first, b.size(1)).copy_(b);
            first += b.size(1);
        }
        right.mul_(_v.Times(_weight * _kernel.size(0)).to(_kernel.dtype).unsqueeze(1)); // near 1, whatever the type
        var u = _u.Over(_kernel.size(0));
        foreach (var (start, length) in Rows.Blocks(_kernel.size(0), 1, TransportSide.BlockSize))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var carried = _kernel.narrow(0, start, length).matmul(right).to(ScalarType.Float64).mul_(u.narrow(0, start, length).unsqueeze(1));
            first = 0;
            foreach (var (a, b, into) in parts)
            {
                into.addmm_(a.narrow(0, start, length).t(), carried.narrow(1, first, b.size(1)));
                first += b.size(1);
            }
        }
    }

    /// <summary>T rows `[n, columns]`, float64: what each row of A is carried to, times its sum.</summary>
    /// <param name="rows">Rows that belong to B's `[m, columns]`.</param>
    public Tensor Times(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var scaled = (rows * _v.Times(_weight).unsqueeze(1)).to(_kernel.dtype);
        return (_kernel.matmul(scaled).to(ScalarType.Float64) * _u.unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>T' rows `[m, columns]`, float64.</summary>
    /// <param name="rows">Rows that belong to A's `[n, columns]`.</param>
    public Tensor TransposedTimes(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var scaled = (rows * _u.Times(_weight).unsqueeze(1)).to(_kernel.dtype);
        return (_kernel.t().matmul(scaled).to(ScalarType.Float64) * _v.unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Barycentres `[n, columns]`: each row of A as the mean of B's rows under its part of the plan.</summary>
    /// <param name="rows">Rows that belong to B's `[m, columns]`.</param>
    public Tensor Translate(Tensor rows)
    {
        using var scope = NewDisposeScope();
        return (Times(rows) / RowSums.unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Largest share `[n]` of a row of A that goes to one row of B, 0 to 1, and the number of that row.</summary>
    public (Tensor Confidence, Tensor Best) Matches()
    {
        using var scope = NewDisposeScope();
        var (confidence, best) = (empty(_u.size(0), ScalarType.Float64, _u.device), empty(_u.size(0), ScalarType.Int64, _u.device));
        var v = _v.to(_kernel.dtype);
        foreach (var (start, length) in Blocks(_kernel, CacheElements))
        {
            using var step = NewDisposeScope();
            var (values, numbers) = (_kernel.narrow(0, start, length) * v).max(1);
            var scale = _u.narrow(0, start, length).Times(_weight) / RowSums.narrow(0, start, length);
            confidence.narrow(0, start, length).copy_(values.to(ScalarType.Float64) * scale);
            best.narrow(0, start, length).copy_(numbers);
        }
        return (confidence.MoveToOuterDisposeScope(), best.MoveToOuterDisposeScope());
    }

    /// <summary>Shares `[n, m]` of new rows of A among B's rows: the plan carried on by B's potentials. Rows sum to 1.</summary>
    /// <param name="embeddings">Unit embeddings of rows of A `[n, width]`.</param>
    /// <param name="bank">Those of B's rows `[m, width]`.</param>
    public Tensor Extend(Tensor embeddings, Tensor bank)
    {
        using var scope = NewDisposeScope();
        return embeddings.matmul(bank.t()).Over(Temperature).Plus(PotentialsB).softmax(1).MoveToOuterDisposeScope();
    }

    // On a CPU so that a block stays in the cache; elsewhere few large steps are faster.
    private static IEnumerable<(long Start, long Length)> Blocks(Tensor kernel, long elements)
    {
        var (n, m) = (kernel.size(0), kernel.size(1));
        var rows = kernel.device.type == TorchSharp.DeviceType.CPU ? Math.Max(1, elements / Math.Max(m, 1)) : n;
        for (long start = 0; start < n; start += rows)
            yield return (start, Math.Min(rows, n - start));
    }

    // K, with which u and v are found, is exp(l), l = (s - largest) / temperature. What is kept is exp(l + g - rowPeak - columnPeak), and u and v of that.
    private sealed class Scaling(
        Tensor x, Tensor y, Tensor kernel, double temperature, double largest, TransportSettings settings, CancellationToken cancellationToken)
    {
        private readonly double _widest = kernel.dtype == ScalarType.Float64 ? 1e150 : 1e15; // ratio of two scalings beyond which the kernel is rebuilt
        private Tensor _rowPeaks = null!;    // [n] float64
        private Tensor _columnShift = null!; // [m]: column peak - g
        private Tensor _potential = null!;   // [m]: g, the logarithm of v when the kernel was built

        private long N => kernel.size(0);

        private long M => kernel.size(1);

        public TransportPlan Run(double mass)
        {
            Exponents(rebuild: false);
            // The first scaling of the columns, u = 1, exactly: in the log domain.
            Rebuild(LogColumnSums().Plus(Math.Log(M)).Times(-settings.Damping));
            var v = _columnShift.Plus(_potential).exp();
            Tensor u = zeros(N, ScalarType.Float64, kernel.device), rowSums = u, columnSums = v;
            for (var iteration = 1; ; iteration++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                (u, rowSums, columnSums) = ScaleRows(v);
                if (iteration == settings.Iterations)
                    break;
                v = Scale(columnSums, _columnShift, M);
                if (v.max().item<double>() / v.min().item<double>() is var ratio && !(ratio <= _widest))
                {
                    Exponents(rebuild: true);
                    Rebuild(v.log() - _columnShift);
                    v = _columnShift.Plus(_potential).exp();
                }
            }
            var (rows, columns) = (u * rowSums, v * columnSums);
            var weight = mass / rows.sum().item<double>();
            return new TransportPlan(kernel, u, v, rows.Times(weight), columns.Times(weight), weight, temperature, u.log() - _rowPeaks, v.log() - _columnShift);
        }

        private void Exponents(bool rebuild)
        {
            if (rebuild)
            {
                using var cosines = x.matmul(y);
                kernel.copy_(cosines);
            }
            kernel.sub_(Scalars.Of(largest)).mul_(Scalars.Of(1 / temperature));
        }

        private Tensor LogColumnSums()
        {
            using var scope = NewDisposeScope();
            var peaks = kernel.amax([0]);
            var sums = zeros(M, ScalarType.Float64, kernel.device);
            foreach (var (start, length) in Blocks(kernel, CacheElements))
                using (NewDisposeScope())
                    sums.AddInPlace((kernel.narrow(0, start, length) - peaks).exp_().sum(0, type: ScalarType.Float64));
            return sums.log_().AddInPlace(peaks).MoveToOuterDisposeScope();
        }

        private void Rebuild(Tensor potential)
        {
            using var scope = NewDisposeScope();
            // The largest number of a row stays at 0 when the columns are divided by theirs: it is its column's largest too.
            kernel.add_(potential.to(kernel.dtype), Scalars.One);
            var rowPeaks = kernel.amax([1]);
            kernel.sub_(rowPeaks.unsqueeze(1));
            var columnPeaks = kernel.amax([0]);
            kernel.sub_(columnPeaks).exp_();
            _rowPeaks = rowPeaks.to(ScalarType.Float64).MoveToOuterDisposeScope();
            _columnShift = (columnPeaks.to(ScalarType.Float64) - potential).MoveToOuterDisposeScope();
            _potential = potential.alias().MoveToOuterDisposeScope();
        }

        // u from v, and with it K'u, in one pass.
        private (Tensor U, Tensor RowSums, Tensor ColumnSums) ScaleRows(Tensor v)
        {
            using var scope = NewDisposeScope();
            var narrow = v.to(kernel.dtype);
            var (u, sums) = (empty(N, ScalarType.Float64, kernel.device), empty(N, ScalarType.Float64, kernel.device));
            var columns = zeros(M, ScalarType.Float64, kernel.device);
            foreach (var (start, length) in Blocks(kernel, CacheElements))
            {
                using var step = NewDisposeScope();
                var block = kernel.narrow(0, start, length);
                var own = block.mv(narrow).to(ScalarType.Float64);
                var scaled = Scale(own, _rowPeaks.narrow(0, start, length), N);
                sums.narrow(0, start, length).copy_(own);
                u.narrow(0, start, length).copy_(scaled);
                columns.AddInPlace(block.t().mv(scaled.to(kernel.dtype)));
            }
            return (u.MoveToOuterDisposeScope(), sums.MoveToOuterDisposeScope(), columns.MoveToOuterDisposeScope());
        }

        // (1 / count / sum of K)^q for the kernel that is kept; with q = 1 its shift falls out.
        private Tensor Scale(Tensor sums, Tensor shift, long count)
        {
            using var scope = NewDisposeScope();
            var scaled = settings.Damping == 1
                ? sums.Times(count).reciprocal()
                : sums.log().Plus(Math.Log(count)).AddInPlace(shift).Times(-settings.Damping).AddInPlace(shift).exp();
            return scaled.MoveToOuterDisposeScope();
        }
    }
}
