using Microsoft.ML.GentleClip;

namespace FirstScreen;

/// <summary>What is put in the place of the unpaired rows.</summary>
internal enum Unpaired
{
    Real,
    Gaussian,
    None,

    /// <summary>Nothing is unpaired: all training digits are pairs.</summary>
    Paired,
}

/// <summary>A row of the table.</summary>
/// <param name="Name">As README has it.</param>
/// <param name="Unpaired">What it learns from besides the pairs.</param>
/// <param name="ClosedForm">Which closed form.</param>
/// <param name="Steps">Of the towers beside it; null for none.</param>
internal sealed record Method(string Name, Unpaired Unpaired, ClosedFormMethod ClosedForm = ClosedFormMethod.Chosen, int? Steps = null)
{
    public static readonly Method Linear = new("linear ridge CCA, and the unpaired rows", Unpaired.Real, ClosedFormMethod.Linear);
    public static readonly Method Default = new("**GentleClip**", Unpaired.Real);
    public static readonly Method Gaussian = new("GentleClip, Gaussian rows for the unpaired", Unpaired.Gaussian);

    public static readonly IReadOnlyList<Method> All =
    [
        new("linear ridge CCA, only the pairs", Unpaired.None, ClosedFormMethod.Linear),
        Linear,
        new("GentleClip, only the pairs", Unpaired.None),
        Gaussian,
        Default,
        new("GentleClip with towers, 1,000 steps", Unpaired.Real, Steps: 1000),
        new("ceiling: all 1,500 digits are pairs", Unpaired.Paired),
    ];
}
