using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

/// <summary>A host of plugins, and the plugin, which is this program again: each in a load context of its own, as .NET's tutorial has it.</summary>
internal static class PluginCommands
{
    /// <summary>The exit code, or null where the command is another's.</summary>
    public static int? Run(string[] args)
    {
        switch (args)
        {
            // One after the other, each with the folder that holds it.
            case ["plugins", var collectible, .. var folders]:
                foreach (var folder in folders)
                    Load(Path.Combine(folder, Path.GetFileName(typeof(PluginCommands).Assembly.Location)), bool.Parse(collectible));
                return 0;
            default:
                return null;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Load(string plugin, bool collectible)
    {
        var context = new PluginContext(plugin, collectible);
        var type = context.LoadFromAssemblyPath(plugin).GetType(nameof(PluginCommands), throwOnError: true)!;
        var work = type.GetMethod(nameof(Work), BindingFlags.Static | BindingFlags.NonPublic)!;
        Console.WriteLine(
            $"{AssemblyLoadContext.GetLoadContext(work.DeclaringType!.Assembly)!.Name}: "
                + $"{work.Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null)}");
        if (collectible)
            context.Unload();
    }

    // Training, metrics, a saved file and an index, so that every native and managed part is met.
    private static string Work()
    {
        var mlContext = new MLContext(seed: 1);
        var random = new Random(1);
        var data = mlContext.Data.LoadFromEnumerable(
            Enumerable.Range(0, 40).Select(i => new Row { A = [i % 3, random.NextSingle()], B = [random.NextSingle(), i % 3] }).ToList());
        var options = new GentleClipOptions
        {
            ModalityA = Modality.Vector("EA", "A"),
            ModalityB = Modality.Vector("EB", "B"),
            EmbeddingDimension = 4,
            MaximumNumberOfSteps = 3,
            NumberOfThreads = 1,
        };
        using var model = mlContext.Transforms.GentleClip(options).Fit(data);
        using var file = new MemoryStream();
        mlContext.Model.Save(model, data.Schema, file);
        file.Position = 0;
        var scored = new MLContext().Model.Load(file, out _).Transform(data);
        return $"recall {mlContext.GentleClip().EvaluateRetrieval(scored, "EA", "EB", k: [1]).RecallAt(1) >= 0}, index "
            + $"{mlContext.GentleClip().CreateEmbeddingIndex(scored, "EA").Count}";
    }

    private sealed class Row
    {
        [VectorType(2)]
        public float[]? A { get; set; }

        [VectorType(2)]
        public float[]? B { get; set; }
    }

    private sealed class PluginContext(string path, bool collectible) : AssemblyLoadContext("plugin", collectible)
    {
        private readonly AssemblyDependencyResolver _resolver = new(path);

        protected override Assembly? Load(AssemblyName name) => _resolver.ResolveAssemblyToPath(name) is { } file ? LoadFromAssemblyPath(file) : null;

        protected override nint LoadUnmanagedDll(string name) => _resolver.ResolveUnmanagedDllToPath(name) is { } file ? LoadUnmanagedDllFromPath(file) : 0;
    }
}
