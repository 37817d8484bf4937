namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>The table that structure_table.py writes with another reader: file, chain id, sequence, numbers, with tabs between.</summary>
internal sealed class StructureTable
{
    private const string Refused = "ERROR";

    private readonly Dictionary<string, List<ComparedChain>> _chains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _refusals = new(StringComparer.Ordinal);

    /// <summary>Reads a table.</summary>
    /// <exception cref="InvalidDataException">A line has not four columns.</exception>
    public StructureTable(string path)
    {
        foreach (var (i, line) in File.ReadLines(path).Index())
        {
            if (line.Split('\t') is not [var file, var chain, var sequence, var numbers])
                throw new InvalidDataException($"{path}, line {i + 1}: expected four columns with tabs between.");
            if (!_chains.TryGetValue(file, out var chains))
                _chains.Add(file, chains = []);
            if (chain == Refused && numbers.Length == 0)
                _refusals[file] = sequence;
            else
                chains.Add(new ComparedChain(chain, sequence, numbers));
        }
    }

    /// <summary>The chains of a file; empty if it has none.</summary>
    public IReadOnlyList<ComparedChain> Of(string file) => _chains.GetValueOrDefault(file, []);

    /// <summary>Why the other reader refused a file, or null.</summary>
    public string? Refusal(string file) => _refusals.GetValueOrDefault(file);
}
