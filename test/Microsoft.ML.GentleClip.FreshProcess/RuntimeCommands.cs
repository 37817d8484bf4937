using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;

/// <summary>Commands about the native libraries: torch-maps, torch-missing.</summary>
internal static class RuntimeCommands
{
    /// <summary>The exit code, or null where the command is another's.</summary>
    public static int? Run(string[] args)
    {
        switch (args)
        {
            // Loads by the library's explicit call, computes, prints every mapped library.
            case ["torch-maps", "explicit"]:
                EnsureLoaded();
                return PrintMaps();
            // As an application that uses torch first, with the library no more than loaded.
            case ["torch-maps", "event"]:
                RuntimeHelpers.RunModuleConstructor(Library.ManifestModule.ModuleHandle);
                return PrintMaps();
            case ["torch-missing"]:
                try
                {
                    EnsureLoaded();
                    return 1;
                }
                catch (DllNotFoundException e)
                {
                    Console.WriteLine(e.Message);
                    return 0;
                }
            default:
                return null;
        }
    }

    private static Assembly Library => Assembly.Load("Microsoft.ML.GentleClip");

    private static void EnsureLoaded() => Library
        .GetType("Microsoft.ML.GentleClip.Runtime.TorchNativeLibrary", throwOnError: true)!
        .GetMethod("EnsureLoaded")!
        .Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null);

    private static int PrintMaps()
    {
        using (torch.NewDisposeScope())
            Console.WriteLine($"sum {torch.arange(5, torch.float32).matmul(torch.ones(5)).item<float>()}");
        foreach (var path in File.ReadLines("/proc/self/maps").Select(line => line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries)).Where(parts => parts.Length == 6).Select(parts => parts[5]).Distinct())
            Console.WriteLine($"map {path}");
        return 0;
    }
}
