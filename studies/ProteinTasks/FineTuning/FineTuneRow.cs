namespace ProteinTasks.FineTuning;

/// <summary>What one training came to.</summary>
/// <param name="Variant">Which encoders, from where, what is trained, how many steps.</param>
/// <param name="Seed">Seed of pretraining and training.</param>
/// <param name="Superfamily">Accuracy on domains of superfamilies that no training domain has.</param>
/// <param name="Family">Accuracy on domains of families that no training domain has.</param>
/// <param name="Seconds">Time of the training on this machine.</param>
internal sealed record FineTuneRow(string Variant, int Seed, double Superfamily, double Family, double Seconds);
