using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>The assemblies that a context was told of by <c>mlContext.ComponentCatalog.RegisterAssembly</c>.</summary>
internal static class RegisteredAssemblies
{
    /// <summary>Those that are loaded and use this library, the last registered first. Nothing is loaded here.</summary>
    public static IReadOnlyList<Assembly> Of(IHostEnvironment environment)
    {
        var catalog = environment.ComponentCatalog;
        List<string> names;
        lock (catalog._lock)
            names = [.. catalog._cachedAssemblies];
        var loaded = AppDomain.CurrentDomain.GetAssemblies().Where(Uses).ToLookup(assembly => assembly.FullName, StringComparer.Ordinal);
        return [.. Enumerable.Reverse(names).SelectMany(name => loaded[name])];
    }

    private static bool Uses(Assembly assembly) =>
        !assembly.IsDynamic
            && Array.Exists(assembly.GetReferencedAssemblies(), reference => reference.Name == typeof(RegisteredAssemblies).Assembly.GetName().Name);
}
