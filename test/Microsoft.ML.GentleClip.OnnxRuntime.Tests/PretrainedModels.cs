using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>Pretrained models out of packages of NuGet.</summary>
internal static class PretrainedModels
{
    /// <summary>Folder of a package; skips the test where it could not be restored.</summary>
    public static string Package(TestContext context, string name)
    {
        var path = typeof(PretrainedModels).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(entry => entry.Key == name)?.Value;
        if (string.IsNullOrEmpty(path) || !Directory.Exists(path))
            Skip.Because(context, $"The package with the pretrained model {name} was not restored ({path}).");
        return path!;
    }

    /// <summary>ResNet18 of Microsoft.ML.DnnImageFeaturizer.</summary>
    public static string ResNet18(TestContext context) =>
        Path.Combine(Package(context, "ResNet18"), "tools", "DnnImageModels", "ResNet18Onnx", "ResNet18.onnx");

    /// <summary>Writes model and vocabulary of a sentence transformer, which lie in an assembly, into a folder; the assembly is not loaded.</summary>
    public static string Sentences(TestContext context, string name, string folder)
    {
        var assembly = Directory.GetFiles(Package(context, name), $"SentenceTransformers.{name}.dll", SearchOption.AllDirectories).Single();
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var resources = file.GetSectionData(file.PEHeaders.CorHeader!.ResourcesDirectory.RelativeVirtualAddress);
        foreach (var resource in metadata.ManifestResources.Select(metadata.GetManifestResource))
        {
            var reader = resources.GetReader((int)resource.Offset, resources.Length - (int)resource.Offset);
            var content = reader.ReadBytes(reader.ReadInt32());
            File.WriteAllBytes(Path.Combine(folder, metadata.GetString(resource.Name).Split("Resources.")[^1]), content);
        }
        return Path.Combine(folder, "model.onnx");
    }
}
