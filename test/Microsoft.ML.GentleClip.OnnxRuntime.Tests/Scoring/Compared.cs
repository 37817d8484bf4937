namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>Compares columns of two engines.</summary>
internal static class Compared
{
    /// <summary>Largest difference of a slot that is allowed.</summary>
    public const float Tolerance = 1e-5f;

    /// <summary>Largest difference of two columns; fails above the tolerance, and where one is NaN and the other is not.</summary>
    public static float Columns(IReadOnlyList<float[]> expected, IReadOnlyList<float[]> actual, string where)
    {
        Assert.HasCount(expected.Count, actual, where);
        var largest = 0f;
        for (var row = 0; row < expected.Count; row++)
        {
            Assert.HasCount(expected[row].Length, actual[row], $"{where}, row {row}");
            for (var i = 0; i < expected[row].Length; i++)
            {
                Assert.AreEqual(float.IsNaN(expected[row][i]), float.IsNaN(actual[row][i]),
                    $"{where}, row {row}, slot {i}: expected {expected[row][i]}, found {actual[row][i]}");
                if (!float.IsNaN(expected[row][i]))
                    largest = Math.Max(largest, Math.Abs(expected[row][i] - actual[row][i]));
            }
        }
        Assert.IsLessThanOrEqualTo(Tolerance, largest, where);
        return largest;
    }

    /// <summary>A column by an engine.</summary>
    public static float[][] Column(GentleClipTransformer model, IDataView rows, string column, ScoringEngine engine, int? batchSize = null)
    {
        model.Scoring = new ScoringOptions { Engine = engine, BatchSize = batchSize };
        return Embeddings.Column(model.Transform(rows), column);
    }

    /// <summary>Loads a model as where there is no libtorch.</summary>
    public static T LoadPlain<T>(string file, MLContext? context = null) where T : class, ITransformer
    {
        const string name = "Microsoft.ML.GentleClip.LoadWithoutTorch";
        AppContext.SetSwitch(name, true);
        try
        {
            return (T)(context ?? new MLContext()).Model.Load(file, out _);
        }
        finally
        {
            AppContext.SetSwitch(name, false);
        }
    }

    /// <summary>The innermost message of an error and all around it.</summary>
    public static string Messages(Exception error)
    {
        var messages = "";
        for (var e = error; e is not null; e = e.InnerException!)
            messages += e.Message + "\n";
        return messages;
    }
}
