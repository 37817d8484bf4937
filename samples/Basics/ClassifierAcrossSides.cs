using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace Basics;

/// <summary>Labels are known for spectra only. A classifier that learns from their embeddings sorts images as well, since both lie in one space.</summary>
internal static class ClassifierAcrossSides
{
    private const int Kinds = 3;

    public static void Example()
    {
        var random = new Random(1);
        Thing[] things = [.. Enumerable.Range(0, 400).Select(i => Thing.Measure(i % Kinds, random))];
        var mlContext = new MLContext(seed: 1);

        // 60 pairs; of the others, either the spectrum or the image.
        IDataView train = mlContext.Data.LoadFromEnumerable(things[..300].Select((thing, i) => i < 60 ? thing : new Thing
        {
            Spectrum = i % 2 == 0 ? thing.Spectrum : Thing.Absent(24),
            Image = i % 2 == 1 ? thing.Image : Thing.Absent(32),
            Kind = thing.Kind,
        }));
        using GentleClipTransformer model = mlContext.Transforms.GentleClip(
            outputColumnNameA: "SpectrumEmbedding", inputColumnNameA: "Spectrum",
            outputColumnNameB: "ImageEmbedding", inputColumnNameB: "Image").Fit(train);

        // The classifier reads a column "Features", which is the spectrum's embedding while it learns. Rows without a spectrum have none.
        IDataView spectra = mlContext.Data.FilterRowsByMissingValues(model.Transform(train), "SpectrumEmbedding");
        var classifier = mlContext.Transforms.CopyColumns("Features", "SpectrumEmbedding")
            .Append(mlContext.Transforms.Conversion.MapValueToKey("Label", nameof(Thing.Kind)))
            .Append(mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy())
            .Fit(spectra);

        // And the image's when it is asked: the last two steps of the chain do not care where the column comes from.
        IDataView test = model.Transform(mlContext.Data.LoadFromEnumerable(things[300..]));
        Print("spectra", "SpectrumEmbedding");
        Print("images, which it never saw", "ImageEmbedding");

        void Print(string what, string column)
        {
            IDataView features = mlContext.Transforms.CopyColumns("Features", column).Fit(test).Transform(test);
            IDataView labelled = mlContext.Transforms.Conversion.MapValueToKey("Label", nameof(Thing.Kind)).Fit(spectra).Transform(features);
            var metrics = mlContext.MulticlassClassification.Evaluate(classifier.LastTransformer.Transform(labelled));
            Console.WriteLine(
                FormattableString.Invariant($"kind of {things[300..].Length} {what}: {metrics.MicroAccuracy:0.00} right, by chance {1.0 / Kinds:0.00}"));
        }
    }

    private sealed class Thing
    {
        [VectorType(24)]
        public float[] Spectrum { get; init; } = [];

        [VectorType(32)]
        public float[] Image { get; init; } = [];

        public string Kind { get; init; } = "";

        public static float[] Absent(int width) => [.. Enumerable.Repeat(float.NaN, width)];

        public static Thing Measure(int kind, Random random)
        {
            double[] hidden = [kind * 2 - 2 + random.NextDouble(), random.NextDouble() * 2, random.NextDouble()];
            return new Thing { Spectrum = View(hidden, 24, 0, random), Image = View(hidden, 32, 2, random), Kind = $"kind {kind}" };
        }

        private static float[] View(double[] hidden, int width, int shift, Random random) => [.. Enumerable.Range(0, width).Select(k =>
            (float)(Math.Sin(hidden[k % 3] * (1 + (k + shift) % 5 * 0.3) + k) + 1.2 * random.NextDouble()))];
    }
}

// Expected output:
// kind of 100 spectra: 0.99 right, by chance 0.33
// kind of 100 images, which it never saw: 0.99 right, by chance 0.33
