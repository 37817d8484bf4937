using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>A tower and rows for it.</summary>
/// <param name="Name">As in tables and files.</param>
/// <param name="Rows">Rows of a run.</param>
/// <param name="RowsAlone">Rows of a run that takes them one by one.</param>
/// <param name="Modality">Columns and encoder.</param>
/// <param name="InputDimension">Features of a vector, else 0.</param>
/// <param name="Source">So many rows.</param>
internal sealed record ScoringCase(string Name, int Rows, int RowsAlone, Modality Modality, int InputDimension, Func<int, IDataView> Source)
{
    public const string Output = "Embedding";

    /// <summary>Different feature rows of the MLP; more are the same again.</summary>
    public const int FeatureRows = 4096;

    public const int Features = 256;

    private const int EmbeddingDimension = 128, ShortestChain = 60, LongestChain = 400, Chains = 2000;
    private const string Input = "Input";

    public static IReadOnlyList<ScoringCase> All { get; } =
    [
        new("MLP", 100_000, 10_000, Modality.Vector(Output, Input, new VectorEncoderOptions { HiddenDimensions = [512, 512] }), Features, FeatureVectors),
        new("n-grams", 20_000, 2_000, Modality.Text(Output, Input), 0, Texts),
        new("ESM-2", Chains, 200, Modality.ProteinSequence(Output, Input, new Esm2Options()), 0, Sequences),
        new("CDConv", Chains, 200, Modality.ProteinStructure(Output, Input), 0, Structures),
    ];

    /// <summary>Those, and one whose first rows are measured only: its windows take a minute.</summary>
    public static IReadOnlyList<ScoringCase> WithLarge { get; } =
        [.. All, new("ESM-2-35M", Chains, 200, Modality.ProteinSequence(Output, Input, new Esm2Options { Size = Esm2Size.T12_35M }), 0, Sequences)];

    /// <summary>Whether all rows cost the same, so that a few different ones stand for all.</summary>
    public bool IsUniform => Modality is VectorModality;

    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static ScoringCase Named(string name) =>
        Named(name, All);

    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static ScoringCase Named(string name, IReadOnlyList<ScoringCase> some) =>
        some.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"Unknown tower '{name}'; there are {string.Join(", ", some.Select(c => c.Name))}.");

    /// <summary>A transformer with random weights, the same each time. The other tower is small and never computed.</summary>
    public GentleClipTransformer CreateTransformer()
    {
        using var generator = new Generator(1);
        var other = Modality.Vector("Other", "OtherInput", new VectorEncoderOptions { HiddenDimensions = [2] });
        var spec = new TwoTowerSpec(new(Modality, InputDimension), new(other, 2), EmbeddingDimension, Temperature: 0.07);
        return new(new FittedModel(new TwoTowerModel(spec, generator), Seed: 1, TrainingRows.All, History: []), CPU);
    }

    /// <summary>The rows' samples; of a tower whose rows cost the same, a few.</summary>
    public ExampleStore Examples()
    {
        var source = Source(IsUniform ? FeatureRows : Rows);
        var binding = ModalityKinds.Bind(Modality, source.Schema);
        var examples = binding.CreateStore();
        using var cursor = source.GetRowCursor(source.Schema);
        var reader = binding.Open(cursor);
        while (cursor.MoveNext() && reader.Read() == Presence.Present)
            examples.Add(reader);
        return examples;
    }

    /// <summary>The MLP's features, <c>[FeatureRows, Features]</c>.</summary>
    public static float[] MakeFeatures()
    {
        var random = new Random(1);
        var values = new float[FeatureRows * Features];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)(2 * random.NextDouble() - 1);
        return values;
    }

    private static IDataView FeatureVectors(int rows)
    {
        var values = MakeFeatures();
        return new MadeUpRows<VBuffer<float>>(Input, new VectorDataViewType(NumberDataViewType.Single, Features), rows, (long row, ref VBuffer<float> value) =>
            Copy(values.AsSpan((int)(row % FeatureRows) * Features, Features), ref value));
    }

    // Captions of 3 to 24 made-up words.
    private static IDataView Texts(int rows)
    {
        var random = new Random(1);
        string[] words = [.. Enumerable.Range(0, 2000).Select(_ => new string(random.GetItems<char>("etaoinshrdlucmfwypvbgkjqxz", random.Next(2, 10))))];
        var texts = Enumerable.Range(0, 4096).Select(_ => string.Join(' ', random.GetItems(words, random.Next(3, 25))).AsMemory()).ToArray();
        return new MadeUpRows<ReadOnlyMemory<char>>(Input, TextDataViewType.Instance, rows,
            (long row, ref ReadOnlyMemory<char> value) => value = texts[row % texts.Length]);
    }

    private static IDataView Sequences(int rows)
    {
        var random = new Random(1);
        var texts = Lengths().Select(length => random.GetItems<char>("LAGVSERTIDPKQNFYMHWC", length).AsMemory()).ToArray();
        return new MadeUpRows<ReadOnlyMemory<char>>(Input, TextDataViewType.Instance, rows,
            (long row, ref ReadOnlyMemory<char> value) => value = texts[row % texts.Length]);
    }

    private static IDataView Structures(int rows)
    {
        var chains = Lengths().Take(Math.Min(rows, Chains)).Select(length => MadeUpChains.Walks(1, length)[0].Coordinates).ToArray();
        return new MadeUpRows<VBuffer<float>>(Input, new VectorDataViewType(NumberDataViewType.Single), rows, (long row, ref VBuffer<float> value) =>
            Copy(chains[row % chains.Length].Span, ref value));
    }

    // Evenly spread, in no order.
    private static IEnumerable<int> Lengths()
    {
        var lengths = Enumerable.Range(0, Chains).Select(i => ShortestChain + i * (LongestChain - ShortestChain) / (Chains - 1)).ToArray();
        new Random(2).Shuffle(lengths);
        return lengths;
    }

    private static void Copy(ReadOnlySpan<float> source, ref VBuffer<float> value)
    {
        var editor = VBufferEditor.Create(ref value, source.Length);
        source.CopyTo(editor.Values);
        value = editor.Commit();
    }
}
