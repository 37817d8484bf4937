using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Microsoft.ML.GentleClip.Tests.Architecture;

/// <summary>
/// Finds calls after which a native scalar may be freed while native code reads it: those that make a <c>TorchSharp.Scalar</c> which
/// nothing keeps alive, and those of TorchSharp's methods that do so inside. Calls that are dispatched at run time (a module's forward by
/// its base type) are not followed.
/// </summary>
internal sealed class TemporaryScalars
{
    private const string Scalar = "TorchSharp.Scalar", ScalarExtensions = "TorchSharp.ScalarExtensionMethods";

    /// <summary>TorchSharp's methods that make a temporary scalar, themselves or in what they call, with the reason.</summary>
    private readonly Dictionary<string, string> _unsafe = new(StringComparer.Ordinal);

    public TemporaryScalars(ModuleDefinition torch)
    {
        var callers = new Dictionary<string, List<MethodDefinition>>(StringComparer.Ordinal);
        var found = new Queue<MethodDefinition>();
        foreach (var method in torch.GetTypes().Where(type => type.FullName is not (Scalar or ScalarExtensions)).SelectMany(type => type.Methods)
            .Where(method => method.HasBody))
        {
            foreach (var instruction in method.Body.Instructions)
            {
                if (instruction.Operand is not MethodReference called)
                    continue;
                if (MakesScalar(called) && !IsKept(method.Body, instruction))
                    Add(method, $"makes one by {Short(called)}");
                foreach (var name in NamesOf(called))
                    (callers.TryGetValue(name, out var list) ? list : callers[name] = []).Add(method);
            }
        }
        while (found.TryDequeue(out var method))
            foreach (var caller in callers.GetValueOrDefault(method.FullName, []))
                Add(caller, $"calls {Short(method)}, which {_unsafe[method.FullName]}");

        void Add(MethodDefinition method, string reason)
        {
            // One that gives a scalar away makes none that is lost: whoever calls it is looked at.
            if (method.ReturnType.FullName != Scalar && _unsafe.TryAdd(method.FullName, reason))
                found.Enqueue(method);
        }
    }

    /// <summary>Why a method of TorchSharp is unsafe, or null.</summary>
    public string? ReasonOf(string fullName) => _unsafe.GetValueOrDefault(fullName);

    /// <summary>The unsafe calls of a type's methods, each as "where: what".</summary>
    public IEnumerable<string> CallsIn(TypeDefinition type) =>
        from method in type.Methods
        where method.HasBody
        from instruction in method.Body.Instructions
        where instruction.Operand is MethodReference
        let called = (MethodReference)instruction.Operand
        let reason = MakesScalar(called) ? IsKept(method.Body, instruction) ? null : "makes a scalar that nothing keeps alive"
            : ReasonOf(called.GetElementMethod().FullName)
        where reason is not null
        select $"{Place(method, instruction)}: {Short(called)} {reason}";

    /// <summary>A conversion of a number, or anything else of TorchSharp whose result is a new scalar.</summary>
    private static bool MakesScalar(MethodReference called) =>
        called.DeclaringType.FullName == Scalar && called.Name == ".ctor"
        || called.ReturnType.FullName == Scalar && called.DeclaringType.FullName.StartsWith("TorchSharp.", StringComparison.Ordinal);

    /// <summary>Whether the new scalar goes into a variable that a finally block disposes, as <c>using</c> compiles.</summary>
    private static bool IsKept(MethodBody body, Instruction creation)
    {
        if (Stored(body, creation.Next) is not { } variable)
            return false;
        return body.ExceptionHandlers.Any(handler => handler.HandlerType == ExceptionHandlerType.Finally
            && handler.TryStart.Offset >= creation.Offset
            && body.Instructions.Any(i => i.Offset >= handler.HandlerStart.Offset && (handler.HandlerEnd is null || i.Offset < handler.HandlerEnd.Offset)
                && Loaded(body, i) == variable && Following(i).Take(3).Any(next => next.Operand is MethodReference { Name: "Dispose" })));
    }

    private static IEnumerable<Instruction> Following(Instruction instruction)
    {
        for (var next = instruction.Next; next is not null; next = next.Next)
            yield return next;
    }

    private static VariableDefinition? Stored(MethodBody body, Instruction? instruction) => instruction?.OpCode.Code switch
    {
        Code.Stloc_0 => body.Variables[0],
        Code.Stloc_1 => body.Variables[1],
        Code.Stloc_2 => body.Variables[2],
        Code.Stloc_3 => body.Variables[3],
        Code.Stloc or Code.Stloc_S => (VariableDefinition)instruction.Operand,
        _ => null,
    };

    private static VariableDefinition? Loaded(MethodBody body, Instruction instruction) => instruction.OpCode.Code switch
    {
        Code.Ldloc_0 => body.Variables[0],
        Code.Ldloc_1 => body.Variables[1],
        Code.Ldloc_2 => body.Variables[2],
        Code.Ldloc_3 => body.Variables[3],
        Code.Ldloc or Code.Ldloc_S => (VariableDefinition)instruction.Operand,
        _ => null,
    };

    /// <summary>The method itself; and where it makes an iterator's or async method's state, the methods that then run.</summary>
    private static IEnumerable<string> NamesOf(MethodReference called)
    {
        yield return called.GetElementMethod().FullName;
        if (called.Name == ".ctor" && called.DeclaringType.Name.StartsWith('<') && called.Resolve() is { } constructor)
            foreach (var method in constructor.DeclaringType.Methods.Where(method => method.Name == "MoveNext"))
                yield return method.FullName;
    }

    private static string Place(MethodDefinition method, Instruction instruction)
    {
        var point = method.DebugInformation.HasSequencePoints
            ? method.DebugInformation.SequencePoints.LastOrDefault(point => point.Offset <= instruction.Offset && !point.IsHidden)
            : null;
        return point is null ? Short(method) : $"{Path.GetFileName(point.Document.Url.Replace('\\', '/'))}({point.StartLine}) {Short(method)}";
    }

    private static string Short(MethodReference method) =>
        $"{method.DeclaringType.Name}.{method.Name}({string.Join(", ", method.Parameters.Select(parameter => parameter.ParameterType.Name))})";
}
