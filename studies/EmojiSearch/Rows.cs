using EmojiPictures;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Text;

namespace EmojiSearch;

/// <summary>A picture in one style and the emoji's words, or one of them.</summary>
internal sealed class EmojiRow
{
    [VectorType(EmojiData.Channels, EmojiData.Side, EmojiData.Side)]
    public float[]? Picture { get; init; }

    public string Words { get; init; } = "";

    public float[]? PictureFeatures { get; init; }

    public float[]? WordFeatures { get; init; }

    public bool IsPaired { get; init; }

    public string Name { get; init; } = "";

    public string Group { get; init; } = "";
}

/// <summary>Makes rows of emoji, with features computed the same way for all.</summary>
internal sealed class RowMaker
{
    // Pixels of a feature's picture: the mean of so many a side.
    private const int Block = 2;

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly ITransformer _wordFeatures;
    private readonly int _width;

    /// <summary>Learns which words there are from the training emoji.</summary>
    public RowMaker(IEnumerable<Emoji> train)
    {
        var texts = _mlContext.Data.LoadFromEnumerable(train.Select(emoji => new TextRow { Words = emoji.Words }));
        _wordFeatures = _mlContext.Transforms.Text.FeaturizeText("Features", new TextFeaturizingEstimator.Options
        {
            CharFeatureExtractor = new WordBagEstimator.Options
            {
                NgramLength = 3,
                UseAllLengths = false,
                Weighting = NgramExtractingEstimator.WeightingCriteria.TfIdf,
            },
            WordFeatureExtractor = new WordBagEstimator.Options { NgramLength = 1, Weighting = NgramExtractingEstimator.WeightingCriteria.TfIdf },
        }, nameof(TextRow.Words)).Fit(texts);
        _width = WordFeatures(["a"])[0].Length;
    }

    public IEnumerable<EmojiRow> Pairs(IReadOnlyList<Emoji> emoji) => Zip(emoji, (one, words, style) => Row(one, style, words, isPaired: true));

    public static IEnumerable<EmojiRow> PicturesAlone(IReadOnlyList<Emoji> emoji) =>
        emoji.SelectMany(one => one.Pictures.Select((_, style) => Row(one, style, words: null, isPaired: false)));

    public IEnumerable<EmojiRow> WordsAlone(IReadOnlyList<Emoji> emoji) =>
        emoji.Zip(WordFeatures(emoji.Select(one => one.Words)),
            (one, words) => new EmojiRow { Words = one.Words, WordFeatures = words, Name = one.Name, Group = one.Group });

    /// <summary>Words alone, that stand for a group.</summary>
    public IEnumerable<EmojiRow> Texts(IReadOnlyList<(string Text, string Group)> texts) =>
        texts.Zip(WordFeatures(texts.Select(text => text.Text)),
            (text, words) => new EmojiRow { Words = text.Text, WordFeatures = words, Name = text.Text, Group = text.Group });

    public IDataView View(IEnumerable<EmojiRow> rows)
    {
        var schema = SchemaDefinition.Create(typeof(EmojiRow));
        schema[nameof(EmojiRow.PictureFeatures)].ColumnType = new VectorDataViewType(NumberDataViewType.Single,
            EmojiData.Side * EmojiData.Side * EmojiData.Channels / (Block * Block));
        schema[nameof(EmojiRow.WordFeatures)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, _width);
        var view = _mlContext.Data.LoadFromEnumerable([.. rows], schema);
        InputOutputColumnPair[] sides = [new(nameof(EmojiRow.Picture)), new(nameof(EmojiRow.PictureFeatures)), new(nameof(EmojiRow.WordFeatures))];
        return _mlContext.Transforms.MarkMissingModality(sides).Fit(view).Transform(view);
    }

    private IEnumerable<EmojiRow> Zip(IReadOnlyList<Emoji> emoji, Func<Emoji, float[], int, EmojiRow> make) =>
        emoji.Zip(WordFeatures(emoji.Select(one => one.Words))).SelectMany(one => one.First.Pictures.Select((_, style) => make(one.First, one.Second, style)));

    private float[][] WordFeatures(IEnumerable<string> texts) =>
        [.. _wordFeatures.Transform(_mlContext.Data.LoadFromEnumerable(texts.Select(text => new TextRow { Words = text }))).GetColumn<float[]>("Features")];

    private static EmojiRow Row(Emoji emoji, int style, float[]? words, bool isPaired) => new()
    {
        Picture = EmojiData.Planes(emoji.Pictures[style]),
        PictureFeatures = Small(emoji.Pictures[style]),
        Words = words is null ? "" : emoji.Words,
        WordFeatures = words,
        IsPaired = isPaired,
        Name = emoji.Name,
        Group = emoji.Group,
    };

    private static float[] Small(byte[] picture)
    {
        const int side = EmojiData.Side / Block;
        var small = new float[side * side * EmojiData.Channels];
        for (int i = 0; i < picture.Length; i++)
        {
            var (y, x) = Math.DivRem(i / EmojiData.Channels, EmojiData.Side);
            small[(y / Block * side + x / Block) * EmojiData.Channels + i % EmojiData.Channels] += picture[i] / (255f * Block * Block);
        }
        return small;
    }

    private sealed class TextRow
    {
        public string Words { get; init; } = "";
    }
}
