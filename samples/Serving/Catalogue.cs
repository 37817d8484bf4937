using System.Text.Json;
using EmojiPictures;
using Microsoft.Extensions.Options;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>What is searched: named items of either side, embedded when the server starts.</summary>
internal sealed partial class Catalogue(ITransformer model, Sides sides, IOptions<ServingOptions> options, ILogger<Catalogue> logger)
{
    private const int ItemsAtOnce = 256;

    private readonly List<string> _names = [];
    private EmbeddingIndex? _index;

    public int Count => _names.Count;

    /// <summary>The nearest items, best first.</summary>
    /// <exception cref="BadInputException">There is nothing to search.</exception>
    public IEnumerable<Match> Search(ReadOnlySpan<float> query, int count) => _index is null
        ? throw new BadInputException("There is nothing to search: start the server with --catalogue FILE.")
        : _index.Search(query, count).Select(match => new Match(_names[(int)match.Row], match.Score));

    /// <exception cref="InvalidDataException">The file is malformed; the message names file and line.</exception>
    public async Task FillAsync(CancellationToken cancellationToken)
    {
        var items = new List<Item>();
        if (options.Value.Catalogue is { } file)
            await ReadAsync(file, items, cancellationToken);
        else if (options.Value.Model is null)
            await EmbedEmojiAsync(items, cancellationToken);
        if (items.Count == 0)
            return;
        _names.AddRange(items.Select(item => item.Name));
        var schema = SchemaDefinition.Create(typeof(Item));
        schema[nameof(Item.Embedding)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, sides.Dimension);
        var mlContext = new MLContext();
        _index = mlContext.GentleClip().CreateEmbeddingIndex(mlContext.Data.LoadFromEnumerable(items, schema), nameof(Item.Embedding), cancellationToken);
        LogFilled(logger, items.Count);
    }

    // The pictures of all styles, also of those that the training did not see.
    private async Task EmbedEmojiAsync(List<Item> items, CancellationToken cancellationToken)
    {
        var data = EmojiData.Read(EmojiData.Own);
        using var generator = model.CreateEmbeddingGenerator<MLImage>();
        var pictures = data.Train.Concat(data.Test)
            .SelectMany(emoji => emoji.Pictures.Select((picture, style) => (Name: $"{emoji.Name}, {EmojiData.Styles[style]}", Pixels: picture)));
        foreach (var some in pictures.Chunk(ItemsAtOnce))
        {
            MLImage[] images = [.. some.Select(picture => SmallModel.Image(picture.Pixels))];
            try
            {
                items.AddRange(some.Zip(await generator.GenerateAsync(images, cancellationToken: cancellationToken),
                    (picture, embedding) => new Item { Name = picture.Name, Embedding = embedding.Vector.ToArray() }));
            }
            finally
            {
                Array.ForEach(images, image => image.Dispose());
            }
        }
    }

    private async Task ReadAsync(string file, List<Item> items, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
            throw new FileNotFoundException($"There is no catalogue '{file}' (option --catalogue).", file);
        int number = 0;
        await foreach (string text in File.ReadLinesAsync(file, cancellationToken))
        {
            number++;
            if (string.IsNullOrWhiteSpace(text))
                continue;
            try
            {
                var line = JsonSerializer.Deserialize<Line>(text, JsonSerializerOptions.Web) ?? throw new BadInputException("Expected an object, found null.");
                line.CheckFields();
                if (string.IsNullOrEmpty(line.Name))
                    throw new BadInputException("name: expected a text, found nothing.");
                var embeddings = await sides.Named(line.Column).EmbedAsync([line.Input], _ => "input", cancellationToken);
                items.Add(new Item { Name = line.Name, Embedding = embeddings[0].ToArray() });
            }
            catch (Exception problem) when (problem is JsonException or BadInputException or ArgumentException)
            {
                throw new InvalidDataException($"{file}, line {number}: {problem.Message}", problem);
            }
        }
    }

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "{Count} items can be searched.")]
    private static partial void LogFilled(ILogger logger, int count);

    private sealed record Line(string? Name, string? Column, JsonElement Input) : RequestBody;

    private sealed class Item
    {
        [NoColumn]
        public string Name { get; init; } = "";

        public float[] Embedding { get; init; } = [];
    }
}

/// <summary>An item that was found.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Score">Its cosine to the query, -1 to 1.</param>
internal sealed record Match(string Name, float Score);
