using SkiaSharp;

namespace PretrainedSearch;

/// <summary>What needs no pretrained network: small pictures as they are, and which words a text has.</summary>
internal sealed class PlainFeatures
{
    private const int Side = 16, FewestDrawings = 2;

    private readonly Dictionary<Drawing, float[]> _pictures;
    private readonly Dictionary<string, int> _words;

    /// <summary>Counts the words of the drawings that may be learnt from.</summary>
    public PlainFeatures(Drawing[] train, Drawing[] test)
    {
        _pictures = train.Concat(test).ToDictionary(drawing => drawing, Read);
        _words = train.SelectMany(drawing => drawing.Texts.SelectMany(Words).Distinct()).GroupBy(word => word).Where(word => word.Count() >= FewestDrawings)
            .Select(word => word.Key).Order(StringComparer.Ordinal).Select((word, slot) => (word, slot)).ToDictionary(entry => entry.word, entry => entry.slot);
    }

    /// <summary>Red, green and blue of 16 x 16 pixels on white, 0 to 1.</summary>
    public float[] OfPicture(Drawing drawing) => _pictures[drawing];

    /// <summary>A slot for each word that two drawings or more have.</summary>
    public float[] OfText(string text)
    {
        var slots = new float[_words.Count];
        foreach (string word in Words(text))
            if (_words.TryGetValue(word, out int slot))
                slots[slot]++;
        return slots;
    }

    private static IEnumerable<string> Words(string text) => text.ToLowerInvariant().Split([' ', ',', ':', '’'], StringSplitOptions.RemoveEmptyEntries);

    private static float[] Read(Drawing drawing)
    {
        using var picture = SKBitmap.Decode(drawing.Content);
        using var image = SKImage.FromBitmap(picture);
        using var small = new SKBitmap(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(small);
        canvas.Clear(SKColors.White);
        canvas.DrawImage(image, new SKRect(0, 0, Side, Side), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        return [.. small.Pixels.SelectMany(pixel => new[] { pixel.Red / 255f, pixel.Green / 255f, pixel.Blue / 255f })];
    }
}
