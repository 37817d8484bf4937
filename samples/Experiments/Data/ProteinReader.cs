using ProteinAlignment;

namespace Experiments.Data;

/// <summary>Sequence features (A) and structure features (B) of the chains of a table as in samples/ProteinAlignment/data; the label is the class of secondary structure.</summary>
internal static class ProteinReader
{
    public static TwoViewData Read(DataSource source)
    {
        var config = source.Config;
        source.Refuse(
            (config.ColumnA, "columnA"), (config.ColumnB, "columnB"), (config.LabelColumn, "labelColumn"), (config.ImageSize, "imageSize"), (config.MinimumWordRows, "minimumWordRows"));
        ProteinChain[] chains = [.. ProteinChain.Read(source.File()).Take(config.Rows ?? int.MaxValue)];
        var features = chains.AsParallel().AsOrdered().Select(chain => (Sequence: SequenceFeatures.Compute(chain.Sequence), Structure: StructureFeatures.Compute(chain.AlphaCarbons))).ToArray();
        return source.Result(
            [.. features.Select(feature => feature.Sequence)], [.. features.Select(feature => feature.Structure)], [.. chains.Select(chain => chain.Class.ToString())]);
    }
}
