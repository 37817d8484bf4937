using System.Text.Json.Serialization;

namespace Microsoft.ML.GentleClip.Trainers.Checkpoints;

/// <summary>What of a training's state is no tensor.</summary>
/// <param name="Training">0, or 1 for the second training of a guard.</param>
/// <param name="IsFinished">Whether the weights are the training's result.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Fingerprint">What the training was: options and rows, by name.</param>
/// <param name="OptimizerSteps">Steps the optimiser has counted.</param>
/// <param name="SamplerPositions">How much of each cycle was handed out, by name.</param>
/// <param name="Terms">Sums of the running epoch.</param>
/// <param name="History">Epochs that ended.</param>
/// <param name="BestScore">Best validation so far; null before the first.</param>
/// <param name="BestEpoch">Its epoch.</param>
/// <param name="FineTuning">Epochs that ended of a fine-tuning, which has no others; null for towers.</param>
internal sealed record CheckpointState(
    int Training, bool IsFinished, int Step, int Seed, IReadOnlyDictionary<string, string> Fingerprint, int OptimizerSteps,
        IReadOnlyDictionary<string, int> SamplerPositions,
    IReadOnlyList<TermSum> Terms, IReadOnlyList<TrainingEpoch> History, double? BestScore, int BestEpoch,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FineTuningEpoch>? FineTuning = null);
