using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Columns of any numeric type are read as float32, in training and scoring, however the transformer came about.</summary>
[TestClass]
public sealed class NumericColumnTests
{
    private const int Width = 6;

    private readonly MLContext _mlContext = new(seed: 1);

    private sealed class Row
    {
        [VectorType(Width)]
        public float[] A { get; set; } = [];

        [VectorType(Width)]
        public float[] B { get; set; } = [];

        public float Scalar { get; set; }
    }

    [TestMethod]
    [DataRow(DataKind.Double)]
    [DataRow(DataKind.SByte)]
    [DataRow(DataKind.Byte)]
    [DataRow(DataKind.Int16)]
    [DataRow(DataKind.UInt16)]
    [DataRow(DataKind.Int32)]
    [DataRow(DataKind.UInt32)]
    [DataRow(DataKind.Int64)]
    [DataRow(DataKind.UInt64)]
    [DataRow(DataKind.Boolean)]
    public void VectorsGiveTheEmbeddingsOfTheSameNumbersAsSingle(DataKind kind)
    {
        var rows = Rows(kind == DataKind.Boolean ? 2 : 100);
        var single = _mlContext.Data.LoadFromEnumerable(rows);
        var converted = Convert(single, kind);
        using var expected = Fit(single, "A");
        using var actual = Fit(converted, "A");
        Embeddings.AssertEqualBits(Embeddings.Bits(expected.Transform(single), "EmbeddingA"), Embeddings.Bits(actual.Transform(converted), "EmbeddingA"));

        // A model of one type takes another, and so does a reloaded one.
        Embeddings.AssertEqualBits(Embeddings.Bits(expected.Transform(single), "EmbeddingA"), Embeddings.Bits(expected.Transform(converted), "EmbeddingA"));
        var (loaded, _) = EstimatorContract.SaveAndLoad(_mlContext, actual, converted.Schema);
        using var disposal = (IDisposable)loaded;
        Embeddings.AssertEqualBits(Embeddings.Bits(expected.Transform(single), "EmbeddingA"), Embeddings.Bits(loaded.Transform(converted), "EmbeddingA"));
    }

    [TestMethod]
    [DataRow(DataKind.Byte)]
    [DataRow(DataKind.Int32)]
    [DataRow(DataKind.UInt64)]
    public void SoDoScalars(DataKind kind)
    {
        var single = _mlContext.Data.LoadFromEnumerable(Rows(100));
        var converted = Convert(single, kind);
        using var expected = Fit(single, "Scalar");
        using var actual = Fit(converted, "Scalar");
        Embeddings.AssertEqualBits(Embeddings.Bits(expected.Transform(single), "EmbeddingA"), Embeddings.Bits(actual.Transform(converted), "EmbeddingA"));
    }

    [TestMethod]
    public void APredictionEngineTakesIntegers()
    {
        var rows = Enumerable.Range(0, 20).Select(i => new IntegerRow { A = [i, i * i % 7, 3 - i], B = [(byte)i, (byte)(i * i)] }).ToList();
        rows[4].A = null;
        var data = _mlContext.Data.LoadFromEnumerable(rows);
        using var model = _mlContext.Transforms.GentleClip(Options("A")).Fit(data);
        using var engine = _mlContext.Model.CreatePredictionEngine<IntegerRow, Prediction>(model);
        var expected = Embeddings.Column(model.Transform(data), "EmbeddingA");
        Assert.IsTrue(expected[4].All(float.IsNaN), "a null array of integers is an absent side");
        for (var i = 0; i < rows.Count; i++)
            for (var slot = 0; slot < expected[i].Length; slot++)
                Assert.AreEqual(expected[i][slot], engine.Predict(rows[i]).EmbeddingA[slot], 1e-5f);
    }

