using System.Globalization;
using ProteinAlignment;

namespace ProteinTasks.Data;

/// <summary>A whole chain with its labels.</summary>
internal sealed record LabelledChain(string ChainKey, string Split, string[] Labels);

/// <summary>
/// Chains with many labels each, in the shape of ec_deepfri.tsv.gz: chain_key, split (train, valid or test), comma list of labels, and
/// optionally the share of the chain that the record holds; further columns are passed over.
/// </summary>
internal sealed record LabelFile(string Name, IReadOnlyList<LabelledChain> Chains, int UnknownChains)
{
    public const double MinimumCoverage = 0.7;

    /// <summary>Whether every chain has one label, as with enzyme reactions: a choice among classes.</summary>
    public bool IsSingle { get; private init; }

    private static readonly string[] Splits = ["train", "valid", "test"];

    /// <summary>Reads the file; chains that are not at hand are counted, those whose record holds too little of the chain left out.</summary>
    /// <exception cref="InvalidDataException">The file is malformed; the message names file and line.</exception>
    public static LabelFile Read(string file, IReadOnlyDictionary<string, ProteinChain> chains)
    {
        var labelled = new Dictionary<string, LabelledChain>();
        int unknown = 0;
        foreach (var row in Table.Read(file, 3))
        {
            var (key, split, labels) = (row.Cells[0], row.Cells[1], row.Cells[2].Split(','));
            if (key.Length == 0)
                throw row.Malformed("the chain's key is empty");
            if (!Splits.Contains(split))
                throw row.Malformed($"the split of {key} is '{split}', expected train, valid or test");
            if (labels.Any(string.IsNullOrWhiteSpace))
                throw row.Malformed($"the labels of {key} are '{row.Cells[2]}', expected names separated by commas");
            double coverage = -1;
            if (row.Cells.Length > 3 && row.Cells[3].Length > 0
                && !double.TryParse(row.Cells[3], NumberStyles.Float, CultureInfo.InvariantCulture, out coverage))
                throw row.Malformed($"the coverage of {key} is '{row.Cells[3]}', expected a number");
            if (!labelled.TryAdd(key, new LabelledChain(key, split, [.. labels.Distinct()])))
                throw row.Malformed($"{key} is there a second time");
            if (!chains.ContainsKey(key))
                unknown++;
            if (!chains.ContainsKey(key) || coverage is >= 0 and < MinimumCoverage)
                labelled[key] = labelled[key] with { Split = "" };
        }

        string name = Path.GetFileName(file);
        LabelledChain[] kept = [.. labelled.Values.Where(chain => chain.Split.Length > 0)];
        string shortName = name[..(name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? dot : name.Length)];
        return new LabelFile(shortName, kept, unknown) { IsSingle = kept.Length > 0 && kept.All(chain => chain.Labels.Length == 1) };
    }
}
