using System.IO.Compression;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Real pictures and words: the emoji that come with the samples.</summary>
internal static class Emoji
{
    /// <summary>Pixels of a picture's edge.</summary>
    public const int Side = 32;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "data", "samples", "emoji");

    /// <summary>Name and keywords of each emoji.</summary>
    public static IReadOnlyList<string> Words { get; } =
        [.. File.ReadLines(Path.Combine(Folder, "emoji.tsv")).Skip(1).Select(line => line.Split('\t'))
            .Select(cells => $"{cells[3]} {cells[4]}".Replace('_', ' ').Replace(',', ' '))];

    /// <summary>Red, green and blue of each pixel, row by row, one picture per emoji.</summary>
    public static IEnumerable<byte[]> Pictures(string style)
    {
        using var content = new MemoryStream();
        using (var stream = new GZipStream(File.OpenRead(Path.Combine(Folder, $"{style}_{Side}x{Side}_rgb.bin.gz")), CompressionMode.Decompress))
            stream.CopyTo(content);
        return content.ToArray().Chunk(3 * Side * Side);
    }
}