    [TestMethod]
    public void PixelsMayBeIntegersToo()
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 12).Select(_ => new Row { A = [], B = [.. Numbers(random, Width, 100)], Scalar = 0 }).ToList();
        rows.ForEach(row => row.A = Numbers(random, 16, 200));
        var definition = SchemaDefinition.Create(typeof(Row));
        definition["A"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 16);
        var single = _mlContext.Data.LoadFromEnumerable(rows, definition);
        var options = Options("A");
        options.ModalityA = Modality.Image("EmbeddingA", "A", new ImageOptions { Size = 8 });
        using var model = _mlContext.Transforms.GentleClip(options).Fit(Convert(single, DataKind.Int32));
        var shorts = Convert(single, DataKind.UInt16);
        Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(single), "EmbeddingA"), Embeddings.Bits(model.Transform(shorts), "EmbeddingA"));
    }

    [TestMethod]
    public void SamplingSizeAnalysisReadsIntegers()
    {
        var single = _mlContext.Data.LoadFromEnumerable(Rows(100));
        Assert.AreEqual(
            _mlContext.GentleClip().AnalyzeSamplingSize(single, "A", [2, 4], repetitions: 5, seed: 1).ToString(),
            _mlContext.GentleClip().AnalyzeSamplingSize(Convert(single, DataKind.Int32), "A", [2, 4], repetitions: 5, seed: 1).ToString());
    }

    [TestMethod]
    public void LabelsMayBeIntegers()
    {
        var random = new Random(4);
        var rows = Enumerable.Range(0, 50).Select(_ => Enumerable.Range(0, Width).Select(_ => random.Next(-1, 3)).ToArray()).ToArray();
        float[] Probability(int row) => [.. rows[row].Select((label, slot) => 0.3f * label + (slot + row) % 7 / 10f)];
        var integers = Enumerable.Range(0, rows.Length).Select(row => new LabelRow<int> { Labels = rows[row], Probability = Probability(row) });
        var booleans = Enumerable.Range(0, rows.Length).Select(row => new LabelRow<bool>
        {
            Labels = Array.ConvertAll(rows[row], label => label > 0),
            Probability = Probability(row),
        });
        Assert.AreEqual(
            Operations.Catalog.EvaluateMultiLabel(_mlContext.Data.LoadFromEnumerable(booleans), "Labels", "Probability").ToString(),
            Operations.Catalog.EvaluateMultiLabel(_mlContext.Data.LoadFromEnumerable(integers), "Labels", "Probability").ToString());
    }

    private sealed class LabelRow<T>
    {
        [VectorType(Width)]
        public T[] Labels { get; set; } = [];

        [VectorType(Width)]
        public float[] Probability { get; set; } = [];
    }

    private static List<Row> Rows(int below)
    {
        var random = new Random(2);
        return [.. Enumerable.Range(0, 24).Select(_ =>
            new Row { A = Numbers(random, Width, below), B = Numbers(random, Width, below), Scalar = random.Next(below) })];
    }

    private static float[] Numbers(Random random, int width, int below) => [.. Enumerable.Range(0, width).Select(_ => (float)random.Next(below))];

    // ML.NET's ConvertType makes no integers of real numbers.
    private IDataView Convert(IDataView data, DataKind kind) => kind switch
    {
        DataKind.SByte => Typed(data, value => (sbyte)value),
        DataKind.Byte => Typed(data, value => (byte)value),
        DataKind.Int16 => Typed(data, value => (short)value),
        DataKind.UInt16 => Typed(data, value => (ushort)value),
        DataKind.Int32 => Typed(data, value => (int)value),
        DataKind.UInt32 => Typed(data, value => (uint)value),
        DataKind.Int64 => Typed(data, value => (long)value),
        DataKind.UInt64 => Typed(data, value => (ulong)value),
        DataKind.Boolean => Typed(data, value => value != 0),
        _ => Typed(data, value => (double)value),
    };

    private IDataView Typed<T>(IDataView data, Func<float, T> convert)
    {
        var definition = SchemaDefinition.Create(typeof(TypedRow<T>));
        var width = ((VectorDataViewType)data.Schema["A"].Type).Size;
        definition["A"].ColumnType = new VectorDataViewType((PrimitiveDataViewType)definition["Scalar"].ColumnType, width);
        var rows = data.GetColumn<float[]>("A").Zip(data.GetColumn<float[]>("B"), data.GetColumn<float>("Scalar"));
        return _mlContext.Data.LoadFromEnumerable(rows.Select(row => new TypedRow<T>
        {
            A = Array.ConvertAll(row.First, value => convert(value)),
            B = row.Second,
            Scalar = convert(row.Third),
        }).ToList(), definition);
    }

    private sealed class TypedRow<T>
    {
        public T[] A { get; set; } = [];

        [VectorType(Width)]
        public float[] B { get; set; } = [];

        public T Scalar { get; set; } = default!;
    }

    private GentleClipTransformer Fit(IDataView data, string column) => _mlContext.Transforms.GentleClip(Options(column)).Fit(data);

    private static GentleClipOptions Options(string column) => new()
    {
        ModalityA = Modality.Vector("EmbeddingA", column),
        ModalityB = Modality.Vector("EmbeddingB", "B"),
        EmbeddingDimension = 8,
        MaximumNumberOfSteps = 3,
        NumberOfThreads = 1,
        ClosedForm = null,
        Seed = 1,
    };

    private sealed class IntegerRow
    {
        [VectorType(3)]
        public int[]? A { get; set; }

        [VectorType(2)]
        public byte[] B { get; set; } = [];
    }

    private sealed class Prediction
    {
        public float[] EmbeddingA { get; set; } = [];
    }
}
