namespace Microsoft.ML.GentleClip;

/// <summary>What the closed form does; see <see cref="ClosedFormOptions"/>.</summary>
public enum ClosedFormRole
{
    /// <summary>
    /// <see cref="Alone"/> where both modalities are feature vectors or have frozen encoders and nothing asks for towers, else <see cref="BesideTowers"/>.
    /// What asks for them: pairs to validate on, which then choose the share; a model to continue from; and any setting that only towers have (steps, encoder,
    /// losses, batches, checkpoints, <see cref="ClosedFormOptions.Share"/>, <see cref="ClosedFormOptions.Dimension"/>). The log says which it was, and why.
    /// </summary>
    Chosen,

    /// <summary>The embedding is the closed form's: no tower, no training loop, fitted in about a second.</summary>
    Alone,

    /// <summary>
    /// The embedding holds both: <c>[sqrt(w) closed form ; sqrt(1 - w) towers]</c> with w = <see cref="ClosedFormOptions.Share"/>, so that its
    /// inner products are the weighted mean of both.
    /// </summary>
    BesideTowers,

    /// <summary>
    /// The embedding is only the trained towers'; the closed form shows them which unpaired samples belong together (<see cref="KlotObjective"/>).
    /// </summary>
    Teacher,
}
