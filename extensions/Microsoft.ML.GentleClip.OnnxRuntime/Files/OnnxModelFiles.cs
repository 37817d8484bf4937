using Microsoft.ML.GentleClip.OnnxEncoders;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Where the ONNX files of saved models are looked for. A model that names its file (<see cref="OnnxImageEncoderOptions.Embed"/> is false) looks, in this
/// order, at the path that the training was given, in the folders that were added here, the last one first, and in the application's folder; and takes the
/// first file of that name with the saved SHA-256.
/// </summary>
public static class OnnxModelFiles
{
    private static readonly Lock Gate = new();
    private static readonly List<string> Added = [];

    /// <summary>Adds a folder for all models that this process loads from now on.</summary>
    /// <param name="folder">Its path; it need not be there yet.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <example>
    /// <code>
    /// OnnxModelFiles.AddFolder("/srv/models");
    /// var model = mlContext.Model.Load("model.zip", out _);
    /// </code>
    /// </example>
    public static void AddFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        var path = Path.GetFullPath(folder);
        lock (Gate)
        {
            Added.Remove(path);
            Added.Insert(0, path);
        }
    }

    /// <summary>Finds the file of a saved model.</summary>
    /// <exception cref="FileNotFoundException">There is none of the name.</exception>
    /// <exception cref="InvalidDataException">There are some, of other content.</exception>
    internal static OnnxContent Find(string saved, string sha256, string column)
    {
        var name = saved[(saved.LastIndexOfAny(['/', '\\']) + 1)..]; // of either system
        List<string> places = [Path.GetFullPath(saved)];
        lock (Gate)
            places.AddRange(Added.Select(folder => Path.Combine(folder, name)));
        places.Add(Path.GetFullPath(saved, AppContext.BaseDirectory));
        places.Add(Path.Combine(AppContext.BaseDirectory, name));
        var others = new List<string>();
        foreach (var place in places.Distinct().Where(File.Exists))
        {
            var content = OnnxContent.Read(place);
            if (content.Sha256 == sha256)
                return content;
            others.Add($"{place} has SHA-256 {content.Sha256}");
        }
        if (others.Count > 0)
            throw new InvalidDataException($"The model's column '{column}' was trained with the ONNX file '{saved}' of SHA-256 {sha256}; found others: "
                + $"{string.Join("; ", others)}. Put the file of the training there.");
        throw new FileNotFoundException($"The model's column '{column}' needs the ONNX file '{saved}' of SHA-256 {sha256}, which is in none of "
            + $"{string.Join(", ", places.Distinct())}. Name its folder with {nameof(OnnxModelFiles)}.{nameof(AddFolder)} before the load, or train with "
            + $"{nameof(OnnxImageEncoderOptions.Embed)} = true.", saved);
    }
}
