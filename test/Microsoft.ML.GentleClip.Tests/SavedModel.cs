using System.IO.Compression;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Compares saved models, and tampers with them.</summary>
internal static class SavedModel
{
    /// <summary>Description and weights of a model as they would be saved; the zip around them holds times.</summary>
    public static byte[] Content(GentleClipTransformer model)
    {
        using var file = new MemoryStream();
        new MLContext().Model.Save(model, null, file);
        using var zip = new ZipArchive(file, ZipArchiveMode.Read);
        using var content = new MemoryStream();
        foreach (var entry in zip.Entries.Where(entry => entry.Name is "model.json" or "weights.safetensors")
            .OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            using var stream = entry.Open();
            stream.CopyTo(content);
        }
        Assert.IsGreaterThan(1000, content.Length);
        return content.ToArray();
    }

    /// <summary>Takes the entries' digests out, as in a file of before them: what is changed then is found by what it says.</summary>
    public static void ForgetDigests(ZipArchive zip)
    {
        foreach (var entry in zip.Entries.Where(entry => entry.Name.EndsWith(".sha256", StringComparison.Ordinal)).ToArray())
            entry.Delete();
    }

    /// <summary>Replaces a piece of the description, which must be there.</summary>
    public static void EditDescription(ZipArchive zip, string from, string to)
    {
        ForgetDigests(zip);
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
