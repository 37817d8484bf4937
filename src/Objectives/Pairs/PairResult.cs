using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Where a statistic will be.</summary>
internal sealed class PairResult
{
    private Tensor? _value;

    /// <summary>Whether it was computed: a guest's is not where nobody else wanted its matrix.</summary>
    public bool IsThere => _value is not null;

    /// <summary>The statistic, with a graph.</summary>
    public Tensor Value
    {
        get => _value ?? throw new InvalidOperationException("The statistic was asked for before it was computed.");
        set => _value = value;
    }
}
