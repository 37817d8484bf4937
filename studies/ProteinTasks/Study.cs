using System.Diagnostics;
using Microsoft.ML;
using ProteinTasks.Data;
using ProteinTasks.FineTuning;
using ProteinTasks.Pretraining;
using ProteinTasks.Reporting;
using ProteinTasks.Running;
using ProteinTasks.Tasks;

namespace ProteinTasks;

/// <summary>From the tables to the figures: each method and seed is pretrained, embeds every piece, and is measured; what is done is kept.</summary>
internal static class Study
{
    /// <exception cref="InvalidDataException">A file is malformed; the message names file and line.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; finished stages are kept.</exception>
    public static void Run(CommandLine commandLine, TextWriter output, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var settings = commandLine.Tiny ? Settings.Tiny : commandLine.Large ? Settings.Large : Settings.Full;
        settings = settings with
        {
            Steps = commandLine.Steps ?? settings.Steps,
            Pairs = commandLine.Pairs ?? settings.Pairs,
            Crop = commandLine.Crop ?? settings.Crop,
            DomainsOfFold = commandLine.DomainsOfFold ?? settings.DomainsOfFold,
            Device = commandLine.Device,
        };
        if (commandLine.FineTune)
        {
            new FineTuneStudy(commandLine, settings, output, cancellation).Run();
            return;
        }
        string json = Path.GetFullPath(commandLine.JsonFile);
        Report.CheckReplaceable(json);
        var data = ProteinData.Read(commandLine.DataFolder, commandLine.LabelFiles, settings.DomainsOfFold, commandLine.Tiny);
        string folder = Directory.CreateDirectory(Path.GetDirectoryName(json)!).FullName;
        var cache = new StageCache(commandLine.CacheFolder ?? Path.Combine(folder, "cache"), data, settings);

        // Composition is the same for every seed.
        (Method Method, int Seed)[] plan =
            [.. from seed in Enumerable.Range(commandLine.FirstSeed, commandLine.Seeds)
                from method in commandLine.Methods
                where seed == commandLine.FirstSeed || method.Input != MethodInput.Composition
                select (method, seed)];
        var progress = new StudyProgress(output, plan);
        var pretrainer = new Pretrainer(data, settings, cancellation);
        var report = new Report(json, commandLine, data, settings, plan.Length);
        output.WriteLine(report.Data);
        for (int i = 0; i < plan.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (method, seed) = plan[i];
            progress.Begin(i);
            var runWatch = Stopwatch.StartNew();
            var run = cache.FindRun(method, seed);
            bool isComputed = run is null;
            if (run is null)
                cache.Keep(method, run = Compute(method, seed));
            report.Add(run, watch.Elapsed);
            progress.End(runWatch.Elapsed.TotalSeconds, isComputed);
        }

        output.WriteLine();
        output.WriteLine(report.WriteMarkdown());
        if (cache.FindEmbeddings(Method.Named(Method.Untrained), commandLine.FirstSeed) is { } before
            && cache.FindEmbeddings(Method.Named(Method.GentleClip), commandLine.FirstSeed) is { } after)
            EmbeddingPicture.Save(Path.ChangeExtension(json, ".png"), data, before.Embeddings, after.Embeddings);

        Run Compute(Method method, int seed)
        {
            var (embeddings, pretrainingSeconds, embeddingSeconds) = cache.FindEmbeddings(method, seed) ?? Embed(method, seed);
            var taskWatch = Stopwatch.StartNew();
            var figures = Measurement.Measure(data, embeddings, settings.MinimumPositives, progress.Note, cancellation);
            return new Run(method.Name, seed, figures, pretrainingSeconds, embeddingSeconds, taskWatch.Elapsed.TotalSeconds);
        }

        (Embeddings, double, double) Embed(Method method, int seed)
        {
            var fitWatch = Stopwatch.StartNew();
            if (method.Input == MethodInput.Composition)
                return (pretrainer.Composition(), 0, fitWatch.Elapsed.TotalSeconds);
            var (chains, pieces) = method.Base is { } name ? Freeze(Method.Named(name), seed) : default;
            var model = FindOrFit(method, seed, chains);
            double pretrainingSeconds = fitWatch.Elapsed.TotalSeconds;
            using var owned = model as IDisposable;
            progress.Note($"embedding {data.Pieces.Length} chains and domains");
            fitWatch.Restart();
            var embeddings = pretrainer.Embed(method, model, pieces);
            cache.Keep(method, seed, embeddings, pretrainingSeconds, fitWatch.Elapsed.TotalSeconds);
            return (embeddings, pretrainingSeconds, fitWatch.Elapsed.TotalSeconds);
        }

        ITransformer FindOrFit(Method method, int seed, FeatureRow[]? chains = null)
        {
            if (cache.FindModel(method, seed) is { } found)
                return found;
            progress.Note($"pretraining{(method.Name == plan[progress.Place].Method.Name ? "" : " " + method.Name)}");
            var model = pretrainer.Fit(method, seed, progress, out var inputs, chains);
            cache.Keep(method, seed, model, inputs);
            return model;
        }

        // The features that a method's encoders give of the crops it was pretrained on and of the pieces.
        (FeatureRow[] Chains, FeatureRow[] Pieces) Freeze(Method method, int seed)
        {
            var model = FindOrFit(method, seed);
            using var owned = model as IDisposable;
            progress.Note($"embedding {data.Pretraining.Length} crops");
            return (pretrainer.EmbedCrops(model, seed).Rows, (cache.FindEmbeddings(method, seed) ?? Embed(method, seed)).Item1.Rows);
        }
    }
}
