using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Tests.Modalities;

[TestClass]
public sealed class ProteinBindingTests
{
    private readonly MLContext _mlContext = new();

    private sealed class Row
    {
        public string? Sequence { get; set; }

        public float[]? Carbons { get; set; }

        public double[]? Doubles { get; set; }

        [VectorType(6)]
        public float[]? Fixed { get; set; }
    }

    [TestMethod]
    [DataRow(null, "Absent", "")]
    [DataRow("", "Absent", "")]
    [DataRow(" \r\n", "Absent", "")]
    [DataRow("LAG", "Present", "4 5 6")]
    [DataRow("L A\nG", "Present", "4 5 6")]
    [DataRow("LaG", "Invalid", "Character 2 of the sequence is 'a'; expected one of LAGVSERTIDPKQNFYMHWCXBUZO.-, <mask> or <unk>")]
    [DataRow("LJ", "Invalid", "Character 2 of the sequence is 'J'")]
    public void Sequences(string? text, string expected, string found)
    {
        var (presence, reader) = Read<SequenceReader>(new Row { Sequence = text }, Modality.ProteinSequence("E", "Sequence"));
        Assert.AreEqual(expected, presence.ToString());
        if (presence == Presence.Present)
            Assert.AreEqual(found, string.Join(' ', reader.Tokens.ToArray()));
        if (presence == Presence.Invalid)
            Assert.StartsWith(found, reader.Problem);
    }

    [TestMethod]
    public void UnknownResiduesFollowTheOptions()
    {
        var modality = Modality.ProteinSequence("E", "Sequence", new Esm2Options { UnknownResidues = Esm2UnknownResidues.UnknownToken });
        var (presence, reader) = Read<SequenceReader>(new Row { Sequence = "LJ" }, modality);
        Assert.AreEqual(Presence.Present, presence);
        CollectionAssert.AreEqual(new byte[] { 4, 3 }, reader.Tokens.ToArray());
    }

    [TestMethod]
    [DataRow(new float[] { }, "Absent", "")]
    [DataRow(null, "Absent", "")]
    [DataRow(new[] { float.NaN, float.NaN }, "Absent", "")]
    [DataRow(new[] { 1f, 2, 3, 4, 5, 6 }, "Present", "")]
    [DataRow(new[] { 1f, 2, 3, 4 }, "Invalid", "the vector has 4 slots; expected three for each alpha carbon, a multiple of 3")]
    [DataRow(new[] { 1f, 2, float.NaN }, "Invalid", "slot 2 is NaN; expected finite numbers")]
    [DataRow(new[] { 1f, float.NegativeInfinity, 2 }, "Invalid", "slot 1 is -Infinity; expected finite numbers")]
    public void Structures(float[]? carbons, string expected, string problem)
    {
        foreach (var column in new[] { "Carbons", "Doubles" })
        {
            var row = new Row { Carbons = carbons, Doubles = carbons?.Select(value => (double)value).ToArray() };
            var (presence, reader) = Read<ChainReader>(row, Modality.ProteinStructure("E", column));
            Assert.AreEqual(expected, presence.ToString());
            if (presence == Presence.Present)
                CollectionAssert.AreEqual(carbons, reader.Coordinates.ToArray());
            if (presence == Presence.Invalid)
                Assert.StartsWith(problem, reader.Problem);
        }
    }

    [TestMethod]
    [DataRow("AX", "Present", "0 20")]
    [DataRow("a\n*", "Present", "0 20")]
    [DataRow("", "Present", "")]
    [DataRow("ACD", "Invalid", "there are 2 alpha carbons, but column 'Sequence' has 3 letters; expected as many, or none")]
    public void StructuresWithSequences(string sequence, string expected, string found)
    {
        foreach (var column in new[] { "Carbons", "Fixed" })
        {
            var (presence, reader) = Read<ChainReader>(new Row { Carbons = [1, 2, 3, 4, 5, 6], Fixed = [1, 2, 3, 4, 5, 6], Sequence = sequence },
                Modality.ProteinStructure("E", column, "Sequence"));
            Assert.AreEqual(expected, presence.ToString());
            Assert.AreEqual(found, presence == Presence.Invalid ? reader.Problem : string.Join(' ', reader.Residues.ToArray()));
        }
        Assert.AreEqual(Presence.Absent, Read<ChainReader>(new Row { Sequence = sequence }, Modality.ProteinStructure("E", "Fixed", "Sequence")).Presence,
            "a structure is absent whatever its sequence says");
    }

    [TestMethod]
    public void StoresGiveBackWhatTheyGotAndReuseTheirMemory()
    {
        var random = new Random(1);
        var rows = Enumerable.Range(0, 60)
            .Select(
                i => new Row
                {
                    Sequence = new string('L', random.Next(1, i == 40 ? 90_000 : 300)),
                    Carbons = [.. Enumerable.Range(0, 3 * random.Next(1, 200)).Select(_ => random.NextSingle())],
                }).ToList();
        var view = _mlContext.Data.LoadFromEnumerable(rows);
        var sequences = ModalityKinds.Bind(Modality.ProteinSequence("E", "Sequence"), view.Schema);
        var structures = ModalityKinds.Bind(Modality.ProteinStructure("E", "Carbons"), view.Schema);
        using var sequenceStore = sequences.CreateStore();
        using var structureStore = structures.CreateStore();
        for (var round = 0; round < 3; round++)
        {
            sequenceStore.Clear();
            structureStore.Clear();
            using var cursor = view.GetRowCursor(view.Schema);
            var (sequenceReader, structureReader) = (sequences.Open(cursor), structures.Open(cursor));
            while (cursor.MoveNext())
            {
                Assert.AreEqual(Presence.Present, sequenceReader.Read());
                Assert.AreEqual(Presence.Present, structureReader.Read());
                sequenceStore.Add(sequenceReader);
                structureStore.Add(structureReader);
            }
            var batch = ((SequenceBatch)sequenceStore.Gather([59, 40, 0, 0])).Residues;
            CollectionAssert.AreEqual(new[] { 59, 40, 0, 0 }.Select(i => rows[i].Sequence!.Length).ToArray(), batch.Select(tokens => tokens.Length).ToArray());
            Assert.IsTrue(batch.All(tokens => tokens.Span.IndexOfAnyExcept((byte)4) < 0));
            var chains = ((StructureBatch)structureStore.Gather(Enumerable.Range(0, 60).ToArray())).Chains;
            for (var i = 0; i < 60; i++)
            {
                CollectionAssert.AreEqual(rows[i].Carbons, chains[i].Coordinates.ToArray());
                Assert.IsNull(chains[i].Residues);
                Assert.AreEqual(rows[i].Carbons!.Length / 3, structureStore.LengthOf(i));
            }
        }
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => sequenceStore.Gather([60]));
    }

    private (Presence Presence, T Reader) Read<T>(Row row, Modality modality) where T : ExampleReader
    {
        var view = _mlContext.Data.LoadFromEnumerable([row]);
        using var cursor = view.GetRowCursor(view.Schema);
        Assert.IsTrue(cursor.MoveNext());
        var reader = (T)ModalityKinds.Bind(modality, view.Schema).Open(cursor);
        return (reader.Read(), reader);
    }
}
