// Writes reference copies of assemblies whose types and members are all public, so that src/Interop can be compiled
// against members that ML.NET keeps internal. The copies are build intermediates: never shipped, never loaded.
// usage: Publicizer OUTPUT_FOLDER SEARCH_FOLDERS(separated by the path separator) ASSEMBLY...
using Mono.Cecil;

if (args.Length < 3)
{
    Console.Error.WriteLine("usage: Publicizer OUTPUT_FOLDER SEARCH_FOLDERS ASSEMBLY...");
    return 2;
}

var output = Directory.CreateDirectory(args[0]).FullName;
var searchFolders = args[1].Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
foreach (var path in args.AsSpan(2))
{
    using var resolver = new DefaultAssemblyResolver();
    foreach (var folder in searchFolders.Append(Path.GetDirectoryName(Path.GetFullPath(path))!).Distinct())
        resolver.AddSearchDirectory(folder);
    using var module = ModuleDefinition.ReadModule(path, new ReaderParameters { AssemblyResolver = resolver });
    foreach (var type in module.GetTypes().Where(type => type.Name != "<Module>"))
        Publicize(type);
    var target = Path.Combine(output, Path.GetFileName(path));
    var temporary = target + ".tmp";
    module.Write(temporary);
    File.Move(temporary, target, overwrite: true);
}
return 0;

static void Publicize(TypeDefinition type)
{
    if (type.IsNested)
        type.IsNestedPublic = true;
    else
        type.IsPublic = true;

    foreach (var method in type.Methods)
    {
        // An explicit interface implementation made public would clash with a public member of the same name.
        if (method.HasOverrides && method.IsPrivate)
            continue;
        method.IsPublic = true;
        method.Attributes &= ~MethodAttributes.CheckAccessOnOverride;
    }

    // A field-like event and its backing field share a name; only one of them may be visible.
    var events = type.Events.Select(member => member.Name).ToHashSet();
    foreach (var field in type.Fields.Where(field => !events.Contains(field.Name)))
        field.IsPublic = true;
}
