using Microsoft.ML.Data;
using static Microsoft.ML.GentleClip.Tests.Transformers.Scoring;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

[TestClass]
public sealed class PassThroughTests
{
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void ColumnsOfEveryKindArriveUnchanged(bool withEmbeddings)
    {
        using var transformer = CreateTransformer();
        var source = ManyTypes.View(600);
        var view = transformer.Transform(source);
        var expected = Read(source, source.Schema);
        var actual = withEmbeddings
            ? Read(view, view.Schema.Take(source.Schema.Count), view.Schema)
            : Read(view, view.Schema.Take(source.Schema.Count));
        CollectionAssert.AreEqual(expected, actual); // ids, batches and positions too
        Assert.HasCount(600, actual);
    }

    [TestMethod]
    public void TheSchemaIsTheInputsWithTwoVectorsAppended()
    {
        using var transformer = CreateTransformer();
        var source = ManyTypes.View(1);
        var schema = transformer.Transform(source).Schema;
        Assert.HasCount(source.Schema.Count + 2, schema);
        foreach (var column in source.Schema)
            Assert.AreEqual((column.Name, column.Type), (schema[column.Index].Name, schema[column.Index].Type));
        foreach (var (name, column) in new[] { "EmbeddingA", "EmbeddingB" }.Zip(schema.TakeLast(2)))
            Assert.AreEqual((name, new VectorDataViewType(NumberDataViewType.Single, 16)), (column.Name, (VectorDataViewType)column.Type));
    }

    [TestMethod]
    public void AnnotationsArePassedOn()
    {
        using var transformer = CreateTransformer();
        var source = Context.Transforms.Conversion.MapValueToKey("Key", "Name").Fit(Load(TwoViews.Pairs(3, 1))).Transform(Load(TwoViews.Pairs(3, 1)));
        VBuffer<ReadOnlyMemory<char>> names = default;
        transformer.Transform(source).Schema["Key"].GetKeyValues(ref names);
        CollectionAssert.AreEqual(new[] { "row 0", "row 1", "row 2" }, names.DenseValues().Select(name => name.ToString()).ToArray());
    }

    [TestMethod]
    public void CallersMayWriteToWhatTheyGet()
    {
        using var transformer = CreateTransformer();
        var source = ManyTypes.View(300);
        var view = transformer.Transform(source);
        var columns = Columns(view, "A", "Dense", "Sparse", "EmbeddingA", "Variable").ToList();
        var untouched = Read(view, columns);
        using var cursor = view.GetRowCursor(columns);
        var cells = columns.ConvertAll(column => Cells.Reader(cursor, column));
        Action[] scribbles =
        [
            Scribble(cursor, columns[0], -1f), Scribble(cursor, columns[1], -1.0), Scribble(cursor, columns[2], -1f), Scribble(cursor, columns[3], -1f),
                Scribble(cursor, columns[4], -1),
        ];
        for (var row = 0; cursor.MoveNext(); row++)
        {
            foreach (var scribble in scribbles)
            {
                scribble();
                scribble();
            }
            StringAssert.EndsWith(untouched[row], string.Join(" | ", cells.Select(cell => cell())));
        }

        // Keeps one buffer over all rows, as ML.NET's own consumers do, and overwrites it.
        static Action Scribble<T>(DataViewRow row, DataViewSchema.Column column, T value)
        {
            var getter = row.GetGetter<VBuffer<T>>(column);
            VBuffer<T> buffer = default;
            return () =>
            {
                getter(ref buffer);
                var editor = VBufferEditor.CreateFromBuffer(ref buffer);
                editor.Values.Fill(value);
                buffer = editor.Commit();
            };
        }
    }

    [TestMethod]
    public void GettersRunInAnyOrderAndNotOnEveryRow()
    {
        using var transformer = CreateTransformer();
        var view = transformer.Transform(ManyTypes.View(700));
        var columns = view.Schema.ToList();
        var expected = Read(view, columns, view.Schema);
        using var cursor = view.GetRowCursor(view.Schema);
        Assert.IsTrue(cursor.MoveNext());
        var cells = columns.ConvertAll(column => Cells.Reader(cursor, column)); // opened on a row, not before
        var random = new Random(3);
        for (var row = 0; ; row++)
        {
            var texts = new string?[columns.Count];
            if (row % 3 != 1)
            {
                foreach (var column in Enumerable.Range(0, columns.Count).OrderBy(_ => random.Next()))
                    texts[column] = cells[column]();
                StringAssert.EndsWith(expected[row], string.Join(" | ", texts));
            }
            if (!cursor.MoveNext())
                break;
        }
    }

