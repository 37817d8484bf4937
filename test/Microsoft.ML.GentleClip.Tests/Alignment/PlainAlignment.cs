namespace Microsoft.ML.GentleClip.Tests.Alignment;

/// <summary>
/// The closed-form alignment once more, as plain loops over float64 arrays, word by word as it is specified and with its own eigenvalues (Jacobi):
/// symmetric inverse square roots, kernel features centred twice, singular vectors from M'M. Small sizes only.
/// </summary>
internal sealed class PlainAlignment
{
    public const int Components = 64;

    private readonly Side _a;
    private readonly Side _b;
    private double _linearWeight;
    private double _kernelWeight;

    /// <summary>Recipe R on pairs, with the mean, scale, components and bandwidth of all rows.</summary>
    public PlainAlignment(double[][] pairsA, double[][] pairsB, double[][] allA, double[][] allB, double linearWeight = 1,
        double kernelWeight = 2, double power = 2)
    {
        (_linearWeight, _kernelWeight) = (linearWeight, kernelWeight);
        (_a, _b) = (new Side(allA), new Side(allB));
        var weights = Enumerable.Repeat(1d / pairsA.Length, pairsA.Length).ToArray();
        Refit([.. pairsA.Select(_a.Prepare)], [.. pairsB.Select(_b.Prepare)], weights, power);
    }

    /// <summary>Unit embedding of a raw row.</summary>
    public double[] Embed(double[] row, bool isA) => (isA ? _a : _b) is var side ? side.Embed(side.Prepare(row), _linearWeight, _kernelWeight) : [];

    public double[][] Cosines(double[][] a, double[][] b)
    {
        var (u, v) = (a.Select(row => Embed(row, true)).ToArray(), b.Select(row => Embed(row, false)).ToArray());
        return [.. u.Select(x => v.Select(y => Dot(x, y)).ToArray())];
    }

    /// <summary>One round of self-training; returns the pseudo-pairs.</summary>
    public List<(int A, int B, double Cosine)> SelfTrain(double[][] pairsA, double[][] pairsB, double[][] poolA, double[][] poolB, int neighbours, int most)
    {
        var cosines = Cosines(poolA, poolB);
        var matches = Matches(cosines, neighbours, most);
        var sum = matches.Sum(match => Math.Max(match.Cosine, 0));
        double[] weights = [.. pairsA.Select(_ => 0.5 / pairsA.Length), .. matches.Select(match => 0.5 * Math.Max(match.Cosine, 0) / sum)];
        Refit(
            [.. pairsA.Select(_a.Prepare), .. matches.Select(match => _a.Prepare(poolA[match.A]))],
            [.. pairsB.Select(_b.Prepare), .. matches.Select(match => _b.Prepare(poolB[match.B]))], weights, 2);
        return matches;
    }

    /// <summary>Mutual best matches under s - mean of the row's largest s / 2 - the same of the column, those of largest s.</summary>
    public static List<(int A, int B, double Cosine)> Matches(double[][] cosines, int neighbours, int most)
    {
        var (n, m) = (cosines.Length, cosines[0].Length);
        double[] Column(int j) => [.. cosines.Select(row => row[j])];
        double Radius(double[] values) => values.OrderDescending().Take(neighbours).Average();
        var (rows, columns) = (cosines.Select(Radius).ToArray(), Enumerable.Range(0, m).Select(j => Radius(Column(j))).ToArray());
        double Corrected(int i, int j) => 2 * cosines[i][j] - rows[i] - columns[j];
        var result = new List<(int, int, double)>();
        for (var i = 0; i < n; i++)
        {
            var j = Enumerable.Range(0, m).MaxBy(k => Corrected(i, k));
            if (Enumerable.Range(0, n).MaxBy(k => Corrected(k, j)) == i)
                result.Add((i, j, cosines[i][j]));
        }
        return [.. result.OrderByDescending(match => match.Item3).Take(most)];
    }

