using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Compares what this library reads of a folder of structure files with another reader's table.</summary>
/// <param name="folder">The folder; those below belong to it.</param>
/// <param name="table">The table.</param>
/// <param name="output">Gets a line for each difference.</param>
internal sealed class StructureComparison(string folder, StructureTable table, TextWriter output) : ITrial
{
    private readonly SortedDictionary<string, int> _differences = new(StringComparer.Ordinal);
    private int _files;
    private int _equal;

    /// <inheritdoc/>
    public string Counts =>
        $"structures: {_files} files, {_equal} equal{string.Concat(_differences.Select(difference => $", {difference.Value} {difference.Key}"))}";

    /// <inheritdoc/>
    public void Run()
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(ProteinFile.IsStructure).Order(StringComparer.Ordinal);
        foreach (var path in files)
        {
            _files++;
            var file = Path.GetRelativePath(folder, path).Replace('\\', '/');
            if (Difference(path, file) is not var (kind, text))
            {
                _equal++;
                continue;
            }
            _differences[kind] = _differences.GetValueOrDefault(kind) + 1;
            output.WriteLine($"{file}: {kind}: {text}");
        }
        if (_equal < _files)
            throw new LossException($"{_files - _equal} of {_files} files differ.");
    }

    private (string Kind, string Text)? Difference(string path, string file)
    {
        List<ComparedChain> here;
        try
        {
            using var lines = ProteinFile.Open(path, new ProteinStructureLoadOptions(), StructureReader.MaximumLineLength);
            here = [.. StructureReader.Read(lines).Chains.Select(chain => new ComparedChain(chain.Id, chain.Sequence, string.Join(',', chain.ResidueNumbers)))];
        }
        catch (InvalidDataException problem)
        {
            return table.Refusal(file) is null && table.Of(file).Count > 0 ? ("refused here", problem.Message) : null;
        }
        if (table.Refusal(file) is { } refusal)
            return here.Count > 0 ? ("refused there", refusal) : null;
        var there = table.Of(file);
        var onlyHere = here.Except(there).ToList();
        var onlyThere = there.Except(here).ToList();
        if (onlyHere.Count == 0 && onlyThere.Count == 0)
            return null;
        var kind = here.Count != there.Count ? "with another number of chains"
            : onlyHere.Sum(chain => chain.Sequence.Length) != onlyThere.Sum(chain => chain.Sequence.Length) ? "with another number of residues"
            : "with other letters, numbers or ids";
        return (kind, $"here {Text(onlyHere)}, there {Text(onlyThere)}");
    }

    private static string Text(List<ComparedChain> chains) =>
        chains.Count == 0 ? "nothing" : string.Join("; ", chains.Select(chain => $"{chain.Id}:{chain.Sequence}[{chain.Numbers}]"));
}
