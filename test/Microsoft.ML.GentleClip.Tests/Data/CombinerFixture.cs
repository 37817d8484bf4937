using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>What the tests of combined views share.</summary>
internal static class CombinerFixture
{
    public static readonly MLContext Context = new(seed: 1);

    public static IDataView View<T>(params T[] rows) where T : class => Context.Data.LoadFromEnumerable(rows);

    public static IDataView Combine(IDataView? paired, IDataView? unpairedA = null, IDataView? unpairedB = null, string pairedColumnName = "IsPaired") =>
        ModalityCombiner.Combine(Context, paired, unpairedA, unpairedB, pairedColumnName);

    /// <summary>Three pairs, two rows of A alone, one of B alone: sides <c>A</c> (2 slots) and <c>B</c> (3 slots), an <c>Id</c>.</summary>
    public static (IDataView Paired, IDataView UnpairedA, IDataView UnpairedB) Parts() => (
        View(new PairRow { Id = "p0", A = [1, 2], B = [1, 2, 3] }, new PairRow { Id = "p1", A = [3, 4], B = [4, 5, 6] },
            new PairRow { Id = "p2", A = [5, 6], B = [7, 8, 9] }),
        View(new ARow { Id = "a0", A = [7, 8] }, new ARow { Id = "a1", A = [9, 10] }),
        View(new BRow { Id = "b0", B = [10, 11, 12] }));

    /// <summary>All values of a column, read through one cursor that was asked for this column alone.</summary>
    public static T[] Read<T>(IDataView view, string column, Func<T, T>? copy = null)
    {
        var values = new List<T>();
        using var cursor = view.GetRowCursor([view.Schema[column]]);
        var getter = cursor.GetGetter<T>(view.Schema[column]);
        T value = default!;
        while (cursor.MoveNext())
        {
            getter(ref value);
            values.Add(copy is null ? value : copy(value));
        }
        return [.. values];
    }

    public static VBuffer<T>[] ReadBuffers<T>(IDataView view, string column) => Read<VBuffer<T>>(view, column, value =>
    {
        VBuffer<T> copy = default;
        value.CopyTo(ref copy);
        return copy;
    });

    public static T[][] ReadVectors<T>(IDataView view, string column) => [.. ReadBuffers<T>(view, column).Select(vector => vector.DenseValues().ToArray())];

    public static string[] ReadText(IDataView view, string column) => [.. Read<ReadOnlyMemory<char>>(view, column).Select(text => text.ToString())];

    public sealed class PairRow
    {
        public string Id { get; set; } = "";

        [VectorType(2)]
        public float[] A { get; set; } = [];

        [VectorType(3)]
        public float[] B { get; set; } = [];
    }

    public sealed class ARow
    {
        public string Id { get; set; } = "";

        [VectorType(2)]
        public float[] A { get; set; } = [];
    }

    public sealed class BRow
    {
        [VectorType(3)]
        public float[] B { get; set; } = [];

        public string Id { get; set; } = "";
    }
}
