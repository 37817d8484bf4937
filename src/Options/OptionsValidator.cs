using System.Globalization;
using System.Numerics;

namespace Microsoft.ML.GentleClip.Options;

/// <summary>Checks what depends on more than one option.</summary>
internal static class OptionsValidator
{
    // The projection head's layer normalisation makes a single slot 0.
    private const int FewestTowerSlots = 2;

    /// <summary>Checks the options of a training.</summary>
    /// <exception cref="ArgumentException">Options contradict each other or one is missing.</exception>
    public static void Validate(GentleClipOptions options)
    {
        var a = options.ModalityA ?? throw new ArgumentException($"{nameof(GentleClipOptions)}.{nameof(GentleClipOptions.ModalityA)} is not set.");
        var b = options.ModalityB ?? throw new ArgumentException($"{nameof(GentleClipOptions)}.{nameof(GentleClipOptions.ModalityB)} is not set.");
        CheckColumns(options, a, b);
        a.Validate();
        b.Validate();
        if (options.Batches is { PairsPerBatch: { } pairs, Size: var size } && pairs > size)
            throw new ArgumentException($"Batches.PairsPerBatch is {pairs}, above Batches.Size {size}; expected at most Batches.Size.");
        CheckShards(options);
        if (options.ClosedForm is { } closedForm)
            CheckClosedForm(options, closedForm, a, b);
        else
            CheckThatNothingFollows(options);
        if (options.Objectives.Needs.Keywords is { } keywords)
            CheckKeywords(options, keywords, a, b);
        if (options.ClosedForm is not { Role: ClosedFormRole.Alone } && !options.Objectives.AlignsAtAll)
            throw new ArgumentException(
                $"Of the objectives ({options.Objectives}) none that looks at pairs, or that aligns the modalities without any, has a weight above 0; "
                + "expected at least one.");
    }

    /// <summary>Slots of the embedding that a closed form beside the towers has; 0 where nothing would be left for them.</summary>
    public static int ClosedFormSlots(GentleClipOptions options)
    {
        var slots = Slots(options);
        return slots >= 1 && options.EmbeddingDimension - slots >= FewestTowerSlots ? slots : 0;
    }

    private static int Slots(GentleClipOptions options) =>
        options.ClosedForm?.Dimension ?? Math.Min(options.EmbeddingDimension / 2, options.EmbeddingDimension - FewestTowerSlots);

    private static void CheckColumns(GentleClipOptions options, Modality a, Modality b)
    {
        if (a.InputColumnName == b.InputColumnName)
            throw new ArgumentException($"Both modalities read column '{a.InputColumnName}'; expected two different columns.");
        if (a.OutputColumnNames.Concat(b.OutputColumnNames).GroupBy(name => name).FirstOrDefault(same => same.Count() > 1)?.Key is { } twice)
            throw new ArgumentException(a.OutputColumnNames.Contains(twice) && b.OutputColumnNames.Contains(twice)
                ? $"Both modalities write column '{twice}'; expected two different columns."
                : $"A modality writes both its embedding and its features to column '{twice}'; expected two different columns.");
        if (options.PairedColumnName is { } paired && (paired == a.InputColumnName || paired == b.InputColumnName))
            throw new ArgumentException($"Column '{paired}' is both the paired column and a modality's input; expected a Boolean column of its own.");
        foreach (var name in a.OtherInputColumnNames.Concat(b.OtherInputColumnNames))
        {
            if (name == options.PairedColumnName || name == options.Objectives.Needs.Keywords?.IndicatorColumnName)
                throw new ArgumentException(
                    $"Column '{name}' is an input of a modality, and the paired or keywords' indicator column as well; expected a column of its own.");
        }
    }

    // Sums are the same bits for every number of processes where each process has a whole branch of the tree.
    private static void CheckShards(GentleClipOptions options)
    {
        if (options.ProcessGroup is not { Size: > 1 and var size } || options.Batches.Shards is not { } shards)
            return;
        if (shards % size != 0 || !BitOperations.IsPow2(shards / size))
            throw new ArgumentException(
                $"Batches.Shards is {shards} for {size} processes; expected {size} times a power of two ({size}, {2 * size}, {4 * size}, ...), "
                + "so that the weights do not depend on the number of processes.");
    }

