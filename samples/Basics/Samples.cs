namespace Basics;

/// <summary>The samples by name.</summary>
internal static class Samples
{
    public static readonly SortedDictionary<string, Action> All = new(StringComparer.Ordinal)
    {
        [nameof(TwoTables)] = TwoTables.Example,
        [nameof(ClassifierAcrossSides)] = ClassifierAcrossSides.Example,
        [nameof(ClassifyOnFeatures)] = ClassifyOnFeatures.Example,
        [nameof(MissingSides)] = MissingSides.Example,
        [nameof(ZeroShotLabels)] = ZeroShotLabels.Example,
        [nameof(OnnxExport)] = OnnxExport.Example,
    };
}
