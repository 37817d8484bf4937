using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Made-up captions beside noisy features of what they say: alignment that can be learnt in seconds.</summary>
internal static class Captions
{
    public const int Dimension = 24;

    public static readonly string[] Colours = ["red", "green", "blue", "yellow", "black", "white"];
    public static readonly string[] Things = ["apple", "car", "house", "bird", "table", "flower", "mountain", "river"];
    private static readonly string[] Places = ["on the beach", "in the forest", "near a lake", "under the bridge", "at night"];
    private static readonly string[] Openings = ["a {0}", "the {0}", "one {0}!", "A {0}", "some {0}"];

    internal sealed class Row
    {
        public string? Text { get; set; }

        [VectorType(Dimension)]
        public float[]? Features { get; set; }

        public bool IsPaired { get; set; } = true;

        public string Colour { get; set; } = "";

        public string Thing { get; set; } = "";
    }

    /// <summary>Rows with both sides.</summary>
    public static List<Row> Pairs(int count, int seed)
    {
        var world = new Random(99); // the same for every seed
        var vectors = Colours.Concat(Things).Concat(Places).ToDictionary(name => name,
            _ => Enumerable.Range(0, Dimension).Select(_ => Gaussian(world)).ToArray());
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var (colour, thing, place) = (Pick(Colours), Pick(Things), Pick(Places));
            return new Row
            {
                Text = string.Format(null, Pick(Openings), $"{colour} {thing} {place}"),
                Features = [.. Enumerable.Range(0, Dimension)
                    .Select(i => (float)(vectors[colour][i] + vectors[thing][i] + vectors[place][i] + 0.2 * Gaussian(random)))],
                Colour = colour,
                Thing = thing,
            };
        })];

        string Pick(string[] from) => from[random.Next(from.Length)];
    }

    /// <summary>Pairs, then rows with text alone, then rows with features alone.</summary>
    public static List<Row> Mixed(int pairs, int texts, int features, int seed = 1)
    {
        var rows = Pairs(pairs + texts + features, seed);
        for (var i = pairs; i < rows.Count; i++)
        {
            rows[i].IsPaired = false;
            if (i < pairs + texts)
                rows[i].Features = null;
            else
                rows[i].Text = i % 2 == 0 ? null : " \u0000";
        }
        return rows;
    }

    /// <summary>Encoders and a training of seconds.</summary>
    public static GentleClipOptions Options(TextEncoderOptions? text = null, int steps = 4) => new()
    {
        ModalityA = Modality.Text("TextEmbedding", "Text", text ?? SmallNGrams),
        ModalityB = Modality.Vector("FeatureEmbedding", "Features", new VectorEncoderOptions { HiddenDimensions = [32], Dropout = 0.1, InputNoise = 0.1 }),
        EmbeddingDimension = 16,
        Batches = new() { Size = 32 },
        MaximumNumberOfSteps = steps,
        NumberOfThreads = 1,
        Seed = 3,
    };

    public static TextNGramOptions SmallNGrams { get; } = new() { Buckets = 1024, TableDimension = 32, HiddenDimensions = [32] };

    public static BertEncoderOptions SmallBert { get; } = new()
    {
        Size = new BertSize(2, 32, 2, 64, 32),
        MaximumLength = 24,
        MaximumVocabularySize = 200,
        Dropout = 0.1,
    };

    private static double Gaussian(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
