namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>All formats.</summary>
internal static class FuzzFormats
{
    public static IReadOnlyList<string> Names { get; } = ["safetensors", "pytorch", "index", "model", "model-zip", "checkpoint", "fasta", "pdb",
        "mmcif", "vocab", "onnx"];

    /// <summary>Makes one.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="folder">An empty folder of its own.</param>
    public static FuzzFormat Create(string name, string folder) => name switch
    {
        "safetensors" => new SafetensorsFormat(),
        "pytorch" => new PyTorchFormat(),
        "index" => new IndexFormat(folder),
        "model" => new ModelFormat(ofEntries: true),
        "model-zip" => new ModelFormat(ofEntries: false),
        "checkpoint" => new CheckpointFormat(folder),
        "fasta" => new FastaFormat(),
        "pdb" => new StructureFormat("pdb"),
        "mmcif" => new StructureFormat("mmcif"),
        "vocab" => new VocabularyFormat(folder),
        "onnx" => new OnnxFormat(),
        _ => throw new ArgumentException($"Unknown format '{name}'."),
    };
}
