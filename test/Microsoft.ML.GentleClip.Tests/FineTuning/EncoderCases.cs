using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Tests.Custom;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.FineTuning;

/// <summary>Every encoder once, small, over rows that have an input for each.</summary>
internal sealed class EncoderCases : IDisposable
{
    public const int Rows = 24;

    private readonly TemporaryFolder _folder = new();
    private readonly Row[] _rows;

    public EncoderCases()
    {
        var pieces = Proteins.Pieces(Rows, 14);
        var vectors = TwoViews.Pairs(Rows, 5);
        _rows = [.. Enumerable.Range(0, Rows).Select(i => new Row
        {
            A = vectors[i].A!,
            Text = $"a {Captions.Colours[i % 3]} {Captions.Things[i % 5]} at night",
            Sequence = pieces[i].Sequence!,
            AlphaCarbons = pieces[i].AlphaCarbons!,
            Path = $"{i}.png",
            Kind = LabelledViews.Kinds[i % 3],
        })];
        for (var i = 0; i < Rows; i++)
        {
            using var image = Pictures.Create(i % 3, 18 + i % 5, 30 - i % 7);
            image.Save(_folder.File(_rows[i].Path));
        }
        var plain = Context.Data.LoadFromEnumerable(_rows);
        var bytes = Context.Transforms.LoadImages("Image", _folder.FullName, "Path").Append(Context.Transforms.Conversion.MapValueToKey("Label", "Kind"));
        View = bytes.Fit(plain).Transform(plain);
        var bert = Captions.SmallBert;
        bert = bert with { Vocabulary = TextVocabulary.Learn(_rows.Select(row => row.Text.AsMemory()), bert) };
        Modalities = new Dictionary<string, (Modality, int)>
        {
            ["MLP"] = (Modality.Vector("Embedding", "A", new VectorEncoderOptions { HiddenDimensions = [16, 8] }), TwoViews.DimensionA),
            ["n-grams"] = (Modality.Text("Embedding", "Text", new TextNGramOptions { Buckets = 64, TableDimension = 16, HiddenDimensions = [12, 8] }), 0),
            ["BERT"] = (Modality.Text("Embedding", "Text", bert), 0),
            ["ESM-2"] = (Modality.ProteinSequence("Embedding", "Sequence", Proteins.SmallSequence), 0),
            ["windows"] =
                (Modality.ProteinSequence("Embedding", "Sequence", new ProteinWindowOptions { HiddenDimensions = [16, 8] }), 0),
            ["CDConv"] = (Modality.ProteinStructure("Embedding", "AlphaCarbons", "Sequence", Proteins.SmallStructure), 0),
            ["ResNet"] = (Modality.Image("Embedding", "Image", Pictures.Images, Pictures.ResNet), 0),
            ["ViT"] = (Modality.Image("Embedding", "Image", Pictures.Images, Pictures.ViT), 0),
            ["custom"] = (Modality.Vector("Embedding", "A", new GatedOptions()), TwoViews.DimensionA),
        };
    }

    public static IEnumerable<string> Names => ["MLP", "n-grams", "BERT", "ESM-2", "windows", "CDConv", "ResNet", "ViT", "custom"];

    public MLContext Context { get; } = new(seed: 3);

    public IDataView View { get; }

    /// <summary>The modality of each encoder, and the size of its vectors.</summary>
    public IReadOnlyDictionary<string, (Modality Modality, int InputDimension)> Modalities { get; }

    /// <summary>Options of a training of seconds.</summary>
    public static FineTuningOptions Options(int? layers, int steps = 3) => new()
    {
        TrainableLayers = layers,
        MaximumNumberOfSteps = steps,
        EncoderLearningRate = 1e-2,
        Batches = new() { Size = 8 },
        NumberOfThreads = 1,
        Seed = 3,
    };

    /// <summary>The rows as the inputs of a graph.</summary>
    public IReadOnlyList<OnnxInput> Inputs(string name, OnnxPreprocessor inputs) => name switch
    {
        "MLP" => inputs.Create(_rows.Select(row => row.A)),
        "n-grams" or "BERT" => inputs.Create(_rows.Select(row => row.Text)),
        "ESM-2" or "windows" => inputs.Create(_rows.Select(row => row.Sequence)),
        "CDConv" => inputs.Create(_rows.Select(row => new AlphaCarbonTrace(row.AlphaCarbons, row.Sequence))),
        _ => inputs.Create(_rows.Select(row => File.ReadAllBytes(_folder.File(row.Path)))),
    };

    public void Dispose() => _folder.Dispose();

    private sealed class Row
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];

        public string Text { get; set; } = "";

        public string Sequence { get; set; } = "";

        public float[] AlphaCarbons { get; set; } = [];

        public string Path { get; set; } = "";

        public string Kind { get; set; } = "";
    }
}
