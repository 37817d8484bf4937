namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>Projects points onto the two directions along which they vary most.</summary>
internal static class PrincipalPlane
{
    private const int MostIterations = 300;
    private const double Tolerance = 1e-10;

    /// <summary>The two coordinates of each point, and the shares of the variance that they hold.</summary>
    public static ((double X, double Y)[] Points, double ShareX, double ShareY) Project(IReadOnlyList<float[]> points)
    {
        int size = points[0].Length;
        var mean = new double[size];
        foreach (float[] point in points)
            for (int i = 0; i < size; i++)
                mean[i] += point[i] / (double)points.Count;
        double[,] covariance = Covariance(points, mean);
        double total = Enumerable.Range(0, size).Sum(i => covariance[i, i]);

        double[] first = Direction(covariance, null), second = Direction(covariance, first);
        (double X, double Y)[] projected = [.. points.Select(point => (Along(point, mean, first), Along(point, mean, second)))];
        return (projected, Share(projected.Select(point => point.X), total), Share(projected.Select(point => point.Y), total));
    }

    private static double[,] Covariance(IReadOnlyList<float[]> points, double[] mean)
    {
        int size = mean.Length;
        var covariance = new double[size, size];
        var centred = new double[size];
        foreach (float[] point in points)
        {
            for (int i = 0; i < size; i++)
                centred[i] = point[i] - mean[i];
            for (int i = 0; i < size; i++)
                for (int j = i; j < size; j++)
                    covariance[i, j] += centred[i] * centred[j] / points.Count;
        }
        for (int i = 0; i < size; i++)
            for (int j = 0; j < i; j++)
                covariance[i, j] = covariance[j, i];
        return covariance;
    }

    // Power iteration; the sign is the one that makes the largest slot positive, so that a plot does not turn over by chance.
    private static double[] Direction(double[,] matrix, double[]? orthogonalTo)
    {
        int size = matrix.GetLength(0);
        double[] direction = [.. Enumerable.Range(0, size).Select(i => Math.Cos(i + 1))];
        for (int iteration = 0; iteration < MostIterations; iteration++)
        {
            var next = new double[size];
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                    next[i] += matrix[i, j] * direction[j];
            if (orthogonalTo is not null)
            {
                double overlap = Dot(next, orthogonalTo);
                for (int i = 0; i < size; i++)
                    next[i] -= overlap * orthogonalTo[i];
            }
            double length = Math.Sqrt(Dot(next, next));
            if (length < double.Epsilon)
                return new double[size]; // all points are one, or lie on a line
            double change = 0;
            for (int i = 0; i < size; i++)
            {
                next[i] /= length;
                change += Math.Abs(next[i] - direction[i]);
            }
            direction = next;
            if (change < Tolerance)
                break;
        }
        double largest = direction.MaxBy(Math.Abs);
        return largest < 0 ? Array.ConvertAll(direction, value => -value) : direction;
    }

    private static double Along(float[] point, double[] mean, double[] direction)
    {
        double sum = 0;
        for (int i = 0; i < mean.Length; i++)
            sum += (point[i] - mean[i]) * direction[i];
        return sum;
    }

    private static double Share(IEnumerable<double> coordinates, double total) => total > 0 ? coordinates.Average(value => value * value) / total : 0;

    private static double Dot(double[] left, double[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
            sum += left[i] * right[i];
        return sum;
    }
}
