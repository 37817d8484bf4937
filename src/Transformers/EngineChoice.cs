using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Decides what computes the columns of a transformer, and says in the log where that is not what was asked for.</summary>
/// <param name="device">Where the model lives; null where it has no libtorch.</param>
internal sealed class EngineChoice(Device? device)
{
    private int _hasTold;

    /// <summary>Where it says so; null says nothing.</summary>
    public IHostEnvironment? Environment { get; init; }

    /// <summary>Whether ONNX Runtime computes, in place of libtorch.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="columns">The columns that can be computed.</param>
    /// <exception cref="InvalidOperationException">The package, or libtorch, is not there.</exception>
    /// <exception cref="NotSupportedException">A column has no ONNX form; the message names it and the reason.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public bool UsesGraph(ScoringOptions options, IEnumerable<EmbeddingColumn> columns)
    {
        var engine = options.Engine;
        if (engine == ScoringEngine.Torch)
            return device is not null ? false : throw new InvalidOperationException(
                "The model was loaded where there is no libtorch, so ScoringOptions.Engine = Torch cannot compute; expected OnnxRuntime or Auto, or a native "
                + "package of TorchSharp, such as TorchSharp-cpu, in the application.");
        if (engine == ScoringEngine.Auto && device is not null)
        {
            var reason = device.type != DeviceType.CPU ? $"The model is on the GPU, {device}."
                : options.Precision != EncoderPrecision.Float32 ? $"Its products are of {options.Precision} numbers, as Precision says."
                : GraphEngine.Problem ?? columns.Select(Obstacle).FirstOrDefault(obstacle => obstacle is not null);
            if (reason is not null)
                Tell($"ScoringOptions.Engine = Auto takes libtorch: {reason}");
            return reason is null;
        }
        if (GraphEngine.Problem is { } problem)
            throw new InvalidOperationException($"ScoringOptions.Engine = {engine} cannot compute. {problem}");
        foreach (var column in columns)
            if (column.Tower.Graph.Obstacle is { } obstacle)
                throw new NotSupportedException($"ScoringOptions.Engine = {engine} cannot compute column '{column.Name}'. {obstacle}");
        return true;
    }

    private static string? Obstacle(EmbeddingColumn column) => column.Tower.Graph.Obstacle ?? (column.Tower.HasEncoder
        && EncoderKinds.Of(column.Spec.Modality) is { IsSlowerAsGraph: true } kind
            ? $"ONNX Runtime is slower at the encoder of column '{column.Spec.Modality.InputColumnName}', {kind.Name}." : null);

    // Once: generators ask at every call.
    private void Tell(string message)
    {
        if (Environment is not { } environment || Interlocked.Exchange(ref _hasTold, 1) != 0)
            return;
        using var channel = environment.Start("Scoring");
        channel.Warning(MessageSensitivity.Schema, message);
    }
}
