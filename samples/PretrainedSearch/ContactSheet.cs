using SkiaSharp;

namespace PretrainedSearch;

/// <summary>Draws what words find: a line a word, what is right in green.</summary>
internal static class ContactSheet
{
    private const int Cell = 108, Gap = 10, Margin = 20, WordWidth = 190, NameHeight = 18;

    private static readonly SKColor Right = new(0x2e, 0x9e, 0x4f), Wrong = new(0xd8, 0xd8, 0xd8), Ink = new(0x22, 0x22, 0x22), Faint = new(0x77, 0x77, 0x77);

    /// <summary>Writes the picture.</summary>
    public static void Save(string file, Query[] queries, int[][] found, Drawing[] test)
    {
        int line = Cell + NameHeight + Gap;
        using var bitmap = new SKBitmap(Margin + WordWidth + Search.Found * (Cell + Gap) + Margin, 2 * Margin + queries.Length * line);
        using var canvas = new SKCanvas(bitmap);
        using var typeface = SKTypeface.FromFamilyName("sans-serif");
        canvas.Clear(SKColors.White);
        for (int i = 0; i < queries.Length; i++)
        {
            int y = Margin + i * line;
            bool isRight = found[i].Any(queries[i].Right.Contains);
            Text(queries[i].Word, Margin, y + Cell / 2, 20, isRight ? Right : Ink);
            Text($"{queries[i].Right.Count} of {test.Length} have it", Margin, y + Cell / 2 + 20, 12, Faint);
            for (int place = 0; place < found[i].Length; place++)
            {
                int x = Margin + WordWidth + place * (Cell + Gap);
                var color = queries[i].Right.Contains(found[i][place]) ? Right : Wrong;
                using var picture = SKBitmap.Decode(test[found[i][place]].Content);
                using var image = SKImage.FromBitmap(picture);
                using var frame = new SKPaint { IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = color == Right ? 4 : 1, Color = color };
                canvas.DrawImage(image, new SKRect(x + 6, y + 6, x + Cell - 6, y + Cell - 6));
                canvas.DrawRect(x + 2, y + 2, Cell - 4, Cell - 4, frame);
                string name = test[found[i][place]].Name;
                Text(name.Length > 17 ? name[..16] + "…" : name, x + 2, y + Cell + 12, 11, Faint);
            }
        }
        using var whole = SKImage.FromBitmap(bitmap);
        using var png = whole.Encode(SKEncodedImageFormat.Png, 100);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        File.WriteAllBytes(file, png.ToArray());

        void Text(string text, float x, float y, float size, SKColor color)
        {
            using var font = new SKFont(typeface, size);
            using var paint = new SKPaint { IsAntialias = true, Color = color };
            canvas.DrawText(text, x, y, font, paint);
        }
    }
}
