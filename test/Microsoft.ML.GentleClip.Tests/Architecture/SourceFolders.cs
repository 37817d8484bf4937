using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>Tells from the debug information in which folder of src a type is declared.</summary>
internal static class SourceFolders
{
    // Portable PDB: documents of types that have no method with a body.
    private static readonly Guid TypeDefinitionDocuments = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");

    /// <summary>Full name of each type, as reflection writes it, to its folder; the catalog's file beside the project is "".</summary>
    public static Dictionary<string, string> OfTypes(string assemblyPath) => Documents(assemblyPath, Folder);

    /// <summary>Full name of each type of src, as reflection writes it, to its file's name.</summary>
    public static Dictionary<string, string> FilesOfTypes(string assemblyPath) =>
        Documents(assemblyPath, document => Folder(document) == "generated" ? null : Path.GetFileName(document.Replace('\\', '/')));

    private static Dictionary<string, string> Documents(string assemblyPath, Func<string, string?> name)
    {
        using var pe = new PEReader(File.OpenRead(assemblyPath));
        using var pdbStream = File.OpenRead(Path.ChangeExtension(assemblyPath, ".pdb"));
        using var provider = MetadataReaderProvider.FromPortablePdbStream(pdbStream);
        var (metadata, pdb) = (pe.GetMetadataReader(), provider.GetMetadataReader());
        var result = new Dictionary<string, string>();
        foreach (var handle in metadata.TypeDefinitions)
        {
            if (Document(metadata, pdb, handle) is { } document && name(document) is { } found)
                result[FullName(metadata, handle)] = found;
        }
        return result;
    }

    private static string? Document(MetadataReader metadata, MetadataReader pdb, TypeDefinitionHandle handle)
    {
        foreach (var method in metadata.GetTypeDefinition(handle).GetMethods())
        {
            var debug = pdb.GetMethodDebugInformation(method.ToDebugInformationHandle());
            if (!debug.Document.IsNil)
                return pdb.GetString(pdb.GetDocument(debug.Document).Name);
        }
        foreach (var information in pdb.GetCustomDebugInformation(handle).Select(pdb.GetCustomDebugInformation))
        {
            if (pdb.GetGuid(information.Kind) != TypeDefinitionDocuments)
                continue;
            var document = MetadataTokens.DocumentHandle(pdb.GetBlobReader(information.Value).ReadCompressedInteger());
            return pdb.GetString(pdb.GetDocument(document).Name);
        }
        // Constants alone leave no trace; such a type lies where the one around it does.
        var outer = metadata.GetTypeDefinition(handle).GetDeclaringType();
        return outer.IsNil ? null : Document(metadata, pdb, outer);
    }

    private static string FullName(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        var name = metadata.GetString(type.Name);
        if (!type.GetDeclaringType().IsNil)
            return $"{FullName(metadata, type.GetDeclaringType())}+{name}";
        return type.Namespace.IsNil ? name : $"{metadata.GetString(type.Namespace)}.{name}";
    }

    private static string Folder(string document)
    {
        var parts = document.Replace('\\', '/').Split('/');
        var src = Array.LastIndexOf(parts, "src");
        // Generated files lie under src/obj and belong to no folder.
        return src < 0 || parts[src + 1] == "obj" ? "generated" : src + 2 == parts.Length ? "" : parts[src + 1];
    }
}
