using System.Text.Json;
using EmojiPictures;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>What is searched: named items of either side, embedded when the server starts.</summary>
internal sealed partial class Catalogue(
    ITransformer model, Sides sides, IOptions<ServingOptions> options, Readiness readiness, ILogger<Catalogue> logger)
{
    private const int ItemsAtOnce = 64;

    private static readonly string[] EmojiExamples = ["heart", "clock", "sad face", "flag", "fruit", "animal face"];

    private readonly List<Item> _items = [];
    private readonly Dictionary<string, (EmbeddingIndex Index, int[] Rows)> _byColumn = [];

    public int Count => _items.Count;

    /// <summary>Where the items come from and under which licence, or null for the user's own.</summary>
    public string? Credit { get; private set; }

    /// <summary>Texts to try; none for the user's own items.</summary>
    public IReadOnlyList<string> Examples { get; private set; } = [];

    public int CountOf(string column) => _byColumn.TryGetValue(column, out var part) ? part.Rows.Length : 0;

    /// <summary>The picture of an item; null where it has none.</summary>
    public ItemPicture? PictureOf(int row) => row >= 0 && row < _items.Count ? _items[row].Picture : null;

    /// <summary>The nearest items, best first: of one column, or of both.</summary>
    /// <exception cref="BadInputException">There is nothing to search.</exception>
    public IEnumerable<Match> Search(ReadOnlySpan<float> query, int count, string? column)
    {
        if (_items.Count == 0)
            throw new BadInputException("There is nothing to search: start the server with --catalogue FILE.");
        var found = new List<(int Row, float Score)>();
        foreach (var (of, (index, rows)) in _byColumn)
            if (column is null || column == of)
                found.AddRange(index.Search(query, count).Select(match => (rows[(int)match.Row], match.Score)));
        return [.. found.OrderByDescending(match => match.Score).ThenBy(match => match.Row).Take(count)
            .Select(match => _items[match.Row].Match(match.Row, match.Score))];
    }

    /// <exception cref="InvalidDataException">The file is malformed; the message names file and line.</exception>
    public async Task FillAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Catalogue is { } file)
            await ReadAsync(file, cancellationToken);
        else if (options.Value.Model is null)
            await EmbedEmojiAsync(cancellationToken);
        var mlContext = new MLContext();
        foreach (var part in _items.Select((item, row) => (item, row)).GroupBy(each => each.item.Column))
        {
            var schema = SchemaDefinition.Create(typeof(Item));
            schema[nameof(Item.Embedding)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, sides.Dimension);
            _byColumn.Add(part.Key, (mlContext.GentleClip().CreateEmbeddingIndex(
                mlContext.Data.LoadFromEnumerable(part.Select(each => each.item), schema), nameof(Item.Embedding), cancellationToken),
                [.. part.Select(each => each.row)]));
        }
        if (_items.Count > 0)
            LogFilled(logger, _items.Count);
    }

    // The pictures of all styles, also those that the training did not see, and the names.
    private async Task EmbedEmojiAsync(CancellationToken cancellationToken)
    {
        var data = EmojiData.Read(EmojiData.Own);
        Emoji[] emoji = [.. data.Train, .. data.Test];
        Credit = "Pictures: Noto Emoji, Google, Apache License 2.0; Twemoji, Twitter and contributors, CC BY 4.0. "
            + "Words: emojibase-data, MIT, from Unicode CLDR.";
        Examples = EmojiExamples;
        using (var generator = model.CreateEmbeddingGenerator<MLImage>())
            await EmbedAsync(
                emoji.SelectMany(one => one.Pictures.Select((picture, style) => (Name: $"{one.Name}, {EmojiData.Styles[style]}", Pixels: picture))),
                picture => SmallModel.Image(picture.Pixels), generator, (picture, embedding) => new Item
                {
                    Name = picture.Name,
                    Column = DemoModel.Pictures,
                    Picture = ItemPicture.OfEmoji(picture.Pixels),
                    Embedding = embedding,
                });
        using (var generator = model.CreateEmbeddingGenerator<string>())
            await EmbedAsync(emoji, one => one.Name, generator, (one, embedding) => new Item
            {
                Name = one.Name,
                Column = DemoModel.Words,
                Embedding = embedding,
            });

        async Task EmbedAsync<T, TInput>(IEnumerable<T> all, Func<T, TInput> input, IEmbeddingGenerator<TInput, Embedding<float>> generator,
            Func<T, float[], Item> item)
        {
            int total = emoji.Length * (EmojiData.Styles.Length + 1);
            foreach (var some in all.Chunk(ItemsAtOnce))
            {
                readiness.Report("Embedding the catalogue", _items.Count, total);
                TInput[] inputs = [.. some.Select(input)];
                try
                {
                    var embeddings = await generator.GenerateAsync(inputs, null, cancellationToken);
                    _items.AddRange(some.Zip(embeddings, (one, embedding) => item(one, embedding.Vector.ToArray())));
                }
                finally
                {
                    Array.ForEach(inputs, one => (one as IDisposable)?.Dispose());
                }
            }
        }
    }

    private async Task ReadAsync(string file, CancellationToken cancellationToken)
    {
        int number = 0;
        await foreach (string text in File.ReadLinesAsync(file, cancellationToken))
        {
            number++;
            if (string.IsNullOrWhiteSpace(text))
                continue;
            readiness.Report($"Embedding the catalogue, line {number}");
            try
            {
                var line = JsonSerializer.Deserialize<Line>(text, JsonSerializerOptions.Web) ?? throw new BadInputException("Expected an object, found null.");
                line.CheckFields();
                if (string.IsNullOrEmpty(line.Name))
                    throw new BadInputException("name: expected a text, found nothing.");
                var side = sides.Named(line.Column);
                var embeddings = await side.EmbedAsync([line.Input], _ => "input", cancellationToken);
                _items.Add(new Item
                {
                    Name = line.Name,
                    Column = side.Column,
                    Picture = side.Kind == Side.PictureKind ? ItemPicture.Of(line.Input.GetBytesFromBase64()) : null,
                    Embedding = embeddings[0].ToArray(),
                });
            }
            catch (Exception problem) when (problem is JsonException or BadInputException or ArgumentException)
            {
                throw new InvalidDataException($"{file}, line {number}: {problem.Message}", problem);
            }
        }
    }

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "Ready: {Count} items can be searched.")]
    private static partial void LogFilled(ILogger logger, int count);

    private sealed record Line(string? Name, string? Column, JsonElement Input) : RequestBody;

    private sealed class Item
    {
        [NoColumn]
        public string Name { get; init; } = "";

        [NoColumn]
        public string Column { get; init; } = "";

        [NoColumn]
        public ItemPicture? Picture { get; init; }

        public float[] Embedding { get; init; } = [];

        public Match Match(int row, float score) => new(Name, score, Column, Picture is null ? null : $"/items/{row}/picture");
    }
}

/// <summary>An item that was found.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Score">Its cosine to the query, -1 to 1.</param>
/// <param name="Column">Whose input it is.</param>
/// <param name="Picture">Address of its picture, or null.</param>
internal sealed record Match(string Name, float Score, string Column, string? Picture);
