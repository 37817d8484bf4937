using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.OnnxRuntime;

namespace Basics;

/// <summary>One side of a model becomes an ONNX file, which ONNX Runtime scores without ML.NET and without libtorch.</summary>
internal static class OnnxExport
{
    public static void Example()
    {
        var random = new Random(1);
        Point[] points = [.. Enumerable.Range(0, 200).Select(_ => Point.Draw(random))];
        var mlContext = new MLContext(seed: 1);
        IDataView data = mlContext.Data.LoadFromEnumerable(points);
        using GentleClipTransformer model = mlContext.Transforms.GentleClip(
            outputColumnNameA: "LeftEmbedding", inputColumnNameA: "Left",
            outputColumnNameB: "RightEmbedding", inputColumnNameB: "Right").Fit(data);

        string file = Path.Combine(Path.GetTempPath(), $"left-{Guid.NewGuid():n}.onnx");
        try
        {
            mlContext.Model.ConvertGentleClipToOnnx(model, file, "LeftEmbedding");
            using var session = new InferenceSession(file);
            Console.WriteLine($"inputs: {string.Join(", ", session.InputNames)}; outputs: {string.Join(", ", session.OutputNames)}");

            // The file knows how its inputs are made.
            OnnxInput features = OnnxPreprocessor.FromMetadata(session.ModelMetadata.CustomMetadataMap).Create([.. points[..5].Select(point => point.Left)])[0];
            using var value = OrtValue.CreateTensorValueFromMemory((float[])features.Values, [.. features.Shape]);
            using var options = new RunOptions();
            using var outputs = session.Run(options, [features.Name], [value], ["embedding"]);
            float[] found = outputs[0].GetTensorDataAsSpan<float>().ToArray();

            float[] expected = [.. model.Transform(mlContext.Data.LoadFromEnumerable(points[..5])).GetColumn<float[]>("LeftEmbedding").SelectMany(row => row)];
            double difference = expected.Zip(found, (one, other) => Math.Abs(one - other)).Max();
            Console.WriteLine($"5 embeddings of {found.Length / 5} numbers, {(difference < 1e-4 ? "as in ML.NET" : $"different by {difference}")}");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed class Point
    {
        [VectorType(6)]
        public float[] Left { get; init; } = [];

        [VectorType(9)]
        public float[] Right { get; init; } = [];

        public static Point Draw(Random random)
        {
            double x = random.NextDouble(), y = random.NextDouble();
            return new Point
            {
                Left = [.. Enumerable.Range(1, 6).Select(k => (float)(Math.Sin(k * x) + y))],
                Right = [.. Enumerable.Range(1, 9).Select(k => (float)(Math.Cos(k * y) - x))],
            };
        }
    }
}

// Expected output:
// inputs: features; outputs: embedding
// 5 embeddings of 128 numbers, as in ML.NET
