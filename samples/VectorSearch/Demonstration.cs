using System.Diagnostics;
using System.Globalization;
using EmojiPictures;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.VectorData;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace VectorSearch;

/// <summary>A container with a model, two embedding generators and a collection: fills the last, and searches it in both directions.</summary>
internal sealed class Demonstration(TextWriter output)
{
    public const int Found = 5;

    private static readonly string[] Words = ["heart", "fire", "clock", "sad face", "boat on the sea", "sandwich"];

    /// <summary>What the container holds; a web application would register the same.</summary>
    public static ServiceProvider CreateServices(Func<GentleClipTransformer> openModel)
    {
        var services = new ServiceCollection();
        services.AddSingleton(_ => openModel());
        services.AddGentleClipEmbeddingGenerator<string>();
        services.AddGentleClipEmbeddingGenerator<MLImage>();
        services.AddSingleton<VectorStoreCollection<int, PictureRecord>>(provider => new InMemoryCollection<int, PictureRecord>(provider, "pictures"));
        return services.BuildServiceProvider();
    }

    /// <returns>Share of the emoji whose picture in the style that the training did not see is among the first ones for their words.</returns>
    public async Task<double> RunAsync(CommandLine commandLine, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var data = EmojiData.Read(EmojiData.Own);
        Emoji[] emoji = [.. data.Train, .. data.Test];
        await using var services = CreateServices(() => Open(commandLine, data, cancellation));
        var pictures = services.GetRequiredService<VectorStoreCollection<int, PictureRecord>>();

        await FillAsync(services.GetRequiredService<IEmbeddingGenerator<MLImage, Embedding<float>>>(), pictures, emoji, cancellation);
        output.WriteLine(
            $"The collection holds {emoji.Length * EmojiData.Styles.Length} pictures of {emoji.Length} emoji in {EmojiData.Styles.Length} styles.");

        output.WriteLine("\nBy words:");
        foreach (string words in Words)
            output.WriteLine($"  {words,-20} {await ShowAsync(pictures.SearchAsync(words, Found, cancellationToken: cancellation))}");
        output.WriteLine("\nBy words, food and drink alone:");
        foreach (string words in Words)
        {
            var found = pictures.SearchAsync(words, Found, new() { Filter = record => record.Group == "food drink" }, cancellation);
            output.WriteLine($"  {words,-20} {await ShowAsync(found)}");
        }
        output.WriteLine("\nBy a picture in one style, among those of the other:");
        for (int i = 0; i < Words.Length; i++)
        {
            var one = emoji[i * emoji.Length / Words.Length];
            using var image = SmallModel.Image(one.Pictures[0]);
            string other = EmojiData.Styles[1];
            output.WriteLine(
                $"  {one.Symbol + " " + one.Name,-20} "
                    + $"{await ShowAsync(pictures.SearchAsync(image, Found, new() { Filter = record => record.Style == other }, cancellation))}");
        }

        double share = await MeasureAsync(pictures, emoji, cancellation);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"\nFor their words, {100 * share:f0} % of the emoji have their picture in the style {EmojiData.Styles[1]}, which the training did not see, "
                + $"among the first {Found} of {emoji.Length}; guessing: {100.0 * Found / emoji.Length:f1} %. Whole run: {watch.Elapsed.TotalSeconds:f0} s."));
        return share;
    }

    private static async Task FillAsync(IEmbeddingGenerator<MLImage, Embedding<float>> generator, VectorStoreCollection<int, PictureRecord> pictures,
        Emoji[] emoji, CancellationToken cancellation)
    {
        await pictures.EnsureCollectionExistsAsync(cancellation);
        for (int style = 0; style < EmojiData.Styles.Length; style++)
        {
            MLImage[] images = [.. emoji.Select(one => SmallModel.Image(one.Pictures[style]))];
            try
            {
                var embeddings = await generator.GenerateAsync(images, cancellationToken: cancellation);
                await pictures.UpsertAsync(emoji.Select((one, i) => new PictureRecord
                {
                    Number = i * EmojiData.Styles.Length + style,
                    Symbol = one.Symbol,
                    Name = one.Name,
                    Group = one.Group,
                    Style = EmojiData.Styles[style],
                    Embedding = embeddings[i].Vector,
                }), cancellation);
            }
            finally
            {
                Array.ForEach(images, image => image.Dispose());
            }
        }
    }

    private static async Task<double> MeasureAsync(VectorStoreCollection<int, PictureRecord> pictures, Emoji[] emoji, CancellationToken cancellation)
    {
        int found = 0;
        string unseen = EmojiData.Styles[1];
        foreach (var one in emoji)
            if (await pictures.SearchAsync(one.Words, Found, new() { Filter = record => record.Style == unseen }, cancellation)
                .AnyAsync(result => result.Record.Name == one.Name, cancellation))
                found++;
        return (double)found / emoji.Length;
    }

    private static async Task<string> ShowAsync(IAsyncEnumerable<VectorSearchResult<PictureRecord>> results) =>
        string.Join("  ",
            await results.Select(result => string.Create(CultureInfo.InvariantCulture, $"{result.Record.Symbol} {result.Record.Name} {result.Score:f2}"))
                .ToListAsync());

    private GentleClipTransformer Open(CommandLine commandLine, EmojiData data, CancellationToken cancellation)
    {
        if (commandLine.Model is not { } file)
        {
            output.WriteLine($"Training, {commandLine.Steps} steps ...");
            return SmallModel.Train(data, commandLine.Steps, new ConsoleProgress("  training"), cancellation);
        }
        if (!File.Exists(file))
            throw new FileNotFoundException($"There is no model '{file}'.", file);
        var model = new MLContext().Model.Load(file, out _);
        return model as GentleClipTransformer
            ?? throw new InvalidDataException($"'{file}' holds a {model.GetType().Name}; expected a {nameof(GentleClipTransformer)} saved alone.");
    }
}
