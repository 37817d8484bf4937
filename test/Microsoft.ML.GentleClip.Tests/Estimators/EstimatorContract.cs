using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>An input that must be refused.</summary>
/// <param name="Data">The rows.</param>
/// <param name="Column">Column that every message names.</param>
/// <param name="Expected">Wanted type, as every message says it.</param>
/// <param name="Found">Type in the schema, as the messages of transformers and of Fit say it.</param>
/// <param name="FoundShape">Type in the promised shape; sizes are not part of it. Null: the shape is fine.</param>
internal sealed record WrongInput(IDataView Data, string Column, string Expected, string Found, string? FoundShape)
{
    /// <summary>Whether only the training reads the column, so that transformers do not care.</summary>
    public bool ForTrainingAlone { get; init; }

    /// <summary>Whether only transformers mind, as with another size than in training.</summary>
    public bool ForTransformersAlone { get; init; }

    /// <summary>An input without a column.</summary>
    public static WrongInput Missing(IDataView data, string column) => new(data, column, "Could not find", "", "");

    /// <summary>An input without the column of one side, which a fitted model can do without.</summary>
    public static WrongInput MissingSide(IDataView data, string column) => Missing(data, column) with { ForTrainingAlone = true };
}

/// <summary>What ML.NET expects of every estimator and of the transformer that it fits, as its own test suite does.</summary>
internal static class EstimatorContract
{
    private const float RowTolerance = 1e-5f;

    public static void Check(IEstimator<ITransformer> estimator, MLContext mlContext, IDataView data, params WrongInput[] wrongInputs)
    {
        var promised = estimator.GetOutputSchema(SchemaShapes.Of(data.Schema));
        var transformer = estimator.Fit(data);
        var (loaded, savedSchema) = SaveAndLoad(mlContext, transformer, data.Schema);
        using var disposeTransformer = transformer as IDisposable;
        using var disposeLoaded = loaded as IDisposable;

        AssertSame(data.Schema, savedSchema);
        AssertSame(promised, SchemaShapes.Of(transformer.GetOutputSchema(data.Schema)));
        Assert.AreEqual(transformer.IsRowToRowMapper, loaded.IsRowToRowMapper);
        foreach (var one in new[] { transformer, loaded })
        {
            var delivered = one.Transform(data);
            AssertSame(transformer.GetOutputSchema(data.Schema), one.GetOutputSchema(data.Schema));
            AssertSame(one.GetOutputSchema(data.Schema), delivered.Schema);
            if (one.IsRowToRowMapper)
                CheckRowMapper(one.GetRowToRowMapper(data.Schema), data, delivered);
            else
                Assert.ThrowsExactly<InvalidOperationException>(() => one.GetRowToRowMapper(data.Schema));
        }
        ViewValues.AssertBitEqual(ViewValues.Read(transformer.Transform(data)), ViewValues.Read(loaded.Transform(data)));

        foreach (var wrong in wrongInputs)
        {
            CheckEstimatorRefuses(estimator, wrong);
            CheckTransformerRefuses(transformer, wrong);
            CheckTransformerRefuses(loaded, wrong);
        }
    }

    /// <summary>Through a stream into a context that knows nothing of the first.</summary>
    public static (ITransformer Loaded, DataViewSchema InputSchema) SaveAndLoad(MLContext mlContext, ITransformer transformer, DataViewSchema schema)
    {
        using var stream = new MemoryStream();
        mlContext.Model.Save(transformer, schema, stream);
        stream.Position = 0;
        var loaded = new MLContext().Model.Load(stream, out var inputSchema);
        return (loaded, inputSchema);
    }

    private static void CheckRowMapper(IRowToRowMapper mapper, IDataView data, IDataView delivered)
    {
        AssertSame(data.Schema, mapper.InputSchema);
        AssertSame(delivered.Schema, mapper.OutputSchema);
        using var cursor = data.GetRowCursor(mapper.GetDependencies(mapper.OutputSchema));
        using var row = mapper.GetRow(cursor, mapper.OutputSchema);
        AssertSame(mapper.OutputSchema, row.Schema);
        var getters = ViewValues.Getters(row);
        foreach (var expected in ViewValues.Read(delivered))
        {
            Assert.IsTrue(cursor.MoveNext());
            for (var column = 0; column < getters.Length; column++)
                AssertNear(expected[column], getters[column](), $"row {cursor.Position}, column '{row.Schema[column].Name}'");
        }
        Assert.IsFalse(cursor.MoveNext());
    }

    // A matrix product over many rows may round other than one over a single row.
    private static void AssertNear(object expected, object actual, string where)
    {
        if (expected is float one && float.IsFinite(one))
        {
            Assert.AreEqual(one, (float)actual, RowTolerance * Math.Max(1, Math.Abs(one)), where);
            return;
        }
        if (expected is not Array values)
        {
            Assert.AreEqual(expected, actual, where);
            return;
        }
        var others = (Array)actual;
        Assert.AreEqual(values.Length, others.Length, where);
        for (var i = 0; i < values.Length; i++)
        {
            if (values.GetValue(i) is float number && float.IsFinite(number))
                Assert.AreEqual(number, (float)others.GetValue(i)!, RowTolerance, where);
            else
                Assert.AreEqual(values.GetValue(i), others.GetValue(i), where);
        }
    }

    private static void CheckEstimatorRefuses(IEstimator<ITransformer> estimator, WrongInput wrong)
    {
        var shape = SchemaShapes.Of(wrong.Data.Schema);
        if (wrong.ForTransformersAlone)
        {
            estimator.GetOutputSchema(shape);
            return;
        }
        AssertMessage(wrong, wrong.FoundShape!, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(shape)));
        AssertMessage(wrong, wrong.Found, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(wrong.Data)));
    }

    private static void CheckTransformerRefuses(ITransformer transformer, WrongInput wrong)
    {
        if (wrong.ForTrainingAlone)
        {
            AssertSame(transformer.GetOutputSchema(wrong.Data.Schema), transformer.Transform(wrong.Data).Schema);
            return;
        }
        Action[] uses =
        [
            () => transformer.GetOutputSchema(wrong.Data.Schema),
            () => transformer.Transform(wrong.Data),
            () => transformer.GetRowToRowMapper(wrong.Data.Schema),
        ];
        foreach (var use in uses)
            AssertMessage(wrong, wrong.Found, Assert.ThrowsExactly<ArgumentOutOfRangeException>(use));
    }

    private static void AssertMessage(WrongInput wrong, string found, Exception exception)
    {
        Assert.Contains($"column '{wrong.Column}'", exception.Message);
        Assert.Contains(wrong.Expected, exception.Message);
        if (found.Length > 0)
            Assert.Contains($"got {found}", exception.Message);
    }

    private static void AssertSame(SchemaShape expected, SchemaShape actual)
    {
        static string Describe(SchemaShape shape) => string.Join("; ", shape.OrderBy(column => column.Name, StringComparer.Ordinal)
            .Select(column => $"{column.Name}: {column.Kind} {column.ItemType} key {column.IsKey} [{Describe(column.Annotations)}]"));
        Assert.AreEqual(Describe(expected), Describe(actual));
    }

    private static void AssertSame(DataViewSchema expected, DataViewSchema actual)
    {
        static string Describe(DataViewSchema schema) => string.Join("; ", schema
            .Select(column => $"{column.Index} {column.Name}: {column.Type} hidden {column.IsHidden} [{Describe(column.Annotations.Schema)}]"));
        Assert.AreEqual(Describe(expected), Describe(actual));
    }
}