    [TestMethod]
    public void HiddenColumnsStayReadable()
    {
        using var transformer = CreateTransformer();
        var source = Context.Transforms.Conversion.ConvertType("Cluster", outputKind: DataKind.Double)
            .Fit(Load(Gaps(300))).Transform(Load(Gaps(300)));
        Assert.HasCount(2, source.Schema.Where(column => column.Name == "Cluster"));
        var view = transformer.Transform(source);
        CollectionAssert.AreEqual(Read(source, source.Schema), Read(view, view.Schema.Take(source.Schema.Count), view.Schema));
    }

    [TestMethod]
    public void AnOutputMayHideItsInput()
    {
        using var plain = CreateTransformer();
        using var hiding = CreateTransformer(outputA: "A", outputB: "Name");
        var source = Load(Gaps(300));
        var view = hiding.Transform(source);
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 16), view.Schema["A"].Type);
        Assert.IsTrue(view.Schema[source.Schema["A"].Index].IsHidden);
        Embeddings.AssertEqualBits(Embeddings.Bits(plain.Transform(source), "EmbeddingA"), Embeddings.Bits(view, "A"));
        Embeddings.AssertEqualBits(Embeddings.Bits(plain.Transform(source), "EmbeddingB"), Embeddings.Bits(view, "Name"));
        CollectionAssert.AreEqual(Read(source, source.Schema), Read(view, view.Schema.Take(source.Schema.Count), view.Schema), "the hidden inputs");
        // Again on top: now "A" is the embedding, which is no input of the model's size.
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => hiding.Transform(view));
        using var twice = CreateTransformer();
        Embeddings.AssertEqualBits(Embeddings.Bits(plain.Transform(source), "EmbeddingA"),
            Embeddings.Bits(twice.Transform(plain.Transform(source)), "EmbeddingA"));
    }

    [TestMethod]
    public void ValuesThatMustBeDisposedAreNotSharedAndNotReadAhead()
    {
        using var transformer = CreateTransformer();
        var source = new OwnedValueView(Load(Gaps(20)));
        var view = View(transformer, source, window: 8);
        var expected = Embeddings.Bits(transformer.Transform(Load(Gaps(20))), "EmbeddingA");
        using var cursor = view.GetRowCursor(view.Schema);
        var getOwned = cursor.GetGetter<OwnedValueView.Owned>(view.Schema["Owned"]);
        var getEmbedding = cursor.GetGetter<VBuffer<float>>(view.Schema["EmbeddingA"]);
        var kept = new List<OwnedValueView.Owned>();
        VBuffer<float> embedding = default;
        while (cursor.MoveNext())
        {
            OwnedValueView.Owned first = null!, second = null!;
            getOwned(ref first);
            getOwned(ref second);
            Assert.AreNotSame(first, second);
            first.Dispose();
            kept.Add(second);
            getEmbedding(ref embedding);
            Assert.AreEqual(expected[kept.Count - 1].All(bits => float.IsNaN(BitConverter.Int32BitsToSingle(bits))), embedding.DenseValues().All(float.IsNaN));
        }
        CollectionAssert.AreEqual(Enumerable.Range(0, 20).Select(i => (long)i).ToArray(), kept.ConvertAll(owned => owned.Row));
        Assert.IsTrue(kept.TrueForAll(owned => !owned.IsDisposed), "what the caller keeps must stay alive");
        Assert.AreEqual(40, source.Created, "one value a call");
        // Not asked for, it does not stand in the way of reading ahead.
        var before = Passes(transformer).A;
        ReadAll(view, "EmbeddingA");
        Assert.AreEqual(3, Passes(transformer).A - before);
    }

    private static List<string> Read(IDataView view, IEnumerable<DataViewSchema.Column> columns, IEnumerable<DataViewSchema.Column>? active = null)
    {
        using var cursor = view.GetRowCursor(active ?? columns);
        return Cells.Rows(cursor, columns);
    }
}
