namespace Microsoft.ML.GentleClip;

/// <summary>What a second training without the losses on unpaired samples showed; see <see cref="ValidationOptions.GuardUnpairedObjectives"/>.</summary>
/// <param name="With">Best validation of the training with them.</param>
/// <param name="Without">Best validation of the training without them.</param>
/// <param name="Kept">Whether they were kept: whether the mean log rank was not higher with them; where both are equal they are kept.</param>
public sealed record UnpairedObjectivesReport(ValidationRetrieval With, ValidationRetrieval Without, bool Kept)
{
    /// <summary>What was decided, and both validations, in three lines.</summary>
    public override string ToString() => string.Join(Environment.NewLine,
        $"Losses on unpaired samples {(Kept ? "kept" : "turned off")}", $"  with them:    {With}", $"  without them: {Without}");
}
