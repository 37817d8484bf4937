using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Loads TorchSharp's native libraries before TorchSharp does it itself: only from the application's packages, never from a libtorch
/// that lies in the system's folders or on LD_LIBRARY_PATH, and with a clear message when there is none.
/// </summary>
/// <remarks>
/// On Linux with a C++ library older than GCC 13's (Debian 12, Ubuntu 22.04), TorchSharp 0.107's libLibTorchSharp.so is refused for
/// the symbol version GLIBCXX_3.4.32, which it names for a symbol that no relocation uses. Such a file is loaded from a copy in memory
/// in which that one need is marked weak; files on disk stay as they are. The dynamic loader then knows the copy under the file's own path, for load contexts
/// that ask for it by path, as plugin hosts do.
/// </remarks>
internal static class TorchNativeLibrary
{
    private const string Bridge = "LibTorchSharp", UnusedVersion = "GLIBCXX_3.4.32", UnusedSymbol = "_ZSt21ios_base_library_initv";
    private static readonly Lock Gate = new();
    private static volatile bool _loaded, _initialized;
    private static nint _bridge;

    /// <summary>Whether <see cref="EnsureLoaded"/> has done its work.</summary>
    public static bool IsLoaded => _initialized;

    /// <summary>Loads the native libraries once per process; later calls return at once. Every entry point calls this before it touches torch.</summary>
    /// <exception cref="DllNotFoundException">
    /// No native package is there, or it cannot be loaded; the message says which to add and where was looked.
    /// </exception>
    public static void EnsureLoaded()
    {
        if (_initialized)
            return;
        Load();
        var thread = Environment.CurrentManagedThreadId;
        var isLate = true; // unless the initialisation is seen to run now
        try
        {
            AppDomain.CurrentDomain.FirstChanceException += Note;
            // Outside the lock: torch's own initialisation asks for the library by the event below, maybe on another thread.
            RuntimeHelpers.RunClassConstructor(typeof(torch).TypeHandle);
        }
        catch (TypeInitializationException e)
        {
            throw new DllNotFoundException(
                "TorchSharp has failed to initialise, and does not try again in this process. "
                + (isLate ? UsedTooEarly : InContext())
                + ForeignTorch.Describe()
                + $" TorchSharp's own error: {(e.InnerException ?? e).Message.Split('\n')[0].Trim()}", e);
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Note;
        }
        _initialized = true;

        // A failure of long ago is thrown again as it is, one of now has a cause that is thrown now.
        void Note(object? sender, FirstChanceExceptionEventArgs e) =>
            isLate &= Environment.CurrentManagedThreadId != thread || e.Exception is TypeInitializationException;
    }

    private const string UsedTooEarly = "The program has used TorchSharp.torch before Microsoft.ML.GentleClip, which helps TorchSharp's load: "
        + "make an estimator first: mlContext.Transforms.GentleClip(...).";

    private static string InContext() => AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly) is { } context && context != AssemblyLoadContext.Default
        ? $"Its assembly is in the load context '{context.Name}', whose own search for native libraries goes first: its LoadUnmanagedDll should find "
            + $"'lib{Bridge}.so' and 'libtorch_cpu.so' in the folder of TorchSharp.dll, or return IntPtr.Zero instead of throwing."
        : "Its libraries were loaded, but not found again by it.";

    private static void Load()
    {
        if (_loaded)
            return;
        lock (Gate)
        {
            if (_loaded)
                return;
            if (OperatingSystem.IsLinux())
            {
                LoadOnLinux();
                Nnpack.TurnOffWhereUnsupported();
            }
            else
                LoadByName();
            _loaded = true;
        }
    }

    /// <summary>Helps an application that uses torch before this library: the event is raised only after the ordinary search failed.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification =
        "The event must be there before torch's static constructor runs, which no call of ours precedes for certain.")]
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
        var loaded = LoadedLibrary.Find(bridgeFile);
        if (loaded != 0 && !IsOfAnotherContext(loaded, NativeFolders.Find(bridgeFile)))
            return; // The application has brought its own, or another load context this very file.
        if (NativeFolders.Find(bridgeFile) is not { } path || NativeFolders.Find("libtorch_cpu.so") is null)
        {
            // In a notebook TorchSharp may still gather it from packages that are split in parts.
            if (NativeFolders.CachedPackage is null)
                throw Missing();
            return;
        }
        try
        {
            if (loaded != 0)
                ShareTorch();
            LoadNeeded(path, [path]);
            _bridge = LoadBridge(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new DllNotFoundException(
                $"TorchSharp's native library '{path}' cannot be loaded.{ForeignTorch.Describe()} The loader's own error: {LoadersWords(e.Message)}", e);
        }
    }

    // .NET begins with advice about strace and the like, and repeats the loader's lines below it.
    private static string LoadersWords(string message)
    {
        var lines = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join("; ", lines.Length > 1 ? lines[1..] : lines);
    }

    // In the default context what is loaded is what the application wanted. A plugin has files of its own, and its context asks for them by path.
    private static bool IsOfAnotherContext(nint loaded, string? path) =>
        path is not null && AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly) != AssemblyLoadContext.Default && LoadedLibrary.NameOf(loaded) != path;

    /// <summary>
    /// A process can hold one libtorch, and two contexts have two copies of the file. TorchSharp asks for its own copy by path, once: the loader is
    /// made to give it the
    /// one that is there. The bridge, which is small and registers nothing, is loaded anew for each.
    /// </summary>
    private static void ShareTorch()
    {
        const string torchFile = "libtorch_cpu.so";
        var loaded = LoadedLibrary.Find(torchFile);
        if (loaded == 0 || NativeFolders.Find(torchFile) is not { } path || LoadedLibrary.NameOf(loaded) is not { } name || name == path)
            return;
        if (File.Exists(name) && Length(name) != Length(path))
            throw new DllNotFoundException($"another load context of this process has loaded another libtorch, '{name}'; a process can hold one. "
                + "Give both the same version of TorchSharp's packages, or let the host share TorchSharp with its plugins.");
        LoadedLibrary.Rename(loaded, path);

        // Of the file itself where the path is a link.
        static long Length(string file)
        {
            using var handle = File.OpenHandle(file);
            return RandomAccess.GetLength(handle);
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
            if (!seen.Add(needed) || LoadedLibrary.Find(needed) != 0 || NativeFolders.Find(needed) is not { } neededPath)
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
            var library = PrivateLibrary.Load(image, Path.GetFileName(path));
            // A load context that asks for the file by its path, as AssemblyDependencyResolver finds it, gets this one instead of the loader's refusal.
            LoadedLibrary.Rename(library, path);
            return library;
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
            + $"Looked in: {string.Join(", ", NativeFolders.List(existing: false))}.{ForeignTorch.Describe()}");
    }
}
