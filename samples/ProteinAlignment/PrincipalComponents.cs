namespace ProteinAlignment;

/// <summary>Projects points onto the two directions along which they vary most.</summary>
internal static class PrincipalComponents
{
    private const int Iterations = 200;

    /// <summary>The two coordinates of each point, by power iteration on the covariance; the sign of an axis is arbitrary but reproducible.</summary>
    public static (double X, double Y)[] Project(IReadOnlyList<float[]> points)
    {
        int size = points[0].Length;
        var mean = new double[size];
        foreach (float[] point in points)
            for (int i = 0; i < size; i++)
                mean[i] += point[i] / (double)points.Count;
        double[][] centred = [.. points.Select(point => point.Select((value, i) => value - mean[i]).ToArray())];

        double[] first = Direction(centred, null), second = Direction(centred, first);
        return [.. centred.Select(point => (Dot(point, first), Dot(point, second)))];
    }

    private static double[] Direction(double[][] points, double[]? orthogonalTo)
    {
        double[] direction = [.. Enumerable.Range(0, points[0].Length).Select(i => Math.Cos(i + 1))]; // any start that no axis is orthogonal to
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            var next = new double[direction.Length];
            foreach (double[] point in points)
                Add(next, point, Dot(point, direction));
            if (orthogonalTo is not null)
                Add(next, orthogonalTo, -Dot(next, orthogonalTo));
            double length = Math.Sqrt(Dot(next, next));
            direction = Array.ConvertAll(next, value => value / Math.Max(length, double.Epsilon));
        }

        return direction;
    }

    private static void Add(double[] target, double[] source, double factor)
    {
        for (int i = 0; i < target.Length; i++)
            target[i] += factor * source[i];
    }

    private static double Dot(double[] left, double[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
            sum += left[i] * right[i];
        return sum;
    }
}
