using System.IO.Compression;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Takes zip files apart and puts them together with right checksums.</summary>
internal static class Zips
{
    public static (string Name, byte[] Content)[] Read(byte[] file)
    {
        using var zip = new ZipArchive(new MemoryStream(file));
        return [.. zip.Entries.Select(entry =>
        {
            using var stream = entry.Open();
            using var content = new MemoryStream();
            stream.CopyTo(content);
            return (entry.FullName, content.ToArray());
        })];
    }

    public static byte[] Write(IEnumerable<(string Name, byte[] Content)> members, CompressionLevel level)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in members)
                using (var entry = zip.CreateEntry(name, level).Open())
                    entry.Write(content);
        return stream.ToArray();
    }
}
