using System.Globalization;
using System.IO.Compression;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Real chains: the sample's table.</summary>
internal static class Proteins
{
    private static readonly Lazy<Row[]> All = new(Read);

    internal sealed class Row
    {
        public string? Sequence { get; set; }

        public float[]? AlphaCarbons { get; set; }

        public bool IsPaired { get; set; } = true;

        public Row Copy() => (Row)MemberwiseClone();
    }

    /// <summary>Chains in the table's order; the rows are the caller's.</summary>
    public static List<Row> Chains(int count, int first = 0) => [.. All.Value.Skip(first).Take(count).Select(row => row.Copy())];

    /// <summary>The first residues of chains, for tests that must be fast.</summary>
    public static List<Row> Pieces(int count, int length, int first = 0) => [.. Chains(count, first).Select((row, i) =>
    {
        var residues = length - i % 5;
        return new Row { Sequence = row.Sequence![..residues], AlphaCarbons = row.AlphaCarbons![..(3 * residues)] };
    })];

    /// <summary>Pairs, then rows with a sequence alone, then rows with a structure alone.</summary>
    public static List<Row> Mixed(int pairs, int sequences, int structures, int length = 14)
    {
        var rows = Pieces(pairs + sequences + structures, length);
        for (var i = pairs; i < rows.Count; i++)
        {
            rows[i].IsPaired = false;
            if (i < pairs + sequences)
                rows[i].AlphaCarbons = null;
            else
                rows[i].Sequence = null;
        }
        return rows;
    }

    /// <summary>Encoders and a training of seconds.</summary>
    public static GentleClipOptions Options(int steps = 4, Esm2Options? sequence = null, CdConvOptions? structure = null,
        string? sequenceColumn = null) => new()
        {
            ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", sequence ?? SmallSequence),
            ModalityB = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons", sequenceColumn, structure ?? SmallStructure),
            EmbeddingDimension = 16,
            Batches = new() { Size = 12 },
            MaximumNumberOfSteps = steps,
            NumberOfThreads = 1,
            Seed = 3,
        };

    public static Esm2Options SmallSequence { get; } = new() { Size = new Esm2Size(2, 16, 2) };

    public static CdConvOptions SmallStructure { get; } = new()
    {
        Channels = [16, 32],
        Radii = [8, 12],
        SequentialKernelSize = 5,
        KernelChannels = [8],
        ResidueDimension = 8,
    };

    private static Row[] Read()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "data", "samples", "protein-chains.tsv.gz");
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        reader.ReadLine(); // header
        var rows = new List<Row>();
        while (reader.ReadLine() is { } line)
        {
            var columns = line.Split('\t');
            var steps = columns[7].Split(' ', ',').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
            var positions = new float[steps.Length];
            for (var i = 0; i < steps.Length; i++)
            {
                steps[i] += i < 3 ? 0 : steps[i - 3];
                positions[i] = steps[i] / 100f;
            }
            rows.Add(new Row { Sequence = columns[5], AlphaCarbons = positions });
        }
        return [.. rows];
    }
}
