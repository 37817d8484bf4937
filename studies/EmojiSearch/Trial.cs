using System.Diagnostics;
using EmojiPictures;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace EmojiSearch;

/// <summary>The figures of one method and seed.</summary>
internal sealed record Run(string Method, int Seed, IReadOnlyDictionary<string, double> Figures, int Pairs, int Pictures, int Texts, double FitSeconds);

/// <summary>One method and seed: trains, and measures on the test emoji.</summary>
internal sealed class Trial(EmojiData data, RowMaker rows, Method method, int seed, int steps, CancellationToken cancellation)
{
    public const string PictureEmbedding = nameof(PictureEmbedding), TextEmbedding = nameof(TextEmbedding);

    public static readonly int[] Ks = [1, 5, 10];

    private const double PairedShare = 0.1;

    private static readonly int[] TopK = [1, 5];

    public (GentleClipTransformer Model, Run Run) Fit(IProgress<TrainingProgress> progress)
    {
        var watch = Stopwatch.StartNew();
        var (pairs, pictures, words) = data.Deal(seed, method.HasAllPairs ? 1 : PairedShare);
        EmojiRow[] paired = [.. rows.Pairs(pairs)];
        EmojiRow[] unpaired = method.UsesUnpaired ? [.. RowMaker.PicturesAlone(pictures), .. rows.WordsAlone(words)] : [];
        var model = new MLContext(seed).Transforms.GentleClip(Options(progress)).Fit(rows.View([.. paired, .. unpaired]));
        double seconds = watch.Elapsed.TotalSeconds;
        int unpairedPictures = unpaired.Count(row => row.Picture is not null);
        return (model, new Run(method.Name, seed, Measure(model), paired.Length, unpairedPictures, unpaired.Length - unpairedPictures, seconds));
    }

    /// <summary>Guessing, for the same test emoji.</summary>
    public static Dictionary<string, double> Chance(EmojiData data)
    {
        int classes = Groups(data).Select(prompt => prompt.Group).Distinct().Count();
        var chance = new Dictionary<string, double>();
        foreach (int k in Ks)
        {
            chance[Recall("words to picture", k)] = 1 - Enumerable.Range(0, k).Aggregate(1.0,
                (miss, i) => miss * (1 - EmojiData.Styles.Length / (double)(data.Test.Count * EmojiData.Styles.Length - i)));
            chance[Recall("picture to words", k)] = Math.Min(1, k / (double)data.Test.Count);
        }
        foreach (int k in TopK)
            chance[ZeroShot(k)] = Math.Min(1, k / (double)classes);
        return chance;
    }

    /// <summary>The words that stand for each group: its name, and those of its subgroups.</summary>
    public static IReadOnlyList<(string Text, string Group)> Groups(EmojiData data) =>
        [.. data.Train.Concat(data.Test).GroupBy(emoji => emoji.Group).OrderBy(group => group.Key, StringComparer.Ordinal)
            .SelectMany(
                group => group.Select(emoji => emoji.Subgroup).Distinct().Order(StringComparer.Ordinal).Prepend(group.Key).Select(text => (text, group.Key)))];

    private Dictionary<string, double> Measure(GentleClipTransformer model)
    {
        IDataView test = model.Transform(rows.View(rows.Pairs(data.Test)));
        // Two pictures share their words: both are right, and the words are one candidate.
        var operations = new MLContext().GentleClip();
        var retrieval = operations.EvaluateRetrieval(
            test, PictureEmbedding, TextEmbedding, itemColumnNameB: nameof(EmojiRow.Name), k: Ks, cancellationToken: cancellation);
        IDataView prompts = model.Transform(rows.View(rows.Texts(Groups(data))));
        var zeroShot = operations.EvaluateZeroShot(
            test, PictureEmbedding, nameof(EmojiRow.Group), prompts, TextEmbedding, nameof(EmojiRow.Group), TopK, cancellation);

        var figures = new Dictionary<string, double>();
        foreach (int k in Ks)
            figures[Recall("words to picture", k)] = retrieval.BToA.RecallAt(k);
        foreach (int k in Ks)
            figures[Recall("picture to words", k)] = retrieval.AToB.RecallAt(k);
        foreach (int k in TopK)
            figures[ZeroShot(k)] = zeroShot.AccuracyAt(k);
        return figures;
    }

    private GentleClipOptions Options(IProgress<TrainingProgress> progress)
    {
        var options = GentleClipOptions.FromPreset(method.Preset);
        if (method.ReadsFeatures)
        {
            options.ModalityA = Modality.Vector(PictureEmbedding, nameof(EmojiRow.PictureFeatures));
            options.ModalityB = Modality.Vector(TextEmbedding, nameof(EmojiRow.WordFeatures));
        }
        else
        {
            // Arrows and letters are not mirrored.
            options.ModalityA = Modality.Image(PictureEmbedding, nameof(EmojiRow.Picture),
                new ImageOptions { Size = EmojiData.Side, StoredSize = EmojiData.Side, Fit = ImageFit.Stretch, HorizontalFlip = 0, MinimumCropArea = 0.6 },
                new ResNetOptions { Size = ResNetSize.Small });
            options.ModalityB = Modality.Text(TextEmbedding, nameof(EmojiRow.Words), new TextNGramOptions());
            options.ClosedForm = null; // it needs vectors
            options.Batches.Size = method.UsesUnpaired ? 128 : 64;
            options.Batches.PairsPerBatch = 64;
        }
        options.PairedColumnName = nameof(EmojiRow.IsPaired);
        options.MaximumNumberOfSteps = steps;
        options.NumberOfThreads = 1; // cores that others use as well collapse with more
        options.Seed = seed;
        options.Progress = progress;
        options.CancellationToken = cancellation;
        return options;
    }

    private static string Recall(string direction, int k) => $"{direction} R@{k}";

    private static string ZeroShot(int k) => $"zero-shot group top-{k}";
}
