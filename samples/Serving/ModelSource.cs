using System.Diagnostics;
using EmojiPictures;
using Microsoft.ML;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>Where the model comes from: the file that the options name, the one kept from an earlier start, or a short training.</summary>
internal static partial class ModelSource
{
    /// <exception cref="FileNotFoundException">The options name a file that is not there.</exception>
    /// <exception cref="InvalidDataException">A file is no model of this kind.</exception>
    public static ITransformer Open(ServingOptions options, ILogger logger, CancellationToken cancellation)
    {
        if (options.Model is { } file)
            return File.Exists(file) ? Load(file, options.TemporaryFolder, logger)
                : throw new FileNotFoundException($"There is no model '{file}' (option --model).", file);
        if (File.Exists(options.TrainedModel))
            return Load(options.TrainedModel, options.TemporaryFolder, logger);

        LogTraining(logger, options.TrainingSteps);
        var model = SmallModel.Train(EmojiData.Read(EmojiData.Own), options.TrainingSteps, new Steps(logger), cancellation);
        try
        {
            Save(model, options.TrainedModel, options.TemporaryFolder);
            LogSaved(logger, options.TrainedModel);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static ITransformer Load(string file, string? temporaryFolder, ILogger logger)
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
            _ = model.FindGentleClip();
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

    // Beside the file, then renamed: a start that is cut short leaves no half model behind.
    private static void Save(GentleClipTransformer model, string file, string? temporaryFolder)
    {
        string temporary = $"{file}.{Environment.ProcessId}.tmp";
        try
        {
            Context(temporaryFolder).Model.Save(model, null, temporary);
            File.Move(temporary, file, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information,
        Message = "No model is given (--model FILE): training a small one on emoji and their words, {Steps} steps.")]
    private static partial void LogTraining(ILogger logger, int steps);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "{Progress}")]
    private static partial void LogProgress(ILogger logger, TrainingProgress progress);

    [LoggerMessage(EventId = 3, Level = LogLevel.Information, Message = "Saved as {File}; delete it to train again.")]
    private static partial void LogSaved(ILogger logger, string file);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "Loaded {File}.")]
    private static partial void LogLoaded(ILogger logger, string file);

    private sealed class Steps(ILogger logger) : IProgress<TrainingProgress>
    {
        private static readonly TimeSpan Between = TimeSpan.FromSeconds(3);

        private readonly Stopwatch _sinceLine = Stopwatch.StartNew();

        public void Report(TrainingProgress value)
        {
            if (_sinceLine.Elapsed < Between)
                return;
            _sinceLine.Restart();
            LogProgress(logger, value);
        }
    }
}
