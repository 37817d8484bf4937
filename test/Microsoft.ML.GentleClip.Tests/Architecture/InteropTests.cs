using Mono.Cecil;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>Members that ML.NET keeps internal are named by src/Interop alone.</summary>
[TestClass]
public sealed class InteropTests
{
    private static readonly Dictionary<string, string> Folders = SourceFolders.OfTypes(typeof(GentleClipOptions).Assembly.Location);

    [TestMethod]
    public void OnlyInteropNamesInternals()
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        using var library = ModuleDefinition.ReadModule(typeof(GentleClipOptions).Assembly.Location, new ReaderParameters { AssemblyResolver = resolver });
        var inside = 0;
        var outside = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in library.GetTypes())
        {
            foreach (var reference in References(type).Where(IsInternalOfMlNet))
            {
                if (Folders.GetValueOrDefault(Outermost(type).FullName) == "Interop")
                    inside++;
                else
                    outside.Add($"{type.FullName} uses {reference.FullName}");
            }
        }
        Assert.IsGreaterThan(10, inside, "no use of internals was found in Interop: the check would pass on anything");
        Assert.IsEmpty(outside, string.Join('\n', outside));
    }

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is null ? type : Outermost(type.DeclaringType);

    /// <summary>Types and members that a type names.</summary>
    internal static IEnumerable<MemberReference> References(TypeDefinition type)
    {
        if (type.BaseType is not null)
            yield return type.BaseType;
        foreach (var implemented in type.Interfaces)
            yield return implemented.InterfaceType;
        foreach (var field in type.Fields)
            yield return field.FieldType;
        foreach (var method in type.Methods)
        {
            yield return method.ReturnType;
            foreach (var parameter in method.Parameters)
                yield return parameter.ParameterType;
            foreach (var implemented in method.Overrides)
                yield return implemented;
            if (!method.HasBody)
                continue;
            foreach (var variable in method.Body.Variables)
                yield return variable.VariableType;
            foreach (var operand in method.Body.Instructions.Select(instruction => instruction.Operand).OfType<MemberReference>())
                yield return operand;
        }
    }

    private static bool IsInternalOfMlNet(MemberReference reference) => reference switch
    {
        GenericInstanceType generic => IsInternalOfMlNet(generic.ElementType) || generic.GenericArguments.Any(IsInternalOfMlNet),
        TypeSpecification specification => IsInternalOfMlNet(specification.ElementType),
        GenericParameter => false,
        TypeReference type => IsMlNet(type) && type.Resolve() is { } definition && !IsVisible(definition),
        GenericInstanceMethod generic => IsInternalOfMlNet(generic.ElementMethod) || generic.GenericArguments.Any(IsInternalOfMlNet),
        MethodReference method => IsInternalOfMlNet(method.DeclaringType)
            || (IsMlNet(method.DeclaringType) && method.Resolve() is { } definition && !IsVisible(definition)),
        FieldReference field => IsInternalOfMlNet(field.DeclaringType)
            || (IsMlNet(field.DeclaringType) && field.Resolve() is { } definition
                && !(definition.IsPublic || definition.IsFamily || definition.IsFamilyOrAssembly)),
        _ => false,
    };

    // A method of an interface is visible where the interface is.
    private static bool IsVisible(MethodDefinition method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsVisible(TypeDefinition type) =>
        type.DeclaringType is null ? type.IsPublic
            : (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamilyOrAssembly) && IsVisible(type.DeclaringType);

    private static bool IsMlNet(TypeReference type) =>
        type.GetElementType().Scope is AssemblyNameReference assembly && assembly.Name.StartsWith("Microsoft.ML", StringComparison.Ordinal);
}
