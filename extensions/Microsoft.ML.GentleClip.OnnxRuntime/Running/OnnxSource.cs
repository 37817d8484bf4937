namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>What an encoder runs.</summary>
/// <param name="Column">Of the samples, for messages.</param>
/// <param name="File">Name of the file, for messages.</param>
/// <param name="Plan">How the graph is run.</param>
/// <param name="Notes">What was guessed, in words.</param>
/// <param name="Content">The file; null where it comes with the weights of a saved model.</param>
/// <param name="Embed">Whether a saved model holds it.</param>
/// <param name="BatchSize">Most samples of a run.</param>
internal sealed record OnnxSource(
    string Column, string File, OnnxPlan Plan, IReadOnlyList<string> Notes, OnnxContent? Content, bool Embed, int BatchSize)
{
    /// <summary>The file of a modality, found and checked.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">It cannot be used, or is not that of the training.</exception>
    public static OnnxSource Of(Modality modality, IOnnxEncoderOptions options, int inputDimension)
    {
        var (plan, notes) = OnnxPlans.Of(modality, options, inputDimension);
        var (column, file) = (modality.InputColumnName, options.ModelFile ?? "embedded");
        if (options.Saved is not null)
            return new OnnxSource(column, file, plan, notes, options.Embed ? null : OnnxModelFiles.Find(file, plan.Sha256, column), options.Embed,
                options.BatchSize);
        var content = OnnxContent.Read(file);
        return content.Sha256 == plan.Sha256 ? new OnnxSource(column, file, plan, notes, content, options.Embed, options.BatchSize)
            : throw new InvalidDataException($"{file} of column '{column}' was changed while it was read: SHA-256 {plan.Sha256}, then {content.Sha256}.");
    }
}
