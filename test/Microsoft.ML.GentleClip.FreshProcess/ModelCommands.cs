using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

/// <summary>Commands about saved models, written as an application would that knows ML.NET alone: no type of the library is named.</summary>
internal static class ModelCommands
{
    /// <summary>The exit code, or null where the command is another's.</summary>
    public static int? Run(string[] args)
    {
        switch (args)
        {
            case ["score", var model, var rows, var output]:
                Score(model, rows, output);
                return 0;
            // An application that names the assembly of its own encoders, and registers it.
            case ["score", var model, var rows, var output, var assembly]:
                Score(model, rows, output, Assembly.LoadFrom(assembly));
                return 0;
            case ["predict", var model, var rows]:
                Predict(model, rows);
                return 0;
            default:
                return null;
        }
    }

    private static void Score(string modelPath, string rowsPath, string outputPath, Assembly? registered = null)
    {
        var mlContext = new MLContext();
        if (registered is not null)
            mlContext.ComponentCatalog.RegisterAssembly(registered);
        var model = mlContext.Model.Load(modelPath, out _);
        var scored = model.Transform(mlContext.Data.LoadFromBinary(rowsPath));
        using var stream = File.Create(outputPath);
        mlContext.Data.SaveAsBinary(scored, stream);
    }

    private static void Predict(string modelPath, string rowsPath)
    {
        var mlContext = new MLContext();
        var model = mlContext.Model.Load(modelPath, out _);
        using var engine = mlContext.Model.CreatePredictionEngine<InputRow, OutputRow>(model);
        foreach (var row in mlContext.Data.CreateEnumerable<InputRow>(mlContext.Data.LoadFromBinary(rowsPath), reuseRowObject: false))
            Console.WriteLine(Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(engine.Predict(row).EmbeddingA.AsSpan())));
    }

    private sealed class InputRow
    {
        [VectorType(12)]
        public float[]? A { get; set; }

        [VectorType(9)]
        public float[]? B { get; set; }

        public bool IsPaired { get; set; }

        public uint Cluster { get; set; }

        public string? Name { get; set; }
    }

    private sealed class OutputRow
    {
        public float[] EmbeddingA { get; set; } = [];
    }
}
