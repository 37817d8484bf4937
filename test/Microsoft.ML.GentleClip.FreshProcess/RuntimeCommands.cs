using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML.GentleClip.Tests.Runtime;
using TorchSharp;

/// <summary>Commands about the native libraries: processor, torch-maps, torch-missing, torch-too-late.</summary>
internal static class RuntimeCommands
{
    /// <summary>The exit code, or null where the command is another's.</summary>
    public static int? Run(string[] args)
    {
        switch (args)
        {
            case ["processor"]:
                EnsureLoaded();
                Console.WriteLine(Processor.Describe());
                return 0;
            // Loads by the library's explicit call, computes, prints every mapped library.
            case ["torch-maps", "explicit"]:
                EnsureLoaded();
                return PrintMaps();
            // As an application that uses torch first, with the library no more than loaded.
            case ["torch-maps", "event"]:
                RuntimeHelpers.RunModuleConstructor(Library.ManifestModule.ModuleHandle);
                return PrintMaps();
            case ["torch-missing"]:
                return PrintError();
            // An application that uses torch first and goes on after that failed; the native libraries are there by then.
            case ["torch-too-late", var natives]:
                try
                {
                    PrintMaps();
                    return 1;
                }
                catch (TypeInitializationException)
                {
                    foreach (var file in Directory.GetFiles(natives, "lib*.so*"))
                        if (Path.Combine(AppContext.BaseDirectory, Path.GetFileName(file)) is var link && !File.Exists(link))
                            File.CreateSymbolicLink(link, file);
                    return PrintError();
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

    private static int PrintError()
    {
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
    }

    private static int PrintMaps()
    {
        using (torch.NewDisposeScope())
            Console.WriteLine($"sum {torch.arange(5, torch.float32).matmul(torch.ones(5)).item<float>()}");
        var maps = File.ReadLines("/proc/self/maps").Select(line => line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries));
        foreach (var path in maps.Where(parts => parts.Length == 6).Select(parts => parts[5]).Distinct())
            Console.WriteLine($"map {path}");
        return 0;
    }
}
