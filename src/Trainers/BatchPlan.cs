using Microsoft.ML.GentleClip.Objectives;

namespace Microsoft.ML.GentleClip;

/// <summary>What a batch of a training consists of: how many pairs and how many unpaired samples of each modality.</summary>
/// <param name="Pairs">Matched pairs (n in equation 1).</param>
/// <param name="UnpairedA">Unpaired samples of modality A.</param>
/// <param name="UnpairedB">Unpaired samples of modality B.</param>
/// <param name="StepsPerEpoch">Steps of an epoch, 20 or more: as many as show each unpaired sample once, or each pair where there are none.</param>
public sealed record BatchPlan(int Pairs, int UnpairedA, int UnpairedB, int StepsPerEpoch)
{
    private const int SmallestEpoch = 20;

    /// <summary>Plans the batches of towers.</summary>
    /// <param name="options">Batch size, rule and objectives.</param>
    /// <param name="pairs">Number of pairs in the data (N), 0 or more.</param>
    /// <param name="unpairedA">Number of unpaired samples of modality A (M1), 0 or more.</param>
    /// <param name="unpairedB">Number of unpaired samples of modality B (M2), 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static BatchPlan Create(GentleClipOptions options, int pairs, int unpairedA, int unpairedB)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(pairs);
        ArgumentOutOfRangeException.ThrowIfNegative(unpairedA);
        ArgumentOutOfRangeException.ThrowIfNegative(unpairedB);
        return Create(options, options.Objectives, pairs, unpairedA, unpairedB);
    }

    /// <summary>The same with other objectives than the options have.</summary>
    internal static BatchPlan Create(GentleClipOptions options, ObjectiveList objectives, int pairs, int unpairedA, int unpairedB)
    {
        var larger = Math.Max(unpairedA, unpairedB);
        var size = options.Batches.Size;
        var n = options.Batches.PairsPerBatchRule switch
        {
            PairsPerBatchRule.Proportional => ContrastiveLoss.PairsPerBatch(pairs, unpairedA, unpairedB, size),
            _ => Math.Min(pairs, options.Batches.PairsPerBatch ?? (larger == 0 ? size : Math.Max(2, size / 2))),
        };
        // Unpaired rows that no loss looks at would only cost time.
        var usesUnpaired = objectives.Needs.UnpairedSamples;
        var room = usesUnpaired ? size - n : 0;
        var a = Math.Min(room, unpairedA);
        var b = Math.Min(room, unpairedB);
        var steps = Math.Max(Math.Max(Steps(unpairedA, a), Steps(unpairedB, b)), larger == 0 || !usesUnpaired ? Steps(pairs, n) : 1);
        return new BatchPlan(n, a, b, Math.Max(SmallestEpoch, steps));

        static int Steps(int rows, int perBatch) => perBatch == 0 ? 0 : (rows + perBatch - 1) / perBatch;
    }
}
