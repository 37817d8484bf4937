using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Finds our transformer in a fitted pipeline.</summary>
internal static class PipelineModels
{
    /// <summary>The steps of a chain, those of chains within it among them, in order.</summary>
    public static IEnumerable<ITransformer> Steps(ITransformer model) =>
        model is IEnumerable<ITransformer> chain ? chain.SelectMany(Steps) : [model];

    /// <summary>The one of ours.</summary>
    /// <param name="model">A transformer or a chain.</param>
    /// <param name="embeddingColumnName">A column that it writes; null where there is one only.</param>
    /// <exception cref="ArgumentException">There is none, or more than one.</exception>
    public static GentleClipTransformer Find(ITransformer model, string? embeddingColumnName = null)
    {
        var steps = Steps(model).ToArray();
        var ours = steps.OfType<GentleClipTransformer>().ToArray();
        if (ours.Length == 0)
            throw new ArgumentException(
                $"Expected a {nameof(GentleClipTransformer)} or a chain with one, found {(steps is [var only] && ReferenceEquals(only, model)
                    ? only.GetType().Name
                    : $"a chain of {steps.Length} steps without: {string.Join(", ", steps.Select(step => step.GetType().Name))}")}.", nameof(model));
        // Of equal ones the last, as in a data view: a later column hides an earlier one of its name.
        var named = embeddingColumnName is null ? ours : [.. ours.Where(step => Columns(step).Contains(embeddingColumnName)).TakeLast(1)];
        return named.Length == 1 ? named[0] : throw new ArgumentException(named.Length == 0
            ? $"No tower writes column '{embeddingColumnName}'; expected {string.Join(" or ", ours.SelectMany(Columns).Select(name => $"'{name}'"))}."
            : $"The chain has {ours.Length} steps of type {nameof(GentleClipTransformer)}: name an embedding column of the one that is meant. They write "
                + $"{string.Join("; ", ours.Select(step => string.Join(" and ", Columns(step).Select(name => $"'{name}'"))))}.", nameof(embeddingColumnName));
    }

    /// <summary>Throws where a step before makes the input column of a side, which a single input does not pass through.</summary>
    /// <exception cref="ArgumentException">One does, or may; the message names it.</exception>
    public static void CheckIsRaw(ITransformer model, GentleClipTransformer found, Modality modality)
    {
        var column = modality.InputColumnName;
        foreach (var step in Steps(model).TakeWhile(step => !ReferenceEquals(step, found)))
            if (Writes(step, column) is not false and var writes)
                throw new ArgumentException(
                    $"Column '{column}' {(writes is true ? "is" : "may be")} made by the step {step.GetType().Name} before the embedding, and a single "
                    + "input does not pass through it. Transform views by the whole pipeline; or, where inputs are as that step leaves them, take the "
                    + "transformer itself: model.FindGentleClip().", nameof(model));
    }

    private static bool? Writes(ITransformer step, string column) => step switch
    {
        GentleClipTransformer other => Columns(other).Contains(column),
        MissingModalityTransformer => false, // what is given is not missing
        _ => StepOutputs.Writes(step, column),
    };

    private static IEnumerable<string> Columns(GentleClipTransformer step) => step.Columns.Select(column => column.Name);
}
