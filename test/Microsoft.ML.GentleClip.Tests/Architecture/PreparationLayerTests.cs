using Microsoft.ML.GentleClip.Encoders;
using Mono.Cecil;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>What turns examples into arrays runs on any thread and where there is no libtorch: it calls nothing of TorchSharp.</summary>
[TestClass]
public sealed class PreparationLayerTests
{
    [TestMethod]
    public void PreparationsKnowNoTorch()
    {
        using var module = ModuleDefinition.ReadModule(typeof(GentleClipOptions).Assembly.Location);
        var own = module.GetTypes().Where(type => IsPreparation(type) || IsPreparation(type.DeclaringType)).ToList();
        Assert.IsGreaterThan(7, own.Count, "hardly any preparation was found");
        Assert.IsEmpty(string.Join('\n', own.SelectMany(CallsOfTorch)));
        Assert.IsNotEmpty(CallsOfTorch(module.GetType(typeof(BertEncoder).FullName)).ToList(), "the test finds nothing where there is something");
    }

    private static bool IsPreparation(TypeDefinition? type)
    {
        for (; type is not null; type = type.BaseType?.Resolve())
            if (type.FullName == typeof(Preparation).FullName)
                return true;
        return false;
    }

    private static IEnumerable<string> CallsOfTorch(TypeDefinition type) =>
        from method in type.Methods.Where(method => method.HasBody)
        from instruction in method.Body.Instructions
        let member = instruction.Operand as MemberReference
        where IsTorch(member?.DeclaringType) || IsTorch(member as TypeReference) || IsTorch((member as MethodReference)?.ReturnType)
        select $"{type.Name}.{method.Name}: {member!.FullName}";

    private static bool IsTorch(TypeReference? type) => type?.FullName.StartsWith("TorchSharp.", StringComparison.Ordinal) == true;
}
