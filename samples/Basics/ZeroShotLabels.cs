using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace Basics;

/// <summary>Measurements and short descriptions share a space, so that words which nobody gave as labels sort measurements.</summary>
internal static class ZeroShotLabels
{
    private static readonly string[] Colours = ["red", "green", "blue"];
    private static readonly string[] Sizes = ["small", "large"];

    public static void Example()
    {
        var random = new Random(1);
        Fruit[] fruits = [.. Enumerable.Range(0, 360).Select(i => Fruit.Measure(Colours[i % 3], Sizes[i / 3 % 2], random))];
        var mlContext = new MLContext(seed: 1);
        IDataView train = mlContext.Data.LoadFromEnumerable(fruits[..300]);
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip); // every row is a pair, and Clip's loss needs nothing else
        options.ModalityA = Modality.Vector(outputColumnName: "LightEmbedding", inputColumnName: "Light");
        options.ModalityB = Modality.Text(outputColumnName: "WordsEmbedding", inputColumnName: "Words"); // hashed n-grams: they learn the training's words
        options.Batches.Size = 64;
        options.Batches.PairsPerBatch = 64;
        options.MaximumNumberOfSteps = 40;
        using GentleClipTransformer model = mlContext.Transforms.GentleClip(options).Fit(train);

        // The prompts around a label are embedded by the text side; the nearest label wins.
        IDataView test = mlContext.Data.LoadFromEnumerable(fruits[300..]);
        string[] templates = ["a {0} fruit", "the fruit is {0}"];
        Print("colour", Colours, fruit => fruit.Colour);
        Print("size", Sizes, fruit => fruit.Size);

        void Print(string what, string[] labels, Func<Fruit, string> truth)
        {
            IDataView sorted = model.ClassifyZeroShot(mlContext, test, labels, templates);
            int right = sorted.GetColumn<string>("PredictedLabel").Zip(fruits[300..], (label, fruit) => label == truth(fruit)).Count(isRight => isRight);
            Console.WriteLine(FormattableString.Invariant($"{what} by its name: {right / 60.0:0.00} right, by chance {1.0 / labels.Length:0.00}"));
        }
    }

    private sealed class Fruit
    {
        [VectorType(8)]
        public float[] Light { get; init; } = [];

        public string Words { get; init; } = "";

        public string Colour { get; init; } = "";

        public string Size { get; init; } = "";

        public static Fruit Measure(string colour, string size, Random random)
        {
            double angle = 2 * Math.PI * Array.IndexOf(Colours, colour) / Colours.Length, scale = size == "small" ? 1 : 2;
            return new Fruit
            {
                Light = [.. Enumerable.Range(0, 8).Select(k => (float)(scale * (1.2 + Math.Cos(angle + k)) + 1.5 * random.NextDouble()))],
                Words = random.Next(2) == 0 ? $"a {size} {colour} fruit" : $"the fruit is {colour} and {size}",
                Colour = colour,
                Size = size,
            };
        }
    }
}

// Expected output:
// colour by its name: 1.00 right, by chance 0.33
// size by its name: 1.00 right, by chance 0.50
