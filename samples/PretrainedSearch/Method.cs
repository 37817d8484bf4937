using Microsoft.ML.GentleClip;

namespace PretrainedSearch;

/// <summary>What is compared on the same features and the same pairs.</summary>
/// <param name="Title">In the table.</param>
/// <param name="Options">How it learns.</param>
/// <param name="HasAllPairs">Whether every training drawing comes with its words: a ceiling.</param>
/// <param name="HasUnpaired">Whether drawings and words without a partner are read.</param>
/// <param name="IsControl">Whether those are replaced by Gaussian ones of the same mean and covariance.</param>
internal sealed record Method(string Title, Func<GentleClipOptions> Options, bool HasAllPairs = false, bool HasUnpaired = true, bool IsControl = false)
{
    private const int Steps = 300;

    public static readonly Method Recommended = new("closed form, the default", () => GentleClipOptions.FromPreset(GentleClipPreset.Recommended));

    public static readonly IReadOnlyList<Method> All =
    [
        new("Clip on the pairs", Clip, HasUnpaired: false),
        new("linear ridge CCA on the pairs", Linear),
        Recommended,
        Recommended with { Title = "the same, Gaussian rows for the unpaired", IsControl = true },
        new("Clip on all pairs", Clip, HasAllPairs: true, HasUnpaired: false),
        Recommended with { Title = "closed form on all pairs", HasAllPairs = true },
    ];

    private static GentleClipOptions Clip()
    {
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip);
        options.MaximumNumberOfSteps = Steps;
        return options;
    }

    private static GentleClipOptions Linear()
    {
        var options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
        options.ClosedForm = options.ClosedForm! with { Method = ClosedFormMethod.Linear, Spectral = ClosedFormPart.Off, Smoothing = false };
        return options;
    }
}
