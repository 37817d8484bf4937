using System.IO.Compression;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>Writes files into a temporary folder and gives their paths.</summary>
internal static class FolderFiles
{
    public static string Write(this TemporaryFolder folder, string name, string text)
    {
        var path = folder.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public static string WriteGzip(this TemporaryFolder folder, string name, string text)
    {
        var path = folder.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var writer = new StreamWriter(new GZipStream(File.Create(path), CompressionLevel.Fastest));
        writer.Write(text);
        return path;
    }
}
