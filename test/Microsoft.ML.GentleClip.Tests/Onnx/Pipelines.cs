using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>Whole pipelines written by ML.NET's own export, run by ONNX Runtime, compared with ML.NET.</summary>
internal static class Pipelines
{
    /// <summary>Largest difference of a number, relative to it where it is above 1.</summary>
    private const double Tolerance = 1e-5;

    // ML.NET names the outputs so.
    private const string OutputSuffix = ".output";

    public static readonly MLContext Context = new(seed: 1);

    internal sealed class Row
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];

        [VectorType(TwoViews.DimensionB)]
        public float[] B { get; set; } = [];

        public string Kind { get; set; } = "";

        public bool IsFirst { get; set; }

        public float Target { get; set; }

        [VectorType(5)]
        public bool[] Labels { get; set; } = [];
    }

    /// <summary>Rows with both sides and something to learn.</summary>
    public static List<Row> Rows(int count, int seed = 3) => [.. TwoViews.Pairs(count, seed).Select(row => new Row
    {
        A = row.A!,
        B = row.B!,
        Kind = $"kind {row.Cluster}",
        IsFirst = row.Cluster == 0,
        Target = row.A![0] + row.B![1],
        Labels = [row.A[0] > 0, row.A[1] > 0, row.B[2] > 0, false, true],
    })];

    /// <summary>Rows of which some lack a side, and some have a slot that is no number.</summary>
    public static List<Row> Gaps(int count)
    {
        var rows = Rows(count, seed: 8);
        for (var i = 0; i < count; i++)
        {
            if (i % 4 == 1)
                rows[i].A = [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)];
            if (i % 5 == 2)
                rows[i].B = [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionB)];
            if (i % 7 == 3)
                rows[i].A[i % TwoViews.DimensionA] = i % 2 == 0 ? float.NaN : float.PositiveInfinity;
        }
        return rows;
    }

    public static IDataView View(List<Row> rows) => Context.Data.LoadFromEnumerable(rows);

    /// <summary>ML.NET's export.</summary>
    public static byte[] Convert(ITransformer model, IDataView data, params string[] outputs)
    {
        using var stream = new MemoryStream();
        if (outputs.Length == 0)
            Context.Model.ConvertToOnnx(model, data, stream);
        else
            Context.Model.ConvertToOnnx(model, data, stream, outputs);
        return stream.ToArray();
    }

    /// <summary>Runs a file on rows, all at once and one at a time, and compares every output that stands for a column of the transformed rows.</summary>
    /// <param name="test">Where the largest difference is written.</param>
    /// <param name="file">The file.</param>
    /// <param name="data">Rows with the inputs.</param>
    /// <param name="transformed">The rows as ML.NET transforms them.</param>
    /// <param name="expected">Columns that must be among the outputs; all others are compared too.</param>
    public static void Compare(TestContext test, byte[] file, IDataView data, IDataView transformed, params string[] expected)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var session = new InferenceSession(file, options);
        var inputs = session.InputMetadata.Keys.ToList();
        Assert.IsEmpty(inputs.Except(data.Schema.Select(column => column.Name)), "inputs of the graph that are no columns of the data");
        foreach (var column in expected)
            Assert.Contains(column + OutputSuffix, session.OutputMetadata.Keys.ToList());
        var columns = session.OutputMetadata.Keys.Where(name => name.EndsWith(OutputSuffix, StringComparison.Ordinal)).ToList();
        var wanted = columns.ToDictionary(name => name, name => Cells(transformed, name[..^OutputSuffix.Length]));
        var given = inputs.ToDictionary(name => name, name => Cells(data, name));
        var count = given.Values.First().Count;
        var largest = 0.0;
        foreach (var size in new[] { 1, count })
        {
            for (var start = 0; start < count; start += size)
            {
                var values = inputs.Select(name => Value(name, given[name].GetRange(start, size), session.InputMetadata[name].Dimensions)).ToList();
                using var results = session.Run(values, columns);
                foreach (var result in results)
                {
                    var flat = Flat(result);
                    var width = flat.Count / size;
                    for (var row = 0; row < size; row++)
                    {
                        var where = $"{result.Name}, row {start + row} in batches of {size}";
                        largest = Math.Max(largest, Difference(wanted[result.Name][start + row], [.. flat.Skip(row * width).Take(width)], where));
                    }
                }
            }
        }
        test.WriteLine($"{test.TestDisplayName}: largest difference {largest:g2} over {count} rows, outputs {string.Join(", ", columns)}");
    }

    private static double Difference(object[] expected, object[] actual, string where)
    {
        Assert.HasCount(expected.Length, actual, where);
        var largest = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i] is float or double)
            {
                var (one, other) = (System.Convert.ToDouble(expected[i], null), System.Convert.ToDouble(actual[i], null));
                Assert.AreEqual(double.IsNaN(one), double.IsNaN(other), $"{where}, slot {i}: expected {one}, found {other}");
                var difference = one.Equals(other) || double.IsNaN(one) ? 0 : Math.Abs(one - other) / Math.Max(1, Math.Abs(one));
                Assert.IsLessThanOrEqualTo(Tolerance, difference, $"{where}, slot {i}: expected {one}, found {other}");
                largest = Math.Max(largest, difference);
            }
            else
            {
                Assert.AreEqual(expected[i], actual[i], $"{where}, slot {i}");
            }
        }
        return largest;
    }

    private static List<object[]> Cells(IDataView view, string name)
    {
        var column = view.Schema[name];
        using var cursor = view.GetRowCursor([column]);
        var item = column.Type is VectorDataViewType vector ? vector.ItemType.RawType : column.Type.RawType;
        return item == typeof(float) ? Read<float>(cursor, column)
            : item == typeof(double) ? Read<double>(cursor, column)
            : item == typeof(bool) ? Read<bool>(cursor, column)
            : item == typeof(uint) ? Read<uint>(cursor, column)
            : Read<ReadOnlyMemory<char>>(cursor, column);
    }

    private static List<object[]> Read<T>(DataViewRowCursor cursor, DataViewSchema.Column column) where T : notnull
    {
        var rows = new List<object[]>();
        if (column.Type is VectorDataViewType)
        {
            var getter = cursor.GetGetter<VBuffer<T>>(column);
            for (VBuffer<T> value = default; cursor.MoveNext();)
            {
                getter(ref value);
                rows.Add([.. value.DenseValues().Select(Object)]);
            }
        }
        else
        {
            var getter = cursor.GetGetter<T>(column);
            for (T value = default!; cursor.MoveNext();)
            {
                getter(ref value);
                rows.Add([Object(value)]);
            }
        }
        return rows;

        static object Object(T value) => value is ReadOnlyMemory<char> text ? text.ToString() : value;
    }

    private static NamedOnnxValue Value(string name, List<object[]> rows, int[] shape) => rows[0][0] switch
    {
        float => NamedOnnxValue.CreateFromTensor(name, Tensor<float>(rows, shape)),
        double => NamedOnnxValue.CreateFromTensor(name, Tensor<double>(rows, shape)),
        bool => NamedOnnxValue.CreateFromTensor(name, Tensor<bool>(rows, shape)),
        uint => NamedOnnxValue.CreateFromTensor(name, Tensor<uint>(rows, shape)),
        _ => NamedOnnxValue.CreateFromTensor(name, Tensor<string>(rows, shape)),
    };

    // The shape's first size is the batch.
    private static DenseTensor<T> Tensor<T>(List<object[]> rows, int[] shape) =>
        new(rows.SelectMany(row => row.Cast<T>()).ToArray(), [rows.Count, .. shape[1..]]);

    private static List<object> Flat(DisposableNamedOnnxValue value) => value.ElementType switch
    {
        TensorElementType.Float => [.. value.AsEnumerable<float>().Cast<object>()],
        TensorElementType.Double => [.. value.AsEnumerable<double>().Cast<object>()],
        TensorElementType.Bool => [.. value.AsEnumerable<bool>().Cast<object>()],
        TensorElementType.UInt32 => [.. value.AsEnumerable<uint>().Cast<object>()],
        _ => [.. value.AsEnumerable<string>()],
    };
}
