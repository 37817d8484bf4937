using System.Globalization;
using System.Numerics;
using Microsoft.ML.GentleClip.Programs;

namespace ProteinAlignment;

/// <summary>The secondary-structure class of a chain, from its DSSP states. It is the label, never an input.</summary>
internal enum StructureClass
{
    /// <summary>At least 40 % helix (H, G, I) and less than 10 % strand (E, B).</summary>
    Alpha,

    /// <summary>At least 30 % strand and less than 15 % helix.</summary>
    Beta,

    /// <summary>Everything else.</summary>
    Mixed,
}

/// <summary>One protein chain: its sequence, its DSSP states and the position of each alpha carbon in angstrom.</summary>
internal sealed record ProteinChain(string Key, string Sequence, string Dssp, Vector3[] AlphaCarbons)
{
    private const string Header = "#key\tpdb\tchain\tseqres_start\tlength\tsequence\tdssp8\tca_delta_centi_angstrom";
    private const string Residues = "ACDEFGHIKLMNPQRSTVWY";

    public StructureClass Class
    {
        get
        {
            double helix = Share("HGI"), strand = Share("EB");
            return helix >= 0.4 && strand < 0.1 ? StructureClass.Alpha
                : strand >= 0.3 && helix < 0.15 ? StructureClass.Beta
                : StructureClass.Mixed;
        }
    }

    /// <summary>Reads a gzip table of chains, one row at a time; data/README.md says what the columns hold.</summary>
    /// <exception cref="InvalidDataException">The file is no such table; the message names the file and the line.</exception>
    public static IEnumerable<ProteinChain> Read(string path)
    {
        using var reader = new StreamReader(GzipFile.Open(path, isPacked: true));
        int number = 1;
        if (Next() is not Header)
            throw Malformed($"expected the header '{Header.Replace("\t", "<tab>", StringComparison.Ordinal)}'");
        for (number = 2; Next() is { } line; number++)
            yield return Parse(line, Malformed);

        string? Next()
        {
            try
            {
                return reader.ReadLine();
            }
            catch (InvalidDataException problem)
            {
                throw Malformed(problem.Message.TrimEnd('.'), problem);
            }
        }

        InvalidDataException Malformed(string problem, Exception? cause = null) => new($"{path}, line {number}: {problem}.", cause);
    }

    private static ProteinChain Parse(string line, Func<string, Exception?, InvalidDataException> malformed)
    {
        string[] columns = line.Split('\t');
        if (columns.Length != 8)
            throw malformed($"expected 8 columns separated by tabs, found {columns.Length}", null);

        var (key, sequence, dssp) = (columns[0], columns[5], columns[6]);
        if (sequence.FirstOrDefault(letter => !Residues.Contains(letter)) is var unknown and not '\0')
            throw malformed($"chain {key}: '{unknown}' is none of the 20 amino acids", null);

        string[] triples = columns[7].Split(' ');
        string length = sequence.Length.ToString(CultureInfo.InvariantCulture);
        if (columns[4] != length || dssp.Length != sequence.Length || triples.Length != sequence.Length)
            throw malformed(
                $"chain {key}: the length column says {columns[4]}, but there are {length} residues, {dssp.Length} DSSP states and {triples.Length} "
                    + $"coordinates", null);

        // The first triple is a position, every later one the step from the residue before, in 0.01 angstrom.
        var positions = new Vector3[triples.Length];
        var (x, y, z) = (0, 0, 0);
        for (int i = 0; i < triples.Length; i++)
        {
            string[] parts = triples[i].Split(',');
            if (parts.Length != 3 || !Whole(parts[0], out int dx) || !Whole(parts[1], out int dy) || !Whole(parts[2], out int dz))
                throw malformed($"chain {key}: coordinate {i} is '{triples[i]}', expected three whole numbers", null);

            (x, y, z) = (x + dx, y + dy, z + dz);
            positions[i] = new Vector3(x, y, z) / 100;
        }

        return new ProteinChain(key, sequence, dssp, positions);
    }

    private static bool Whole(string text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private double Share(string states) => Dssp.Count(states.Contains) / (double)Dssp.Length;
}
