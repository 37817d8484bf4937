using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace PretrainedSearch;

/// <summary>A query of one word, and the held-out drawings that have it among their keywords.</summary>
internal sealed record Query(string Word, IReadOnlySet<int> Right);

/// <summary>Trains on features, searches the held-out drawings, and counts.</summary>
/// <param name="train">Drawings to learn from.</param>
/// <param name="test">Drawings held out.</param>
/// <param name="pictureOf">Features of a drawing.</param>
/// <param name="textOf">Features of a text.</param>
/// <param name="cancellation">Ends a training.</param>
internal sealed class Search(Drawing[] train, Drawing[] test, Func<Drawing, float[]> pictureOf, Func<string, float[]> textOf, CancellationToken cancellation)
{
    public const int Found = 5;

    private const string PictureEmbedding = "PictureEmbedding", WordsEmbedding = "WordsEmbedding";
    private const int FewestRight = 3;

    private readonly MLContext _mlContext = new(seed: 1);

    /// <summary>Words that three held-out drawings or more have among their keywords, in a fixed order that no result has chosen.</summary>
    public IReadOnlyList<Query> Queries { get; } = Draw(test);

    /// <summary>What guessing gives, by the names of the figures.</summary>
    public Dictionary<string, double> Chance()
    {
        var groups = test.GroupBy(drawing => drawing.Group).ToArray();
        return new()
        {
            ["name R@1"] = 1.0 / test.Length,
            ["name R@5"] = 5.0 / test.Length,
            ["name R@10"] = 10.0 / test.Length,
            ["word in 5"] = Queries.Average(query =>
                1 - Enumerable.Range(0, Found).Aggregate(1.0, (none, i) => none * (test.Length - query.Right.Count - i) / (test.Length - i))),
            ["zero-shot group"] = 1.0 / groups.Length,
            ["group learnt from words"] = groups.Max(group => group.Count()) / (double)test.Length,
        };
    }

    /// <summary>The training rows of a seed: pairs, then drawings alone, then words alone, none of which has its partner anywhere.</summary>
    public FeatureRow[] Rows(Method method, int seed, int pairs)
    {
        Drawing[] order = [.. train];
        new Random(seed).Shuffle(order);
        int half = method.HasAllPairs ? 0 : (order.Length - pairs) / 2;
        pairs = method.HasAllPairs ? order.Length : Math.Min(pairs, order.Length);
        var rows = order[..pairs].Select(drawing => Row(pictureOf(drawing), WordsOf(drawing), drawing.Group, true)).ToList();
        if (!method.HasUnpaired || method.HasAllPairs)
            return [.. rows];
        float[][] pictures = [.. order[pairs..(pairs + half)].Select(pictureOf)];
        float[][] words = [.. order[(pairs + half)..].Select(drawing => WordsOf(drawing))];
        if (method.IsControl)
            (pictures, words) = (Gaussians.Like(pictures, seed), Gaussians.Like(words, seed + 1));
        rows.AddRange(pictures.Select(picture => Row(picture, Missing(words[0].Length), "", false)));
        rows.AddRange(words.Select(text => Row(Missing(pictures[0].Length), text, "", false)));
        return [.. rows];
    }

    /// <summary>Trains; the caller disposes the model.</summary>
    public GentleClipTransformer Fit(Method method, int seed, int pairs)
    {
        var options = method.Options();
        options.ModalityA = Modality.Vector(PictureEmbedding, nameof(FeatureRow.Picture));
        options.ModalityB = Modality.Vector(WordsEmbedding, nameof(FeatureRow.Words));
        options.PairedColumnName = nameof(FeatureRow.IsPaired);
        options.NumberOfThreads = 1; // cores that others use as well collapse with more
        options.Seed = seed;
        options.CancellationToken = cancellation;
        return _mlContext.Transforms.GentleClip(options).Fit(FeatureRow.View(_mlContext, Rows(method, seed, pairs)));
    }

