using System.Globalization;
using ProteinAlignment;

namespace ProteinTasks.Data;

/// <summary>A SCOPe domain of the split: where it lies, its fold and its part of the split.</summary>
internal sealed record ScopeDomain(string Sid, string ChainKey, string Fold, string Split, Piece Piece)
{
    /// <summary>The split that settings are chosen on.</summary>
    public const string ToChooseOn = "validation";

    public static readonly string[] Tests = ["test_fold", "test_superfamily", "test_family"];

    /// <summary>The SCOPe class, a letter from a to g.</summary>
    public char Class => Fold[0];

    /// <exception cref="InvalidDataException">A file is malformed, or they disagree; the message names file and line.</exception>
    public static IEnumerable<ScopeDomain> Read(string splitFile, string domainFile, IReadOnlyDictionary<string, ProteinChain> chains)
    {
        var pieces = Table.Read(domainFile, 5).ToDictionary(row => row.Cells[0], row => row);
        foreach (var row in Table.Read(splitFile, 5))
        {
            var (sid, key, fold, split) = (row.Cells[0], row.Cells[1], row.Cells[3], row.Cells[4]);
            if (split != "train" && split != ToChooseOn && !Tests.Contains(split))
                throw row.Malformed($"the split of {sid} is '{split}', expected train, validation or {string.Join(", ", Tests)}");
            if (fold.Length == 0)
                throw row.Malformed($"the fold of {sid} is empty");
            if (!pieces.TryGetValue(sid, out var domain))
                throw row.Malformed($"{sid} is not in {domainFile}");
            if (chains.TryGetValue(key, out var chain))
                yield return new ScopeDomain(sid, key, fold, split, Piece.Of(chain, Ranges(domain, chain)));
        }
    }

    private static (int, int)[] Ranges(TableRow row, ProteinChain chain) => Array.ConvertAll(row.Cells[4].Split(','), range =>
    {
        string[] ends = range.Split('-');
        return ends.Length == 2
            && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int start)
            && int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out int end)
            && start < end && end <= chain.Sequence.Length
            ? (start, end)
            : throw row.Malformed($"'{range}' is no range of the {chain.Sequence.Length} residues of {chain.Key}");
    });
}
