using EmojiPictures;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using SkiaSharp;

namespace EmojiSearch;

/// <summary>Draws what a model finds among the test emoji: pictures for words on the left, words for pictures on the right, what is right in green.</summary>
internal static class ContactSheet
{
    private const int Queries = 10, Found = 5;
    private const int Cell = 60, Gap = 10, Margin = 24, Title = 44, WordsWidth = 230, NamesWidth = 290;

    private static readonly SKColor Right = new(0x2e, 0x9e, 0x4f), Wrong = new(0xd8, 0xd8, 0xd8), Ink = new(0x22, 0x22, 0x22), Faint = new(0x77, 0x77, 0x77);

    public static void Save(string file, string method, EmojiData data, RowMaker rows, GentleClipTransformer model)
    {
        EmojiRow[] test = [.. rows.Pairs(data.Test)];
        IDataView scored = model.Transform(rows.View(test));
        var operations = new MLContext().GentleClip();
        var pictures = operations.CreateEmbeddingIndex(scored, Trial.PictureEmbedding);
        // Each emoji's words once.
        EmojiRow[] words = [.. rows.WordsAlone(data.Test)];
        IDataView scoredWords = model.Transform(rows.View(words));
        var texts = operations.CreateEmbeddingIndex(scoredWords, Trial.TextEmbedding);
        float[][] pictureQueries = [.. scored.GetColumn<float[]>(Trial.PictureEmbedding)],
            textQueries = [.. scoredWords.GetColumn<float[]>(Trial.TextEmbedding)];

        // Evenly over the test emoji, whose order is random: nothing is chosen by its result.
        int[] chosen = [.. Enumerable.Range(0, Queries).Select(i => i * data.Test.Count / Queries)];
        int left = Margin + WordsWidth + Found * (Cell + Gap), width = left + 2 * Margin + Cell + NamesWidth + Margin,
            height = Margin + Title + Queries * (Cell + Gap) + Margin;
        using var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        using var typeface = SKTypeface.FromFamilyName("sans-serif");
        Text(canvas, typeface, $"Words, and the {Found} nearest pictures", Margin, Margin + 16, 17, Ink);
        Text(canvas, typeface, $"Pictures, and the {Found} nearest names", left + Margin, Margin + 16, 17, Ink);
        Text(canvas, typeface, $"{method}; {data.Test.Count} test emoji, {test.Length} pictures", Margin, height - 10, 11.5f, Faint);
        for (int i = 0; i < Queries; i++)
        {
            int y = Margin + Title + i * (Cell + Gap);
            var emoji = data.Test[chosen[i]];
            Lines(canvas, typeface, emoji.Name, Margin, y, WordsWidth - Gap);
            foreach (var (match, place) in pictures.Search(textQueries[chosen[i]], Found).Select((match, place) => (match, place)))
                Picture(canvas, data.Test[(int)match.Row / EmojiData.Styles.Length].Pictures[(int)match.Row % EmojiData.Styles.Length],
                    Margin + WordsWidth + place * (Cell + Gap), y,
                    test[match.Row].Name == emoji.Name ? Right : Wrong);

            int style = i % EmojiData.Styles.Length, x = left + Margin;
            Picture(canvas, emoji.Pictures[style], x, y, Wrong);
            foreach (var (match, place) in texts.Search(pictureQueries[chosen[i] * EmojiData.Styles.Length + style], Found)
                .Select((match, place) => (match, place)))
            {
                bool right = words[match.Row].Name == emoji.Name;
                Text(canvas, typeface, $"{place + 1}  {Cut(words[match.Row].Name, 46)}", x + Cell + Gap, y + 11 + place * 12, 11.5f,
                    right ? Right : place == 0 ? Ink : Faint);
            }
        }
        using var image = SKImage.FromBitmap(bitmap);
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        using (var stream = File.Create(file + ".tmp"))
            png.SaveTo(stream);
        File.Move(file + ".tmp", file, overwrite: true);
    }

    private static void Picture(SKCanvas canvas, byte[] pixels, int x, int y, SKColor frame)
    {
        using var bitmap = new SKBitmap(EmojiData.Side, EmojiData.Side, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int i = 0; i < EmojiData.Side * EmojiData.Side; i++)
            bitmap.SetPixel(i % EmojiData.Side, i / EmojiData.Side, new SKColor(pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]));
        using var image = SKImage.FromBitmap(bitmap);
        using var paint = new SKPaint { IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = frame == Right ? 3 : 1, Color = frame };
        canvas.DrawImage(image, new SKRect(x + 4, y + 4, x + Cell - 4, y + Cell - 4));
        canvas.DrawRect(x + 1, y + 1, Cell - 2, Cell - 2, paint);
    }

    // At most three lines, broken between words.
    private static void Lines(SKCanvas canvas, SKTypeface typeface, string text, int x, int y, int width)
    {
        using var font = new SKFont(typeface, 15);
        var lines = new List<string> { "" };
        foreach (string word in text.Split(' '))
        {
            string longer = lines[^1].Length == 0 ? word : $"{lines[^1]} {word}";
            if (font.MeasureText(longer) > width && lines[^1].Length > 0)
                lines.Add(word);
            else
                lines[^1] = longer;
        }
        for (int i = 0; i < Math.Min(3, lines.Count); i++)
            Text(canvas, typeface, lines[i], x, y + 34 - 9 * (Math.Min(3, lines.Count) - 1) + 18 * i, 15, Ink);
    }

    private static void Text(SKCanvas canvas, SKTypeface typeface, string text, float x, float y, float size, SKColor color)
    {
        using var font = new SKFont(typeface, size);
        using var paint = new SKPaint { IsAntialias = true, Color = color };
        canvas.DrawText(text, x, y, font, paint);
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}
