using System.Globalization;
using System.IO.Compression;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>A real chain of test/data/proteins; positions in whole 0.01 angstrom, three a residue.</summary>
internal sealed record SampleChain(string Entry, string Chain, int FirstNumber, string Sequence, int[] Positions)
{
    /// <summary>The 24 chains.</summary>
    public static readonly SampleChain[] All = [.. Read()];

    /// <summary>Angstrom.</summary>
    public float[] AlphaCarbons => Array.ConvertAll(Positions, position => (float)(position / 100.0));

    private static IEnumerable<SampleChain> Read()
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "data", "proteins", "chains.tsv.gz")),
            CompressionMode.Decompress));
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var columns = line.Split('\t');
            var positions = columns[7].Split(' ', ',').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
            for (var i = 3; i < positions.Length; i++)
                positions[i] += positions[i - 3];
            yield return new SampleChain(columns[1], columns[2], int.Parse(columns[3], CultureInfo.InvariantCulture), columns[5], positions);
        }
    }
}
