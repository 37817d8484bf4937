using System.Globalization;
using System.Numerics.Tensors;
using System.Text;
using EmojiPictures;
using Microsoft.Extensions.AI;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>
/// The model that comes with the server, and how it was made: pictures of emoji and their words. Small enough for a repository (a narrow network for
/// pictures, few buckets for words), and shown each emoji by its name and by single keywords, as people search. It learns the first drawing style of every
/// emoji; of the second style a quarter is left out, to measure what it makes of pictures that it has not seen.
/// </summary>
internal static class DemoModel
{
    public const string Pictures = nameof(Row.Picture), Words = nameof(Row.Words);
    public const int DefaultSteps = 2000;
    private const int Descriptions = 10, Keywords = 3, Found = 5;

    /// <summary>Trains on one core.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static GentleClipTransformer Train(EmojiData data, int steps, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var random = new Random(1);
        Row[] rows = [.. Shown(data).SelectMany(shown =>
        {
            float[] picture = EmojiData.Planes(shown.Picture);
            return Texts(shown.Emoji, random).Select(text => new Row { Picture = picture, Words = text });
        })];
        var mlContext = new MLContext(seed: 1);
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip);
        options.ModalityA = Modality.Image("PictureEmbedding", Pictures,
            new ImageOptions { Size = EmojiData.Side, StoredSize = EmojiData.Side, Fit = ImageFit.Stretch, HorizontalFlip = 0, MinimumCropArea = 0.6 },
            new ResNetOptions { Size = new([1, 1, 1, 1], 8, bottleneck: false) });
        options.ModalityB = Modality.Text("WordsEmbedding", Words,
            new TextNGramOptions { MinimumLength = 3, MaximumLength = 4, Buckets = 2048, TableDimension = 48, HiddenDimensions = [], NGramDropout = 0.1 });
        options.Batches.Size = 128;
        options.Batches.PairsPerBatch = 128;
        options.MaximumNumberOfSteps = steps;
        options.NumberOfThreads = 1;
        options.Progress = progress;
        options.CancellationToken = cancellation;
        return mlContext.Transforms.GentleClip(options).Fit(mlContext.Data.LoadFromEnumerable(rows));
    }

    /// <summary>How often the search finds what was meant, in words.</summary>
    public static async Task<string> MeasureAsync(GentleClipTransformer model, EmojiData data, CancellationToken cancellation)
    {
        Emoji[] emoji = [.. data.Train, .. data.Test];
        var shown = Shown(data).Select(one => one.Picture).ToHashSet();
        var pictures = emoji.SelectMany((one, i) => one.Pictures.Select(picture => (Emoji: i, Picture: picture, IsNew: !shown.Contains(picture)))).ToArray();
        using var pictureGenerator = model.CreateEmbeddingGenerator<MLImage>();
        using var wordGenerator = model.CreateEmbeddingGenerator<string>();
        MLImage[] images = [.. pictures.Select(one => SmallModel.Image(one.Picture))];
        float[][] embeddings = Vectors(await pictureGenerator.GenerateAsync(images, cancellationToken: cancellation));
        Array.ForEach(images, image => image.Dispose());
        float[][] names = Vectors(await wordGenerator.GenerateAsync(emoji.Select(one => one.Name), cancellationToken: cancellation));
        var keywords = emoji.SelectMany((one, i) => Split(one).Select(word => (word, i))).GroupBy(each => each.word, each => each.i)
            .Where(group => group.Count() >= Found).ToArray();
        float[][] words = Vectors(await wordGenerator.GenerateAsync(keywords.Select(one => one.Key), cancellationToken: cancellation));

        var report = new StringBuilder();
        foreach (bool isNew in new[] { false, true })
        {
            (int Emoji, float[] Embedding)[] some = [.. pictures.Zip(embeddings).Where(one => one.First.IsNew == isNew)
                .Select(one => (one.First.Emoji, one.Second))];
            float[][] searched = [.. some.Select(one => one.Embedding)];
            int[] asked = [.. some.Select(one => one.Emoji).Distinct()];
            int[][] byName = [.. asked.Select(i => Nearest(names[i], searched).Select(row => some[row].Emoji).ToArray())];
            int[][] byPicture = [.. searched.Select(query => Nearest(query, names))];
            double right = words.Select((query, i) => Nearest(query, searched).Count(row => keywords[i].Contains(some[row].Emoji))).Sum();
            report.AppendLine(string.Create(CultureInfo.InvariantCulture, $"""
                {some.Length} pictures that the training {(isNew ? "did not see" : "saw")}:
                  by its name, a picture of the emoji comes first for {Share(byName, asked, 1):f0} %
                  by its name, one is among the first {Found} for {Share(byName, asked, Found):f0} %
                  by its picture, the name among {names.Length} comes first for {Share(byPicture, [.. some.Select(one => one.Emoji)], 1):f0} %
                  by one of {keywords.Length} keywords, {100 * right / Found / keywords.Length:f0} % of the first {Found} pictures have it
                """));
        }
        return report.ToString();

        static double Share(int[][] found, int[] right, int count) =>
            100.0 * found.Where((rows, i) => rows.Take(count).Contains(right[i])).Count() / right.Length;

        static float[][] Vectors(GeneratedEmbeddings<Embedding<float>> generated) => [.. generated.Select(one => one.Vector.ToArray())];
    }

    private static int[] Nearest(float[] query, float[][] rows) =>
        [.. rows.Select((row, i) => (i, Score: TensorPrimitives.Dot(row, query))).OrderByDescending(one => one.Score).Take(Found).Select(one => one.i)];

    private static IEnumerable<(Emoji Emoji, byte[] Picture)> Shown(EmojiData data) =>
        data.Train.SelectMany(emoji => emoji.Pictures.Select(picture => (emoji, picture))).Concat(data.Test.Select(emoji => (emoji, emoji.Pictures[0])));

    // All words once, the name three times, then a few keywords at a time.
    private static IEnumerable<string> Texts(Emoji emoji, Random random)
    {
        string[] words = Split(emoji);
        yield return emoji.Words;
        for (int i = 0; i < 3; i++)
            yield return emoji.Name;
        for (int i = 4; i < Descriptions; i++)
        {
            random.Shuffle(words);
            yield return string.Join(' ', words.Take(random.Next(1, Keywords + 1)));
        }
    }

    private static string[] Split(Emoji emoji) => [.. emoji.Words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct()];

    private sealed class Row
    {
        [VectorType(EmojiData.Channels, EmojiData.Side, EmojiData.Side)]
        public float[] Picture { get; init; } = [];

        public string Words { get; init; } = "";
    }
}
