namespace ProteinTasks.FineTuning;

/// <summary>What one reading of one preset came to.</summary>
/// <param name="Stage">What was computed together, and is not computed again.</param>
/// <param name="Reading">What the classifier sees, and how it was made: the table's row.</param>
/// <param name="Preset">Where the encoders come from: the table's row too.</param>
/// <param name="Seed">Of pretraining and training.</param>
/// <param name="Figures">Shares from 0 to 1 by the names of test sets and label files.</param>
/// <param name="Seconds">Time of the stage on this machine.</param>
internal sealed record FineTuneRow(string Stage, string Reading, string Preset, int Seed, Dictionary<string, double> Figures, double Seconds);
