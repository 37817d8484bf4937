using Microsoft.ML;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>Where the model comes from: the file that the options name, or the small one that comes with the server.</summary>
internal static partial class ModelSource
{
    private static string Own => Path.Combine(AppContext.BaseDirectory, ServingOptions.OwnModelName);

    /// <summary>Looks whether the files are there, without opening them.</summary>
    /// <exception cref="FileNotFoundException">The options name a file that is not there.</exception>
    public static void CheckFiles(ServingOptions options)
    {
        if (options.Model is { } model && !File.Exists(model))
            throw new FileNotFoundException($"There is no model '{model}' (option --model).", model);
        if (options.Catalogue is { } catalogue && !File.Exists(catalogue))
            throw new FileNotFoundException($"There is no catalogue '{catalogue}' (option --catalogue).", catalogue);
    }

    /// <exception cref="InvalidDataException">The file is no model of this kind.</exception>
    /// <exception cref="IOException">It cannot be read, or not be unpacked.</exception>
    public static ITransformer Open(ServingOptions options, ILogger logger) =>
        Load(options.Model ?? Own, options.TemporaryFolder, options.Engine, logger);

    private static ITransformer Load(string file, string? temporaryFolder, ScoringEngine? engine, ILogger logger)
    {
        ITransformer model;
        CheckTemporaryFolder(temporaryFolder ?? Path.GetTempPath());
        try
        {
            model = Context(temporaryFolder).Model.Load(file, out _);
        }
        catch (Exception problem) when (problem is FormatException or InvalidDataException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{file}' cannot be loaded as a model: {problem.Message}", problem);
        }
        try
        {
            GentleClipTransformer clip = model.FindGentleClip();
            if (engine is { } chosen)
                clip.Scoring = clip.Scoring with { Engine = chosen };
        }
        catch (ArgumentException problem)
        {
            (model as IDisposable)?.Dispose();
            throw new InvalidDataException($"'{file}' cannot be served: {problem.Message}", problem);
        }
        LogLoaded(logger, file);
        return model;
    }

    private static MLContext Context(string? temporaryFolder)
    {
        var context = new MLContext();
        if (temporaryFolder is not null)
            context.TempFilePath = temporaryFolder;
        return context;
    }

    // ML.NET unpacks a model there, and does not say so where that fails.
    private static void CheckTemporaryFolder(string folder)
    {
        string file = Path.Combine(folder, Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(file, []);
            File.Delete(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"A model is unpacked into the folder for temporary files, '{folder}', which cannot be written to: name another with --temp FOLDER "
                    + $"(MLContext.TempFilePath) or TMPDIR. {problem.Message}", problem);
        }
    }

    /// <summary>Beside the file, then renamed: a training that is cut short leaves no half model behind.</summary>
    public static void Save(GentleClipTransformer model, string file)
    {
        string temporary = $"{file}.{Environment.ProcessId}.tmp";
        try
        {
            Context(null).Model.Save(model, null, temporary);
            File.Move(temporary, file, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "Loaded {File}.")]
    private static partial void LogLoaded(ILogger logger, string file);
}
