using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Loads a saved model: with libtorch where that is there, else for ONNX Runtime where that package is.</summary>
internal static class PlainLoading
{
    /// <summary>Name of the switch (<see cref="AppContext"/>) by which an application that has libtorch loads models without it.</summary>
    public const string Switch = "Microsoft.ML.GentleClip.LoadWithoutTorch";

    /// <summary>The error of what needs libtorch, of a model that was loaded without.</summary>
    public static DllNotFoundException NeedsTorch() => new(
        "The model was loaded where there is no libtorch, so its columns can be computed by ONNX Runtime, and nothing else; this needs a native package of "
        + "TorchSharp, such as TorchSharp-cpu, in the application.");

    /// <summary>Whether libtorch is there; where it is not, why, and whether ONNX Runtime can take its place.</summary>
    /// <param name="environment">Says whether a GPU is asked for.</param>
    /// <param name="channel">Told that it does.</param>
    /// <param name="missing">What is missing; null where the result is true.</param>
    /// <exception cref="DllNotFoundException">Neither is there, or libtorch is not and a GPU is asked for.</exception>
    public static bool HasTorch(IHostEnvironment environment, IChannel channel, out string? missing)
    {
        var isOff = AppContext.TryGetSwitch(Switch, out var isOn) && isOn;
        try
        {
            if (isOff)
                throw new DllNotFoundException($"The application's switch {Switch} is on.");
            TorchNativeLibrary.EnsureLoaded();
            missing = null;
            return true;
        }
        catch (DllNotFoundException exception)
        {
            if (GraphEngine.Problem is { } problem)
                throw new DllNotFoundException($"{exception.Message} A saved model can also be scored without libtorch: {problem}", exception);
            // A GPU that was asked for is not replaced by a processor unless that is allowed, as where libtorch finds no GPU.
            if (HostSettings.GpuDeviceId(environment) is not null && !HostSettings.FallbackToCpu(environment))
                throw;
            missing = exception.Message;
            var message = $"The model is scored by ONNX Runtime, and libtorch is not loaded. {exception.Message}";
            if (isOff)
                channel.Info(MessageSensitivity.None, message);
            else
                channel.Warning(MessageSensitivity.None, message);
            return false;
        }
    }

    /// <summary>Reads a model and holds it to what its graphs need.</summary>
    /// <typeparam name="TFacts">What is known beside the weights.</typeparam>
    /// <param name="read">Reads it.</param>
    /// <param name="sides">The sides that it has.</param>
    /// <param name="missing">What <see cref="HasTorch"/> said.</param>
    /// <exception cref="DllNotFoundException">An encoder needs libtorch; the message names its column.</exception>
    /// <exception cref="InvalidDataException">The weights do not fit the description.</exception>
    public static (TFacts Facts, PlainModel Model) Read<TFacts>(
        Func<(TFacts, PlainModel)> read, Func<TFacts, IEnumerable<Side>> sides, string missing)
    {
        var (facts, model) = read();
        foreach (var side in sides(facts))
        {
            try
            {
                _ = TowerGraph.Build(model, side);
            }
            catch (NotSupportedException exception)
            {
                throw new DllNotFoundException($"{missing} ONNX Runtime cannot take its place for this model: {exception.Message}", exception);
            }
            catch (InvalidOperationException exception)
            {
                throw new InvalidDataException($"{model.Weights.Source}: {exception.Message}", exception);
            }
        }
        return (facts, model);
    }
}
