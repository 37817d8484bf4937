namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Finds the weights in a folder as it is downloaded.</summary>
internal static class WeightFolder
{
    // In the order in which Hugging Face's own loader looks.
    private static readonly string[] UsualNames =
        ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

    private static readonly string[] Extensions = [".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".index.json"];

    /// <summary>The file with the weights: one of the usual names, else the only file of a known extension.</summary>
    /// <param name="folder">Is there.</param>
    /// <exception cref="InvalidDataException">There is none, or there are several; lists the files.</exception>
    public static string Find(string folder)
    {
        if (Array.Find(UsualNames, name => File.Exists(Path.Combine(folder, name))) is { } usual)
            return Path.Combine(folder, usual);
        var files = Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToArray();
        string[] weights = [.. files.Where(name => Array.Exists(Extensions, extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase)))];
        return weights is [var only]
            ? Path.Combine(folder, only)
            : throw new InvalidDataException($"{folder}: a folder with {(weights.Length == 0 ? "no" : "several")} files of weights and none of the names "
                + $"{Shown.List(UsualNames)}; found {Shown.List(weights.Length == 0 ? files : weights)}. Name the file itself.");
    }
}
