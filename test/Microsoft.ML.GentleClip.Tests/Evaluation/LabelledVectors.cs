using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Evaluation;

/// <summary>Rows for the tests of the metrics, and the plainest arithmetic on them.</summary>
internal static class LabelledVectors
{
    public static readonly MLContext Context = new(seed: 1);

    /// <summary>A view of embeddings A and B, a label, and item names.</summary>
    public static IDataView View(params IEnumerable<VectorRow> rows)
    {
        var list = rows.ToList();
        var schema = SchemaDefinition.Create(typeof(VectorRow));
        foreach (var name in new[] { "A", "B" })
            schema[name].ColumnType = new VectorDataViewType(NumberDataViewType.Single,
                list.SelectMany(row => new[] { row.A, row.B }).Max(vector => vector.Length));
        foreach (var row in list)
            (row.A, row.B) = (Absent(row.A, row.B), Absent(row.B, row.A));
        return Context.Data.LoadFromEnumerable(list, schema);

        static float[] Absent(float[] vector, float[] other) => vector.Length > 0 ? vector : [.. other.Select(_ => float.NaN)];
    }

    /// <summary>Coordinates from a small lattice, so that many vectors are equal or equally far, none zero.</summary>
    public static float[] Lattice(Random random, int dimension)
    {
        float[] vector = [.. Enumerable.Range(0, dimension).Select(_ => (float)random.Next(-1, 2))];
        vector[random.Next(dimension)] = 1;
        return vector;
    }

    public static float[] Gaussian(Random random, int dimension) => [.. Enumerable.Range(0, dimension).Select(_ => (float)(random.NextDouble() - 0.5))];

    public static float[] Angle(double degrees) => [(float)Math.Cos(degrees * Math.PI / 180), (float)Math.Sin(degrees * Math.PI / 180)];

    public static double[] Unit(IReadOnlyList<float> vector)
    {
        var norm = Math.Sqrt(vector.Sum(value => (double)value * value));
        return [.. vector.Select(value => norm == 0 ? 0 : value / norm)];
    }

    public static double[] Unit(IReadOnlyList<double> vector)
    {
        var norm = Math.Sqrt(vector.Sum(value => value * value));
        return [.. vector.Select(value => norm < 1e-9 ? 0 : value / norm)];
    }

    public static double Dot(IReadOnlyList<double> a, IReadOnlyList<double> b) => a.Zip(b, (x, y) => x * y).Sum();

    public static double SquaredDistance(IReadOnlyList<double> a, IReadOnlyList<double> b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();

    /// <summary>-1, 0 or 1, equal up to the library's single precision.</summary>
    public static int Compare(double x, double y) => Math.Abs(x - y) < 1e-5 ? 0 : x.CompareTo(y);
}

internal sealed class VectorRow
{
    public float[] A { get; set; } = [];

    public float[] B { get; set; } = [];

    public string Label { get; set; } = "";

    public string ItemA { get; set; } = "";

    public string ItemB { get; set; } = "";
}
