using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Loads TorchSharp's native libraries before TorchSharp does it itself: from the application's packages alone, never from a libtorch
/// that lies in the system's folders or on LD_LIBRARY_PATH, and with a clear message when there is none.
/// </summary>
/// <remarks>
/// On Linux with a C++ library older than GCC 13's (Debian 12, Ubuntu 22.04), TorchSharp 0.107's libLibTorchSharp.so is refused for
/// the symbol version GLIBCXX_3.4.32, which it names for a symbol that no relocation uses. Such a file is loaded from a copy in memory
/// in which that one need is marked weak; files on disk stay as they are.
/// </remarks>
internal static partial class TorchNativeLibrary
{
    private const string Bridge = "LibTorchSharp", UnusedVersion = "GLIBCXX_3.4.32", UnusedSymbol = "_ZSt21ios_base_library_initv";
    private static readonly Lock Gate = new();
    private static volatile bool _loaded, _initialized;
    private static nint _bridge;

    /// <summary>Loads the native libraries once per process; later calls return at once. Every entry point calls this before it touches torch.</summary>
    /// <exception cref="DllNotFoundException">No native package is there, or it cannot be loaded; the message says which to add and where was looked.</exception>
    public static void EnsureLoaded()
    {
        if (_initialized)
            return;
        Load();
        try
        {
            // Outside the lock: torch's own initialisation asks for the library by the event below, maybe on another thread.
            RuntimeHelpers.RunClassConstructor(typeof(torch).TypeHandle);
        }
        catch (TypeInitializationException e)
        {
            throw new DllNotFoundException(
                "TorchSharp has failed to initialise, and does not try again in this process. If the program uses TorchSharp.torch before "
                + "Microsoft.ML.GentleClip, which helps TorchSharp's load, make an estimator first: mlContext.Transforms.GentleClip(...). "
                + $"TorchSharp's own error: {(e.InnerException ?? e).Message.Split('\n')[0].Trim()}", e);
        }
        _initialized = true;
    }

    private static void Load()
    {
        if (_loaded)
            return;
        lock (Gate)
        {
            if (_loaded)
                return;
            if (OperatingSystem.IsLinux())
                LoadOnLinux();
            else
                LoadByName();
            _loaded = true;
        }
    }

    /// <summary>Helps an application that uses torch before this library: the event is raised only after the ordinary search failed.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification = "The event must be there before torch's static constructor runs, which no call of ours precedes for certain.")]
    internal static void Register()
    {
        if (OperatingSystem.IsLinux() && AssemblyLoadContext.GetLoadContext(typeof(TorchNativeLibrary).Assembly) is { } context)
            context.ResolvingUnmanagedDll += Resolve;
    }

    private static nint Resolve(Assembly assembly, string name)
    {
        if (name != Bridge || assembly.GetName().Name != "TorchSharp")
            return 0;
        try
        {
            Load();
        }
        catch (DllNotFoundException)
        {
            return 0; // TorchSharp goes on in its own way.
        }
        return _bridge;
    }

    private static void LoadOnLinux()
    {
        const string bridgeFile = $"lib{Bridge}.so";
        if (IsLoaded(bridgeFile))
            return; // The application has brought its own.
        if (NativeFolders.Find(bridgeFile) is not { } path || NativeFolders.Find("libtorch_cpu.so") is null)
        {
            // In a notebook TorchSharp may still gather it from packages that are split in parts.
            if (NativeFolders.CachedPackage is null)
                throw Missing();
            return;
        }
        try
        {
            LoadNeeded(path, [path]);
            _bridge = LoadBridge(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new DllNotFoundException($"TorchSharp's native library '{path}' cannot be loaded: {e.Message}", e);
        }
    }

    /// <summary>Loads what a library needs by full path, deepest first: the loader then finds these by name and looks nowhere else.</summary>
    private static void LoadNeeded(string path, HashSet<string> seen)
    {
        IReadOnlyList<string> names;
        using (var file = File.OpenRead(path))
            names = new ElfImage(file).Needed;
        foreach (var needed in names)
        {
            if (!seen.Add(needed) || IsLoaded(needed) || NativeFolders.Find(needed) is not { } neededPath)
                continue;
            LoadNeeded(neededPath, seen);
            // One that names less than it needs (libtorch_nvshmem.so of the CUDA packages) cannot be loaded alone. What needs it brings
            // it along from its own folder, and fails with the loader's message where that does not help.
            _ = NativeLibrary.TryLoad(neededPath, out _);
        }
    }

    private static nint LoadBridge(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException e) when (e.Message.Contains(UnusedVersion, StringComparison.Ordinal))
        {
            var image = File.ReadAllBytes(path);
            if (!ElfVersionNeeds.TryWeaken(image, UnusedVersion, UnusedSymbol, out var refusal))
                throw new DllNotFoundException($"{e.Message} (not weakened: {refusal})", e);
            return PrivateLibrary.Load(image, Path.GetFileName(path));
        }
    }

    private static void LoadByName()
    {
        var assembly = typeof(torch).Assembly;
        var found = NativeLibrary.TryLoad("torch_cpu", assembly, null, out _);
        if (!NativeLibrary.TryLoad(Bridge, assembly, null, out _bridge) && NativeFolders.CachedPackage is null)
            throw found ? new DllNotFoundException($"TorchSharp's native library {Bridge} for {NativeFolders.RuntimeIdentifier} cannot be loaded.") : Missing();
    }

    private static DllNotFoundException Missing()
    {
        var version = typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        return new DllNotFoundException(
            $"TorchSharp's native libraries (libtorch) for {NativeFolders.RuntimeIdentifier} were not found. Add one of its packages to the application: "
            + $"TorchSharp-cpu, or TorchSharp-cuda-linux / TorchSharp-cuda-windows for NVIDIA GPUs, in TorchSharp's own version {version} "
            + $"(dotnet add package TorchSharp-cpu --version {version}), and build or publish for the runtime identifier {NativeFolders.RuntimeIdentifier}. "
            + $"Looked in: {string.Join(", ", NativeFolders.List(existing: false))}.");
    }

    private static bool IsLoaded(string name)
    {
        const int lazy = 1, noLoad = 4;
        try
        {
            return OpenLoaded(name, lazy | noLoad) != 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenLoaded(string name, int flags);
}
