using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace Basics;

/// <summary>
/// A finish of a machine's surface can be seen, but not heard. Search for the sound of a picture takes the embeddings, which keep what both sides know; a
/// classifier of the finish takes the picture's features, which come before the projection head.
/// </summary>
internal static class ClassifyOnFeatures
{
    private const int Finishes = 4;

    public static void Example()
    {
        var random = new Random(1);
        Machine[] machines = [.. Enumerable.Range(0, 700).Select(i => Machine.Measure(i % Finishes, random))];
        var mlContext = new MLContext(seed: 1);
        IDataView train = mlContext.Data.LoadFromEnumerable(machines[..500]);
        using GentleClipTransformer model = mlContext.Transforms.GentleClip(new GentleClipOptions
        {
            ModalityA = Modality.Vector("PictureEmbedding", "Picture").WithFeatures("PictureFeatures"),
            ModalityB = Modality.Vector("SoundEmbedding", "Sound"),
            ClosedForm = null, // which reads the vectors as they are, so that their features would be the vectors themselves
            EmbeddingDimension = 8,
            MaximumNumberOfSteps = 300,
            Seed = 1,
        }).Fit(train);

        // Either column, or both: a picture is encoded once.
        IDataView learn = model.Transform(train), test = model.Transform(mlContext.Data.LoadFromEnumerable(machines[500..]));
        RetrievalMetrics search = mlContext.GentleClip().EvaluateRetrieval(test, "PictureEmbedding", "SoundEmbedding", k: [10]);
        Console.WriteLine(FormattableString.Invariant($"search, on embeddings: recall@10 {search.RecallAt(10):0.00}, by chance 0.05"));
        foreach (var column in new[] { "PictureFeatures", "PictureEmbedding" })
        {
            var classifier = mlContext.Transforms.Conversion.MapValueToKey("Label", nameof(Machine.Finish))
                .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: column)).Fit(learn);
            var metrics = mlContext.MulticlassClassification.Evaluate(classifier.Transform(test));
            Console.WriteLine(FormattableString.Invariant($"finish, on {column}: {metrics.MicroAccuracy:0.00} right, by chance {1.0 / Finishes:0.00}"));
        }
    }

    private sealed class Machine
    {
        [VectorType(24)]
        public float[] Picture { get; init; } = [];

        [VectorType(20)]
        public float[] Sound { get; init; } = [];

        public string Finish { get; init; } = "";

        public static Machine Measure(int finish, Random random)
        {
            double[] state = [.. Enumerable.Range(0, 5).Select(_ => 2 * random.NextDouble() - 1)];
            return new Machine
            {
                Picture = [.. Enumerable.Range(0, 24).Select(k => (float)(Math.Sin(state[k % 5] * (1 + k % 3 * 0.5) + k)
                    + 0.7 * Math.Cos(finish * 1.6 + k * 2) + 0.5 * random.NextDouble()))],
                Sound = [.. Enumerable.Range(0, 20).Select(k => (float)(Math.Sin(state[k % 5] * (1 + k % 4 * 0.4) + 3 * k) + 0.5 * random.NextDouble()))],
                Finish = $"finish {finish}",
            };
        }
    }
}

// Expected output:
// search, on embeddings: recall@10 1.00, by chance 0.05
// finish, on PictureFeatures: 0.95 right, by chance 0.25
// finish, on PictureEmbedding: 0.27 right, by chance 0.25