    private static void CheckKeywords(GentleClipOptions options, KeywordOptions keywords, Modality a, Modality b)
    {
        var indicator = keywords.IndicatorColumnName;
        if (indicator == a.InputColumnName || indicator == b.InputColumnName || indicator == options.PairedColumnName)
            throw new ArgumentException($"Column '{indicator}' is both the keywords' indicator column and another input; expected a column of its own.");
        if ((keywords.Modality == Side.A ? a : b) is not VectorModality and var own)
            throw new ArgumentException($"Keywords need a modality of feature vectors, but column '{own.InputColumnName}' is a {own.GetType().Name}.");
    }

    private static void CheckThatNothingFollows(GentleClipOptions options)
    {
        if (options.Objectives.Active.FirstOrDefault(objective => objective.Needs.ClosedForm) is { } follower)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"The objective '{follower.Name}' has a weight of {follower.Weight}, but there is no {nameof(options.ClosedForm)} that it could follow; ")
                + "set one, or leave the objective out.");
    }

    private static void CheckClosedForm(GentleClipOptions options, ClosedFormOptions closedForm, Modality a, Modality b)
    {
        foreach (var modality in closedForm.Optional ? [] : new[] { a, b })
        {
            if (!modality.SuitsClosedForm)
                throw new ArgumentException(
                    $"The closed form needs feature vectors or a frozen encoder on both sides, but column '{modality.InputColumnName}' is a "
                    + $"{modality.GetType().Name} whose encoder is trained.");
        }
        if (closedForm is { SelfTraining: ClosedFormPart.On, Method: not ClosedFormMethod.SelfTraining })
            throw new ArgumentException(
                $"The closed form's {nameof(closedForm.SelfTraining)} is {closedForm.SelfTraining}, but its {nameof(closedForm.Method)} is "
                + $"{closedForm.Method}, which has no self-training; expected {nameof(ClosedFormMethod)}.{nameof(ClosedFormMethod.SelfTraining)}.");
        if (closedForm is { Strict: true, Method: not ClosedFormMethod.Chosen })
            throw new ArgumentException(
                $"The closed form is {nameof(closedForm.Strict)}, but its {nameof(closedForm.Method)} is {closedForm.Method}, "
                + $"so that there is nothing to choose; expected {nameof(ClosedFormMethod)}.{nameof(ClosedFormMethod.Chosen)}.");
        if (closedForm is { Method: ClosedFormMethod.Linear, LinearWeight: 0 })
            throw new ArgumentException(
                $"The closed form's {nameof(closedForm.Method)} is {closedForm.Method}, but its {nameof(closedForm.LinearWeight)} is 0; "
                + "expected a weight above 0.");
        if (closedForm.LinearWeight + closedForm.KernelWeight == 0)
            throw new ArgumentException(
                $"{nameof(closedForm.LinearWeight)} and {nameof(closedForm.KernelWeight)} of the closed form are 0; expected at least one above 0.");
        if (closedForm.Role == ClosedFormRole.Teacher && !options.Objectives.Needs.ClosedForm)
            throw new ArgumentException(
                $"The closed form's role is {nameof(ClosedFormRole.Teacher)}, but no objective follows it, so that it would teach nothing; "
                + $"expected one that does, such as {nameof(KlotObjective)}, or another role.");
        // Half of too few slots is no mistake of the user's: an optional closed form is left out then.
        var mayLackSlots = closedForm is { Optional: true, Dimension: null };
        if (closedForm.Role is ClosedFormRole.BesideTowers or ClosedFormRole.Chosen && ClosedFormSlots(options) == 0 && !mayLackSlots)
            throw new ArgumentException(
                $"The closed form has {Math.Max(Slots(options), 1)} slots of an embedding of {options.EmbeddingDimension}; "
                + $"expected at most {options.EmbeddingDimension - FewestTowerSlots}, so that {FewestTowerSlots} are left for the towers.");
    }
}
