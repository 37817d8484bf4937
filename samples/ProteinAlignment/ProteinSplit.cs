using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;

namespace ProteinAlignment;

/// <summary>
/// Who sees what: fixed test rows; of the other rows a tenth as pairs, the rest once for its sequences and once for its structures.
/// </summary>
internal sealed record ProteinSplit(Protein[] Test, Protein[] Pairs, Protein[] Sequences, Protein[] Structures)
{
    private const double PairedShare = 0.1;

    /// <summary>Splits the rows; the seed decides which of the training rows are pairs, the test rows are always the same.</summary>
    public static ProteinSplit Create(IReadOnlyList<Protein> proteins, int seed)
    {
        var random = new Random(seed);
        Protein[] training = [.. proteins.Where(protein => !IsTest(protein))];
        random.Shuffle(training);
        int pairs = (int)(PairedShare * training.Length);
        Protein[] sequences = training[pairs..], structures = training[pairs..];
        random.Shuffle(sequences);
        random.Shuffle(structures); // in an order of their own: no row says which structure belongs to which sequence
        return new ProteinSplit([.. proteins.Where(IsTest)], training[..pairs], sequences, structures);
    }

    /// <summary>Pairs with both sides, then rows with a sequence alone, then rows with a structure alone; the class is known with the sequence.</summary>
    /// <param name="mlContext">The context.</param>
    /// <param name="sequence">Column of the sequences.</param>
    /// <param name="structure">Column of the structures.</param>
    public IDataView TrainingView(MLContext mlContext, string sequence, string structure) => mlContext.Data.CombineModalities(
        Protein.View(mlContext, Pairs, sequence, structure, nameof(Protein.Class)),
        Protein.View(mlContext, Sequences, sequence, nameof(Protein.Class)),
        Protein.View(mlContext, Structures, structure),
        Columns.IsPaired);

    public IDataView TestView(MLContext mlContext, string sequence, string structure) =>
        Protein.View(mlContext, Test, sequence, structure, nameof(Protein.Class));

    /// <summary>Every training row that has a sequence, for the classifier that gets no embedding.</summary>
    public IDataView SequenceView(MLContext mlContext) =>
        Protein.View(mlContext, [.. Pairs, .. Sequences], nameof(Protein.SequenceFeatures), nameof(Protein.Class));

    // A quarter of the rows by a hash of their name, whatever else the table holds.
    private static bool IsTest(Protein protein) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes("test " + protein.Key))) % 4 == 0;
}
