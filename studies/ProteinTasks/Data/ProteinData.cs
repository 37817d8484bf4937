using System.Security.Cryptography;
using System.Text;
using ProteinAlignment;

namespace ProteinTasks.Data;

/// <summary>What is pretrained on, and the rows of every task, without test rows on chains of the pretraining set.</summary>
internal sealed record ProteinData
{
    private const int TinyRows = 150;

    /// <summary>The chains of the CATH 4.2 training list.</summary>
    public required ProteinChain[] Pretraining { get; init; }

    /// <summary>The chains of its validation and test lists.</summary>
    public required Piece[] HeldOut { get; init; }

    public required ScopeDomain[] Domains { get; init; }

    /// <summary>Domains that settings are chosen on; no figure of a method reads them.</summary>
    public required ScopeDomain[] Validation { get; init; }

    /// <summary>Training domains beyond those that are taken of a fold, without those on chains of the pretraining set; no figure reads them either.</summary>
    public required ScopeDomain[] Spare { get; init; }

    /// <summary>Keys of the held-out chains of the validation list: settings are chosen on them.</summary>
    public required IReadOnlySet<string> HeldOutToChooseOn { get; init; }

    public required LabelFile[] LabelFiles { get; init; }

    /// <summary>Every piece that a task looks at, once, shorter ones first so that batches hold little padding.</summary>
    public required Piece[] Pieces { get; init; }

    public required int DroppedDomains { get; init; }

    public required int DroppedLabelledChains { get; init; }

    /// <summary>Stands for the content of the files that pretraining reads.</summary>
    public required string PretrainingHash { get; init; }

    /// <summary>Stands for the content of all files and what was kept of them.</summary>
    public required string TaskHash { get; init; }

    /// <exception cref="InvalidDataException">A file is malformed; the message names file and line.</exception>
    public static ProteinData Read(string folder, IReadOnlyList<string> labelFiles, int domainsOfFold, bool tiny)
    {
        string chainFile = In("chains.tsv.gz"), cathFile = In("cath42.tsv.gz"), splitFile = In("scope_split.tsv.gz"), domainFile = In("scope_domains.tsv.gz");
        string[] allLabelFiles = [In("ec_deepfri.tsv.gz"), .. labelFiles];
        foreach (string file in (string[])[chainFile, cathFile, splitFile, domainFile, .. allLabelFiles])
            if (!File.Exists(file))
                throw new FileNotFoundException($"{file}: there is no such file.", file);

        var chains = ProteinChain.Read(chainFile).ToDictionary(chain => chain.Key);
        ILookup<string, ProteinChain> cath = Table.Read(cathFile, 2).Where(row => chains.ContainsKey(row.Cells[0])).ToLookup(row => row.Cells[1],
            row => chains[row.Cells[0]]);
        var pretraining = cath["train"].ToArray();
        if (pretraining.Length < 8)
            throw new InvalidDataException($"{cathFile}: {pretraining.Length} chains of split 'train' are at hand; expected 8 or more.");
        var seen = pretraining.Select(chain => chain.Key).ToHashSet();

        var allDomains = ScopeDomain.Read(splitFile, domainFile, chains).ToArray();
        var domains = allDomains.Where(domain => domain.Split != "validation").ToArray();
        var kept = domains.Where(domain => domain.Split == "train" || !seen.Contains(domain.ChainKey)).ToArray();
        var labels = Array.ConvertAll(allLabelFiles, file => LabelFile.Read(file, chains));
        if (labels.Zip(allLabelFiles).GroupBy(entry => entry.First.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new InvalidDataException($"{string.Join(" and ", twice.Select(entry => entry.Second))} are both called '{twice.Key}', by which their "
                + "figures are known; rename one.");
        int dropped = labels.Sum(file => file.Chains.Count(IsLeak));
        labels = Array.ConvertAll(labels, file => file with { Chains = [.. file.Chains.Where(chain => chain.Split != "valid" && !IsLeak(chain))] });
        var heldOut = cath["validation"].Concat(cath["test"]).Select(Piece.Of).ToArray();
        int droppedDomains = domains.Length - kept.Length;
        if (tiny)
        {
            pretraining = Thin(pretraining);
            heldOut = Thin(heldOut);
            kept = [.. kept.GroupBy(domain => domain.Split).SelectMany(split => Thin(split))];
            labels = Array.ConvertAll(labels, file => file with { Chains = [.. file.Chains.GroupBy(chain => chain.Split).SelectMany(split => Thin(split))] });
        }

        // Large folds have hundreds, which cost time and tell a classifier little more.
        var training = kept.Where(domain => domain.Split == "train").GroupBy(domain => domain.Fold).SelectMany(fold => Thin(fold, domainsOfFold)).ToHashSet();
        kept = [.. kept.Where(domain => domain.Split != "train" || training.Contains(domain))];

        // A test domain of a fold that no training domain has cannot be told by anyone.
        var folds = kept.Where(domain => domain.Split == "train").Select(domain => domain.Fold).ToHashSet();
        kept = [.. kept.Where(domain => folds.Contains(domain.Fold))];
        if (folds.Count < 2 || kept.All(domain => domain.Split == "train"))
            throw new InvalidDataException($"{splitFile}: {folds.Count} folds with training domains at hand and "
                + $"{kept.Count(domain => domain.Split != "train")} test domains of them; expected 2 or more, and 1 or more.");
        var pieces =
            heldOut.Concat(kept.Select(domain => domain.Piece)).Concat(labels.SelectMany(file => file.Chains).Select(chain => Piece.Of(chains[chain.ChainKey])))
            .DistinctBy(piece => piece.Key).OrderBy(piece => piece.Sequence.Length).ThenBy(piece => piece.Key, StringComparer.Ordinal).ToArray();
        string pretrainingHash = Hash([chainFile, cathFile], tiny ? "tiny" : "");
        return new ProteinData
        {
            Pretraining = pretraining,
            HeldOut = heldOut,
            Domains = kept,
            Spare = [.. allDomains.Where(domain => domain.Split == "train" && !training.Contains(domain) && !seen.Contains(domain.ChainKey))],
            HeldOutToChooseOn = cath["validation"].Select(chain => chain.Key).ToHashSet(),
            Validation = [.. allDomains.Where(domain => domain.Split == "validation" && !seen.Contains(domain.ChainKey))],
            LabelFiles = labels,
            Pieces = pieces,
            DroppedDomains = droppedDomains,
            DroppedLabelledChains = dropped,
            PretrainingHash = pretrainingHash,
            TaskHash = Hash([splitFile, domainFile, .. allLabelFiles], FormattableString.Invariant($"{pretrainingHash} {domainsOfFold}")),
        };

        string In(string name) => Path.Combine(folder, name);
        bool IsLeak(LabelledChain chain) => chain.Split == "test" && seen.Contains(chain.ChainKey);
    }

    // At most so many, evenly spread over the rows.
    private static T[] Thin<T>(IEnumerable<T> rows, int most = TinyRows)
    {
        T[] all = [.. rows];
        return all.Length <= most ? all : [.. Enumerable.Range(0, most).Select(place => all[(long)place * all.Length / most])];
    }

    private static string Hash(IEnumerable<string> files, string more)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files)
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        hash.AppendData(Encoding.UTF8.GetBytes(more));
        return Convert.ToHexString(hash.GetHashAndReset())[..32];
    }
}