    /// <summary>The figures of a model on the held-out drawings.</summary>
    public Dictionary<string, double> Measure(GentleClipTransformer model)
    {
        var operations = new MLContext().GentleClip();
        IDataView held = model.Transform(View([.. test.Select(drawing => Row(pictureOf(drawing), WordsOf(drawing), drawing.Group, true))]));
        var retrieval = operations.EvaluateRetrieval(held, PictureEmbedding, WordsEmbedding, k: [1, 5, 10], cancellationToken: cancellation);
        float[] none = Missing(pictureOf(test[0]).Length);
        IDataView prompts = model.Transform(View([.. Prompts().Select(prompt => Row(none, textOf(prompt.Text), prompt.Group, false))]));
        var zeroShot = operations.EvaluateZeroShot(held, PictureEmbedding, nameof(FeatureRow.Group), prompts, WordsEmbedding, nameof(FeatureRow.Group), [1],
            cancellation);
        return new()
        {
            ["name R@1"] = retrieval.BToA.RecallAt(1),
            ["name R@5"] = retrieval.BToA.RecallAt(5),
            ["name R@10"] = retrieval.BToA.RecallAt(10),
            ["word in 5"] = Find(model).Zip(Queries, (found, query) => found.Any(query.Right.Contains) ? 1.0 : 0).Average(),
            ["zero-shot group"] = zeroShot.AccuracyAt(1),
            ["group learnt from words"] = LearntFromWords(model, held),
        };
    }

    /// <summary>For each query the nearest held-out drawings.</summary>
    public int[][] Find(GentleClipTransformer model)
    {
        float[] none = Missing(WordsOf(test[0]).Length);
        IDataView held = model.Transform(View([.. test.Select(drawing => Row(pictureOf(drawing), none, "", false))]));
        var index = new MLContext().GentleClip().CreateEmbeddingIndex(held, PictureEmbedding);
        IDataView asked = model.Transform(View([.. Queries.Select(query => Row(Missing(pictureOf(test[0]).Length), textOf(query.Word), "", false))]));
        return [.. asked.GetColumn<float[]>(WordsEmbedding).Select(embedding => index.Search(embedding, Found).Select(match => (int)match.Row).ToArray())];
    }

    /// <summary>All texts that need features.</summary>
    public IEnumerable<string> Texts() =>
        train.Concat(test).SelectMany(drawing => drawing.Texts).Concat(Queries.Select(query => query.Word))
            .Concat(Prompts().Select(prompt => prompt.Text)).Distinct();

    private static Query[] Draw(Drawing[] test)
    {
        const int seed = 7, shortest = 3;
        Query[] queries = [.. test.SelectMany((drawing, row) => drawing.Keywords.Distinct().Select(word => (word, row)))
            .Where(entry => entry.word.Length >= shortest && entry.word.All(char.IsAsciiLetterLower))
            .GroupBy(entry => entry.word, entry => entry.row).Where(group => group.Count() >= FewestRight)
            .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new Query(group.Key, group.ToHashSet()))];
        new Random(seed).Shuffle(queries);
        return queries;
    }

    private (string Text, string Group)[] Prompts() =>
        [.. train.Concat(test).GroupBy(drawing => drawing.Group).OrderBy(group => group.Key, StringComparer.Ordinal)
            .SelectMany(group => group.Select(drawing => drawing.Subgroup).Distinct().Order(StringComparer.Ordinal).Prepend(group.Key)
                .Select(text => (text, group.Key)))];

    // A classifier that has seen words alone is asked about drawings.
    private double LearntFromWords(GentleClipTransformer model, IDataView held)
    {
        float[] none = Missing(pictureOf(test[0]).Length);
        IDataView captions = model.Transform(View([.. train.Select(drawing => Row(none, WordsOf(drawing), drawing.Group, false))]));
        var classifier = _mlContext.Transforms.CopyColumns("Features", WordsEmbedding).Append(_mlContext.Transforms.Conversion.MapValueToKey("Label", "Group"))
            .Append(_mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy()).Fit(captions);
        // The same steps behind the other side's embedding.
        IDataView drawings = _mlContext.Transforms.CopyColumns(WordsEmbedding, PictureEmbedding).Fit(held).Transform(held);
        return _mlContext.MulticlassClassification.Evaluate(classifier.Transform(drawings)).MicroAccuracy;
    }

    private IDataView View(FeatureRow[] rows) => FeatureRow.View(_mlContext, rows);

    private static FeatureRow Row(float[] picture, float[] words, string group, bool isPaired) =>
        new() { Picture = picture, Words = words, Group = group, IsPaired = isPaired };

    // Name and keywords are asked for one by one, so the features of a drawing's words are the mean of the features of each.
    private float[] WordsOf(Drawing drawing)
    {
        float[][] texts = [.. drawing.Texts.Select(textOf)];
        return [.. Enumerable.Range(0, texts[0].Length).Select(slot => texts.Average(text => text[slot]))];
    }

    private static float[] Missing(int width) => [.. Enumerable.Repeat(float.NaN, width)];
}
