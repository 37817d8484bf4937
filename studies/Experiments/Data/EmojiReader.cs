namespace Experiments.Data;

/// <summary>
/// Emoji in drawing styles and in words. <c>file</c> is the table (index, hexcode, emoji, label, tags, group, ...); <c>columnA</c> and <c>columnB</c> are
/// <c>words</c>, a bag of the words of name, tags and short names, or STYLE for the pixels in <c>STYLE_32x32_rgb.bin.gz</c> beside the table, averaged down to
/// <c>imageSize</c>. The label is a column of the table, by default the group.
/// </summary>
internal static class EmojiReader
{
    private const string Words = "words";
    private const int Side = 32, Channels = 3;
    private static readonly char[] Separators = [' ', '_', '-', ',', '|', ':', '(', ')', '.', '’', '“', '”', '&', '!'];

    public static TwoViewData Read(DataSource source)
    {
        var config = source.Config;
        var file = source.File();
        using var reader = DataSource.OpenText(file);
        string[] header = (reader.ReadLine() ?? "").TrimStart('#').Split('\t');
        var rows = new List<string[]>();
        while (reader.ReadLine() is { } line)
        {
            rows.Add(line.Split('\t'));
            if (rows[^1].Length != header.Length)
                throw new InvalidDataException($"{file}, line {rows.Count + 1}: expected {header.Length} columns as in the header, found {rows[^1].Length}.");
        }

        var label = Column(config.LabelColumn ?? "group");
        return source.Result(
            View(source.Required(config.ColumnA, "columnA")), View(source.Required(config.ColumnB, "columnB")), [.. rows.Select(row => row[label])]);

        int Column(string name) => Array.IndexOf(header, name) is var index and >= 0
            ? index
            : throw new InvalidDataException($"{file}: there is no column \"{name}\"; there are {string.Join(", ", header)}.");

        float[][] View(string name) => name == Words
            ? Bags([.. rows.Select(row => $"{row[Column("label")]} {row[Column("tags")]} {row[Column("short_names")]}")], config.MinimumWordRows ?? 4)
            : Pixels(source, name, rows.Count, config.ImageSize ?? 16);
    }

    private static float[][] Pixels(DataSource source, string style, int rows, int size)
    {
        if (Side % size != 0)
            throw source.Error("imageSize", $"expected a divisor of {Side}, found {size}");
        var file = source.File($"{style}_{Side}x{Side}_rgb.bin.gz");
        using var stream = DataSource.Open(file);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        if (content.Length != (long)rows * Side * Side * Channels)
            throw new InvalidDataException($"{file}: expected {rows} images of {Side * Side * Channels} bytes, found {content.Length} bytes.");

        var bytes = content.GetBuffer();
        var block = Side / size;
        return [.. Enumerable.Range(0, rows).Select(row =>
        {
            var image = new float[size * size * Channels];
            for (var y = 0; y < Side; y++)
                for (var x = 0; x < Side; x++)
                    for (var c = 0; c < Channels; c++)
                        image[(y / block * size + x / block) * Channels + c] += bytes[((row * Side + y) * Side + x) * Channels + c] / (255f * block * block);
            return image;
        })];
    }

    // Each word weighs by how rare it is, each row has length 1.
    private static float[][] Bags(string[] texts, int minimumRows)
    {
        string[][] words = [.. texts.Select(text => text.ToLowerInvariant().Split(Separators, StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray())];
        var counts = words.SelectMany(row => row).CountBy(word => word).Where(entry => entry.Value >= minimumRows)
            .OrderBy(entry => entry.Key, StringComparer.Ordinal).ToArray();
        var slots = counts.Select((entry, slot) => (entry.Key, slot)).ToDictionary(entry => entry.Key, entry => entry.slot);
        return Array.ConvertAll(words, row =>
        {
            var bag = new float[slots.Count];
            foreach (var word in row)
                if (slots.TryGetValue(word, out var slot))
                    bag[slot] = MathF.Log((float)texts.Length / counts[slot].Value);
            var norm = MathF.Sqrt(bag.Sum(value => value * value));
            return norm == 0 ? bag : Array.ConvertAll(bag, value => value / norm);
        });
    }
}