    /// <summary>Transport self-training: rounds from what has been fitted, every row of pairs and pools a kernel anchor.</summary>
    public void Transport(double[][] pairsA, double[][] pairsB, double[][] poolA, double[][] poolB, int rounds, double damping)
    {
        double[][] a = [.. pairsA.Concat(poolA).Select(_a.Prepare)], b = [.. pairsB.Concat(poolB).Select(_b.Prepare)];
        var (pairs, n, m) = (pairsA.Length, poolA.Length, poolB.Length);
        var cosines = Cosines(poolA, poolB);
        (_a.Anchors, _b.Anchors, _linearWeight, _kernelWeight) = (a, b, 1, 1);
        _a.FitKernel(1e-4);
        _b.FitKernel(1e-4);
        for (var round = 0; round < rounds; round++)
        {
            var part = rounds == 1 ? 1 : round / (rounds - 1d);
            var plan = Plan(cosines, 0.5 * Math.Pow(0.06, part), 20, damping);
            var joint = new double[pairs + n][];
            for (var i = 0; i < pairs + n; i++)
                joint[i] = [.. Enumerable.Range(0, pairs + m).Select(j =>
                    i < pairs ? i == j ? 0.5 / pairs : 0 : j < pairs ? 0 : 0.5 * plan[i - pairs][j - pairs])];
            var ridge = Math.Pow(0.3, part);
            (_a.Linear, _b.Linear) = Cca(a, b, joint, ridge);
            (_a.Kernel, _b.Kernel) = Cca([.. a.Select(_a.Features)], [.. b.Select(_b.Features)], joint, ridge);
            cosines = Cosines(poolA, poolB);
        }
    }

