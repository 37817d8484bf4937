namespace Distributed;

/// <summary>What the user asked of a training.</summary>
internal sealed record TrainingSettings(string Model, int Shards, int Steps, string? Checkpoints, int Timeout);
