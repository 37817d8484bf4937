namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>What of a user's settings only trained towers can fulfil.</summary>
internal static class TowerWishes
{
    // Settings of the closed form, of the data and of the surroundings: they ask for nothing.
    private static readonly HashSet<string> Neutral =
    [
        nameof(GentleClipOptions.ModalityA), nameof(GentleClipOptions.ModalityB), nameof(GentleClipOptions.PairedColumnName),
        nameof(GentleClipOptions.EmbeddingDimension), nameof(GentleClipOptions.ClosedForm), nameof(GentleClipOptions.NumberOfThreads),
        nameof(GentleClipOptions.Device), nameof(GentleClipOptions.Seed), nameof(GentleClipOptions.Progress), nameof(GentleClipOptions.CancellationToken),
        nameof(GentleClipOptions.ProcessGroup),
        // Looked at on its own.
        nameof(GentleClipOptions.MaximumNumberOfSteps),
    ];

    private static readonly GentleClipOptions Usual = new();

    /// <summary>The first reason for towers; null for none.</summary>
    public static string? Of(GentleClipOptions options, bool validates, bool continues)
    {
        foreach (var modality in new[] { options.ModalityA!, options.ModalityB! })
        {
            if (!modality.SuitsClosedForm)
                return $"column '{modality.InputColumnName}' does not hold feature vectors, and its encoder is not frozen";
            if (modality is VectorModality { HasOwnEncoder: true })
                return $"an encoder is set for column '{modality.InputColumnName}'";
        }
        if (continues)
            return "there is a model to continue from";
        if (validates || options.Validation.Fraction > 0)
            return "validation pairs can tell what they add";
        if (options.AsksForSteps)
            return $"{nameof(GentleClipOptions.MaximumNumberOfSteps)} is set";
        if (options.ClosedForm is { Share: not null } or { Dimension: not null })
            return "the closed form's share or dimension is set";
        return Changed(options, Usual) is { } changed ? $"{changed} is set" : null;
    }

    private static string? Changed(object options, object usual)
    {
        var changed = options.GetType().GetProperties().FirstOrDefault(property =>
            !Neutral.Contains(property.Name) && !Equals(property.GetValue(options), property.GetValue(usual)));
        if (changed is null)
            return null;
        // Of a group, the setting in it.
        var isGroup = changed.DeclaringType == typeof(TrainingOptions);
        return isGroup ? $"{changed.Name}.{Changed(changed.GetValue(options)!, changed.GetValue(usual)!)}" : changed.Name;
    }
}