    /// <summary>The transport plan of sum 1 of similarities, which are divided by their standard deviation; logarithms throughout.</summary>
    public static double[][] Plan(double[][] similarities, double regularization, int iterations, double damping)
    {
        var (n, m) = (similarities.Length, similarities[0].Length);
        var all = similarities.SelectMany(row => row).ToArray();
        var deviation = Math.Sqrt(all.Average(s => s * s) - all.Average() * all.Average());
        var logs = similarities.Select(row => row.Select(s => (s - all.Max()) / deviation / regularization).ToArray()).ToArray();
        var (u, v) = (new double[n], new double[m]);
        for (var iteration = 0; iteration < iterations; iteration++)
        {
            v = [.. Enumerable.Range(0, m).Select(j => damping * (-Math.Log(m) - LogSum(Enumerable.Range(0, n).Select(i => logs[i][j] + u[i]))))];
            u = [.. Enumerable.Range(0, n).Select(i => damping * (-Math.Log(n) - LogSum(Enumerable.Range(0, m).Select(j => logs[i][j] + v[j]))))];
        }
        var total = LogSum(Enumerable.Range(0, n).SelectMany(i => Enumerable.Range(0, m).Select(j => logs[i][j] + u[i] + v[j])));
        return [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, m).Select(j => Math.Exp(logs[i][j] + u[i] + v[j] - total)).ToArray())];

        static double LogSum(IEnumerable<double> values)
        {
            var terms = values.ToArray();
            var largest = terms.Max();
            return largest + Math.Log(terms.Sum(term => Math.Exp(term - largest)));
        }
    }

    // As below, for rows that belong together by the weights of a matrix.
    private static (Func<double[], double[]> A, Func<double[], double[]> B) Cca(double[][] a, double[][] b, double[][] joint, double ridge)
    {
        var (weightsA, weightsB) = (joint.Select(row => row.Sum()).ToArray(), Transpose(joint).Select(column => column.Sum()).ToArray());
        var (meanA, meanB) = (Mean(a, weightsA), Mean(b, weightsB));
        var (centredA, centredB) = (a.Select(row => Minus(row, meanA)).ToArray(), b.Select(row => Minus(row, meanB)).ToArray());
        var cross = Product(Product(Transpose(centredA), joint), centredB);
        return Directions(meanA, meanB, Covariance(centredA, centredA, weightsA), Covariance(centredB, centredB, weightsB), cross, ridge, 2, 1e-4);
    }

    private void Refit(double[][] a, double[][] b, double[] weights, double power)
    {
        (_a.Linear, _b.Linear) = Cca(a, b, weights, power);
        (_a.Anchors, _b.Anchors) = (a, b);
        _a.FitKernel();
        _b.FitKernel();
        (_a.Kernel, _b.Kernel) = Cca([.. a.Select(_a.Features)], [.. b.Select(_b.Features)], weights, power);
    }

    // Maps x -> (x - mean) W U (S / S1)^(power / 2).
    private static (Func<double[], double[]> A, Func<double[], double[]> B) Cca(double[][] a, double[][] b, double[] weights, double power)
    {
        var (meanA, meanB) = (Mean(a, weights), Mean(b, weights));
        var (centredA, centredB) = (a.Select(row => Minus(row, meanA)).ToArray(), b.Select(row => Minus(row, meanB)).ToArray());
        return Directions(meanA, meanB, Covariance(centredA, centredA, weights), Covariance(centredB, centredB, weights),
            Covariance(centredA, centredB, weights), 1, power, 1e-6);
    }

    private static (Func<double[], double[]> A, Func<double[], double[]> B) Directions(
        double[] meanA, double[] meanB, double[][] covarianceA, double[][] covarianceB, double[][] cross, double ridge, double power, double smallest)
    {
        var (rootA, rootB) = (InverseRoot(covarianceA, ridge), InverseRoot(covarianceB, ridge));
        var m = Product(Product(rootA, cross), rootB);
        var (values, v) = Jacobi(Product(Transpose(m), m)); // v[k] is an eigenvector
        var singular = values.Select(value => Math.Sqrt(Math.Max(value, 0))).ToArray();
        var kept = Enumerable.Range(0, values.Length).Where(k => singular[k] > smallest * singular[0]).ToArray();
        double[] Map(double[] row, double[] mean, double[][] root, Func<int, double[]> direction) =>
            [.. kept.Select(k => Dot(Times(root, Minus(row, mean)), direction(k)) * Math.Pow(singular[k] / singular[0], power / 2))];
        return (row => Map(row, meanA, rootA, k => [.. Times(m, v[k]).Select(value => value / singular[k])]), row => Map(row, meanB, rootB, k => v[k]));
    }

    private static double[][] InverseRoot(double[][] covariance, double share)
    {
        var n = covariance.Length;
        var (values, vectors) = Jacobi(covariance);
        var ridge = share * values.Sum() / n;
        return [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n)
            .Select(j => Enumerable.Range(0, n).Sum(k => vectors[k][i] * vectors[k][j] / Math.Sqrt(values[k] + ridge))).ToArray())];
    }

    /// <summary>Eigenvalues of a symmetric matrix in descending order and their eigenvectors, one a row.</summary>
    public static (double[] Values, double[][] Vectors) Jacobi(double[][] symmetric)
    {
        var n = symmetric.Length;
        var a = symmetric.Select(row => (double[])row.Clone()).ToArray();
        var v = Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Select(j => i == j ? 1d : 0).ToArray()).ToArray();
        for (var sweep = 0; sweep < 60; sweep++)
            for (var p = 0; p < n; p++)
                for (var q = p + 1; q < n; q++)
                {
                    if (Math.Abs(a[p][q]) < 1e-300)
                        continue;
                    var theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
                    var t = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
                    var c = 1 / Math.Sqrt(t * t + 1);
                    var s = t * c;
                    for (var k = 0; k < n; k++)
                        (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]);
                    for (var k = 0; k < n; k++)
                        (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]);
                    for (var k = 0; k < n; k++)
                        (v[p][k], v[q][k]) = (c * v[p][k] - s * v[q][k], s * v[p][k] + c * v[q][k]);
                }
        var order = Enumerable.Range(0, n).OrderByDescending(i => a[i][i]).ToArray();
        return ([.. order.Select(i => a[i][i])], [.. order.Select(i => v[i])]);
    }

    private static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    private static double[] Minus(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a - b)];

    private static double[] Times(double[][] m, double[] x) => [.. m.Select(row => Dot(row, x))];

    private static double[][] Transpose(double[][] m) => [.. Enumerable.Range(0, m[0].Length).Select(j => m.Select(row => row[j]).ToArray())];

    private static double[][] Product(double[][] x, double[][] y) =>
        Transpose(y) is var columns ? [.. x.Select(row => columns.Select(column => Dot(row, column)).ToArray())] : [];

    private static double[] Mean(double[][] rows, double[] weights) => [.. Transpose(rows).Select(column => Dot(column, weights))];

    private static double[][] Covariance(double[][] x, double[][] y, double[] weights) =>
        [.. Transpose(x).Select(p => Transpose(y).Select(q => Enumerable.Range(0, weights.Length).Sum(i => weights[i] * p[i] * q[i])).ToArray())];

    private static double SquaredDistance(double[] x, double[] y) => x.Zip(y, (a, b) => (a - b) * (a - b)).Sum();

    private static double[] Unit(double[] x) => Math.Sqrt(Dot(x, x)) is var norm ? [.. x.Select(value => value / norm)] : [];

    private sealed class Side
    {
        private readonly double[] _mean;
        private readonly double _scale;
        private readonly double[][] _components;
        private readonly double _bandwidth;
        private double[] _columnMeans = [];
        private double _grandMean;
        private double[] _kernelValues = [];
        private double[][] _kernelVectors = [];

        public Side(double[][] all)
        {
            var equal = Enumerable.Repeat(1d / all.Length, all.Length).ToArray();
            _mean = Mean(all, equal);
            var centred = all.Select(row => Minus(row, _mean)).ToArray();
            _scale = Math.Sqrt(centred.Average(row => row.Average(value => value * value)));
            var (values, vectors) = Jacobi(Covariance(centred, centred, equal));
            _components = [.. vectors.Where((_, i) => i < Components && values[i] > 1e-10 * values[0])];
            var prepared = all.Select(Prepare).ToArray();
            var distances = prepared.SelectMany((x, i) => prepared.Skip(i + 1).Select(y => SquaredDistance(x, y))).Order().ToArray();
            _bandwidth = distances[(distances.Length - 1) / 2];
        }

        public Func<double[], double[]> Linear { get; set; } = row => row;

        public Func<double[], double[]> Kernel { get; set; } = row => row;

        public double[][] Anchors { get; set; } = [];

        public double[] Prepare(double[] row) => [.. _components.Select(component => Dot(component, Minus(row, _mean)) / _scale)];

        public void FitKernel(double smallest = 1e-6)
        {
            var kernel = Anchors.Select(KernelOf).ToArray();
            _columnMeans = [.. Transpose(kernel).Select(column => column.Average())];
            _grandMean = _columnMeans.Average();
            var (values, vectors) = Jacobi([.. Anchors.Select(Centred)]);
            var kept = values.Count(value => value > smallest * values[0]);
            (_kernelValues, _kernelVectors) = (values[..kept], vectors[..kept]);
        }

        public double[] Features(double[] prepared)
        {
            var centred = Centred(prepared);
            return [.. _kernelVectors.Select((vector, k) => Dot(vector, centred) / Math.Sqrt(_kernelValues[k]))];
        }

        public double[] Embed(double[] prepared, double linearWeight, double kernelWeight)
        {
            var (linear, kernel) = (linearWeight > 0 ? Unit(Linear(prepared)) : [], kernelWeight > 0 ? Unit(Kernel(Features(prepared))) : []);
            return Unit([.. linear.Select(value => Math.Sqrt(linearWeight) * value), .. kernel.Select(value => Math.Sqrt(kernelWeight) * value)]);
        }

        private double[] KernelOf(double[] prepared) => [.. Anchors.Select(anchor => Math.Exp(-SquaredDistance(prepared, anchor) / _bandwidth))];

        private double[] Centred(double[] prepared)
        {
            var kernel = KernelOf(prepared);
            var mean = kernel.Average();
            return [.. kernel.Select((value, i) => value - _columnMeans[i] - mean + _grandMean)];
        }
    }
}
