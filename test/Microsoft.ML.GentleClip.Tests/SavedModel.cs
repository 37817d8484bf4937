using System.IO.Compression;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Tampers with saved models.</summary>
internal static class SavedModel
{
    /// <summary>Replaces a piece of the description, which must be there.</summary>
    public static void EditDescription(ZipArchive zip, string from, string to)
    {
        var entry = zip.Entries.Single(e => e.Name == "model.json");
        var path = entry.FullName;
        string json;
        using (var reader = new StreamReader(entry.Open()))
            json = reader.ReadToEnd().ReplaceLineEndings("\n");
        Assert.Contains(from, json);
        entry.Delete();
        using var writer = new StreamWriter(zip.CreateEntry(path).Open());
        writer.Write(json.Replace(from, to, StringComparison.Ordinal));
    }

    /// <summary>The file with a piece of its description replaced, from its beginning.</summary>
    public static MemoryStream WithDescription(byte[] file, string from, string to)
    {
        var copy = new MemoryStream();
        copy.Write(file);
        using (var zip = new ZipArchive(copy, ZipArchiveMode.Update, leaveOpen: true))
            EditDescription(zip, from, to);
        copy.Position = 0;
        return copy;
    }
}
