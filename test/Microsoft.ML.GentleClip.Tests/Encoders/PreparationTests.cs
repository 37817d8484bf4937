using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>What an encoder begins with is what its exported graph begins with: the same arrays, made by the same code, ahead or not.</summary>
[TestClass]
public sealed class PreparationTests
{
    private static readonly string[] Texts = ["a river", "stones, and more stones of a river", "x", "the lights of a harbour at night, and of its ships"];
    private static readonly string[] Sequences = ["MKVLA", "A", "MKVLAGHTWYCDEFPQRSNI", "AXKD"];
    private static readonly IReadOnlyList<string> Vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "river", "stone", "##s", "of", "the", "x"];

    public static IEnumerable<object[]> Encoders =>
    [
        ["BERT", Modality.Text("E", "Text", new BertEncoderOptions { Size = new BertSize(1, 16, 2), Vocabulary = Vocabulary })],
        ["ESM-2", Modality.ProteinSequence("E", "Sequence", new Esm2Options { Size = new Esm2Size(1, 16, 2), MaximumLength = 12 })],
        ["windows", Modality.ProteinSequence("E", "Sequence", new ProteinWindowOptions { HiddenDimensions = [8] })],
    ];

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void AnEncoderBeginsWithTheArraysOfItsGraph(string name, Modality modality)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var store = Store(modality);
        var kind = EncoderKinds.Of(modality);
        using var encoder = kind.Create(modality, 0, generator);
        var batch = store.Gather([0, 1, 2, 3]);
        var prepared = (PreparedBatch)encoder.Prepare(batch, noise: null)();
        var graph = kind.CreatePreparation(modality, 0).Prepare(store);
        Assert.HasCount(graph.Count, prepared.Arrays, name);
        foreach (var (own, exported) in prepared.Arrays.Zip(graph))
        {
            Assert.AreEqual(exported.Name, own.Name);
            CollectionAssert.AreEqual(exported.Values, own.Values, own.Name);
            CollectionAssert.AreEqual(exported.Shape.ToArray(), own.Shape.ToArray(), own.Name);
        }
        CollectionAssert.AreEqual(Values(encoder.Encode(batch, noise: null)), Values(encoder.Encode(prepared, noise: null)), "prepared before or within");
    }

    /// <summary>In training they stay one after the other, as rows of one length would grow with the longest text; a graph has no such form.</summary>
    [TestMethod]
    public void NGramsAreThoseOfTheirGraphWithoutItsPadding()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var modality = Modality.Text("E", "Text", new TextNGramOptions { Buckets = 256, TableDimension = 8 });
        using var store = Store(modality);
        var kind = EncoderKinds.Of(modality);
        using var encoder = kind.Create(modality, 0, generator);
        var batch = store.Gather([0, 1, 2, 3]);
        var prepared = (NGramBatch)encoder.Prepare(batch, noise: null)();
        var graph = new PreparedBatch(kind.CreatePreparation(modality, 0).Prepare(store));
        var (ids, counts) = (graph.Values<long>("ngram_ids", out _), graph.Values<float>("ngram_counts", out _));
        var slots = Enumerable.Range(0, counts.Length).Where(slot => counts[slot] > 0).ToArray();
        Assert.IsLessThan(counts.Length, slots.Length, "the test needs texts of unequal lengths");
        CollectionAssert.AreEqual(slots.Select(slot => (long)(slot / (counts.Length / 4))).ToArray(), prepared.Rows);
        CollectionAssert.AreEqual(slots.Select(slot => ids[slot]).ToArray(), prepared.Buckets);
        CollectionAssert.AreEqual(slots.Select(slot => counts[slot]).ToArray(), prepared.Occurrences);
        CollectionAssert.AreEqual(Values(encoder.Encode(batch, noise: null)), Values(encoder.Encode(prepared, noise: null)), "prepared before or within");
    }

    [TestMethod]
    public void TrainingPreparesWholeSequencesAndInferenceTheirBeginning()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var modality = Modality.ProteinSequence("E", "Sequence", new Esm2Options { Size = new Esm2Size(1, 16, 2), MaximumLength = 12 });
        using var store = Store(modality);
        using var encoder = EncoderKinds.Of(modality).Create(modality, 0, generator);
        var batch = store.Gather([2]);
        Assert.IsFalse(encoder.PreparesAlike);
        Assert.AreEqual(14, ((PreparedBatch)encoder.Prepare(batch, noise: null)()).Arrays[0].Shape[1]);
        Assert.AreEqual(22, ((PreparedBatch)encoder.Prepare(batch, new NoiseSource(generator))()).Arrays[0].Shape[1]);
        encoder.TrainLast(0);
        Assert.IsTrue(encoder.PreparesAlike, "nothing is cut at random for a frozen one");
    }

    [TestMethod]
    public void PaddingOfNGramsIsLookedUpNowhere()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var modality = Modality.Text("E", "Text", new TextNGramOptions { Buckets = 256, TableDimension = 8, HiddenDimensions = [] });
        using var store = Store(modality);
        using var encoder = EncoderKinds.Of(modality).Create(modality, 0, generator);
        // Padding has bucket 0: a text beside a longer one must not train it.
        encoder.Encode(store.Gather([2, 3]), noise: null).sum().backward();
        var buckets = ((NGramBatch)encoder.Prepare(store.Gather([2, 3]), noise: null)()).Buckets.ToHashSet();
        var gradient = encoder.named_parameters().First(entry => entry.name == "table").parameter.grad!.abs().sum(1).data<float>().ToArray();
        Assert.IsFalse(buckets.Contains(0), "the test needs texts without bucket 0");
        Assert.AreEqual(0f, gradient[0]);
        Assert.IsTrue(buckets.All(bucket => gradient[bucket] > 0));
    }

    private static ExampleStore Store(Modality modality)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(modality.InputColumnName, Microsoft.ML.Data.TextDataViewType.Instance);
        var row = new InputRow<string>(builder.ToSchema(), ModalityKinds.Of(modality).InputOf<string>(modality, 0)!);
        var binding = ModalityKinds.Bind(modality, row.Schema);
        var reader = binding.Open(row);
        var store = binding.CreateStore();
        foreach (var text in modality is TextModality ? Texts : Sequences)
        {
            row.Set(text, 0);
            Assert.AreEqual(Presence.Present, reader.Read());
            store.Add(reader);
        }
        return store;
    }

    private static float[] Values(Tensor tensor) => tensor.data<float>().ToArray();
}
