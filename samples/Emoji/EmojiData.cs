using System.IO.Compression;

namespace EmojiPictures;

/// <summary>An emoji: its words, its group, and a picture in each drawing style.</summary>
/// <param name="Symbol">The character itself.</param>
/// <param name="Name">Its English name.</param>
/// <param name="Words">Name, keywords and short names.</param>
/// <param name="Group">What kind of thing it shows.</param>
/// <param name="Subgroup">The same, finer.</param>
/// <param name="Pictures">Red, green and blue of each pixel, row by row, one picture a style.</param>
internal sealed record Emoji(string Symbol, string Name, string Words, string Group, string Subgroup, byte[][] Pictures);

/// <summary>The table of emoji with its pictures, and which of them are test samples.</summary>
internal sealed record EmojiData(IReadOnlyList<Emoji> Train, IReadOnlyList<Emoji> Test)
{
    public const int Side = 32, Channels = 3;

    public static readonly string[] Styles = ["google", "twitter"];

    /// <summary>Folder of the files that come with the samples.</summary>
    public static string Own => Path.Combine(AppContext.BaseDirectory, "emoji");

    private const double TestShare = 0.25;
    private const int SplitSeed = 1, Fewest = 20;

    private static readonly string[] Columns = ["label", "tags", "group", "subgroup", "short_names", "emoji"];

    /// <summary>Reads the files. A quarter of the emoji, the same for every seed, are test samples, with both their pictures.</summary>
    /// <exception cref="InvalidDataException">A file is malformed; the message names file and line.</exception>
    public static EmojiData Read(string folder)
    {
        string table = Path.Combine(folder, "emoji.tsv");
        string[] lines = [.. File.ReadLines(Existing(table)).Where(line => line.Length > 0)];
        string[] header = lines.Length == 0 ? [] : lines[0].TrimStart('#').Split('\t');
        int[] at = Array.ConvertAll(Columns, column => Array.IndexOf(header, column) is var index and >= 0
            ? index
            : throw new InvalidDataException($"{table}: expected a column '{column}', found {string.Join(", ", header)}."));
        if (lines.Length - 1 < Fewest)
            throw new InvalidDataException($"{table}: expected {Fewest} emoji or more, found {Math.Max(0, lines.Length - 1)}.");
        byte[][][] styles = Array.ConvertAll(Styles, style => Pictures(Path.Combine(folder, $"{style}_{Side}x{Side}_rgb.bin.gz"), lines.Length - 1));

        Emoji[] emoji = [.. lines.Skip(1).Select((line, row) =>
        {
            string[] cells = line.Split('\t');
            if (cells.Length != header.Length)
                throw new InvalidDataException($"{table}, line {row + 2}: expected {header.Length} columns as in the header, found {cells.Length}.");
            string[] values = Array.ConvertAll(at, index => cells[index]);
            return new Emoji(values[5], values[0], $"{values[0]} {values[1]} {values[4]}".Replace('_', ' ').Replace(',', ' '), Spoken(values[2]),
                Spoken(values[3]), Array.ConvertAll(styles, style => style[row]));
        })];
        new Random(SplitSeed).Shuffle(emoji);
        int test = (int)(TestShare * emoji.Length);
        return new EmojiData(emoji[test..], emoji[..test]);
    }

    /// <summary>Planes of red, green and blue, as the library reads pictures.</summary>
    public static float[] Planes(byte[] picture)
    {
        var planes = new float[picture.Length];
        for (int i = 0; i < picture.Length; i++)
            planes[i % Channels * Side * Side + i / Channels] = picture[i];
        return planes;
    }

    private static string Spoken(string name) => name.Replace('-', ' ').Replace('_', ' ');

    private static byte[][] Pictures(string file, int rows)
    {
        const int size = Side * Side * Channels;
        using var content = new MemoryStream();
        try
        {
            using var stream = new GZipStream(File.OpenRead(Existing(file)), CompressionMode.Decompress);
            stream.CopyTo(content);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{file}: not a gzip file, or cut short: {exception.Message}", exception);
        }
        if (content.Length != (long)rows * size)
            throw new InvalidDataException($"{file}: expected {rows} pictures of {size} bytes, as many as the table has lines, found {content.Length} bytes.");
        return [.. content.ToArray().Chunk(size)];
    }

    private static string Existing(string file) => File.Exists(file) ? file : throw new FileNotFoundException($"{file}: there is no such file.", file);
}
