using ProteinAlignment;

namespace Experiments.Data;

/// <summary>
/// Sequence features (A) and structure features (B) of the chains of a table as in samples/ProteinAlignment/data; the label is the class of secondary
/// structure.
/// </summary>
internal static class ProteinReader
{
    private const int ShortestChain = 13; // the features reach 12 residues along the chain

    public static TwoViewData Read(DataSource source)
    {
        var config = source.Config;
        source.Refuse(
            (config.ColumnA, "columnA"), (config.ColumnB, "columnB"), (config.LabelColumn, "labelColumn"), (config.ImageSize, "imageSize"),
                (config.MinimumWordRows, "minimumWordRows"));
        var file = source.File();
        ProteinChain[] chains = [.. ProteinChain.Read(file).Take(config.Rows ?? int.MaxValue)];
        if (Array.FindIndex(chains, chain => chain.Sequence.Length < ShortestChain) is var row and >= 0)
            throw new InvalidDataException(
                $"{file}, line {row + 2}: chain {chains[row].Key}: expected at least {ShortestChain} residues, found {chains[row].Sequence.Length}.");
        var features = chains.AsParallel().AsOrdered()
            .Select(chain => (Sequence: SequenceFeatures.Compute(chain.Sequence), Structure: StructureFeatures.Compute(chain.AlphaCarbons))).ToArray();
        return source.Result(
            [.. features.Select(feature => feature.Sequence)], [.. features.Select(feature => feature.Structure)],
                [.. chains.Select(chain => chain.Class.ToString())]);
    }
}
