namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>A training of a second or two whose checkpoints take longer than its steps.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Options">Everything but the folder of checkpoints.</param>
/// <param name="Rows">Its rows, the same at every call.</param>
internal sealed record KillTraining(string Name, Func<GentleClipOptions> Options, Func<MLContext, IDataView> Rows)
{
    /// <summary>The hidden command of the child: training, folder, "undisturbed" or "resume".</summary>
    public const string Command = "train";

    public static IReadOnlyList<KillTraining> All { get; } =
    [
        new("vectors", Vectors, mlContext => mlContext.Data.LoadFromEnumerable(MadeUp.Vectors(60, 60, 50))),
        new("proteins", Proteins, mlContext => mlContext.Data.LoadFromEnumerable(MadeUp.Chains(14, 10, 9))),
        new("frozen", Frozen, mlContext => mlContext.Data.LoadFromEnumerable(MadeUp.Chains(14, 10, 9))),
        new("pictures", Pictures, mlContext => mlContext.Data.LoadFromEnumerable(MadeUp.Pictures(12, 8, 8))),
    ];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static KillTraining Named(string name) => All.FirstOrDefault(training => training.Name == name)
        ?? throw new ArgumentException($"Unknown training '{name}'; there are {string.Join(", ", All.Select(training => training.Name))}.");

    // The closed form beside the towers, validation with early stopping, the guard's second training, learnt kernel weights and the towers' average.
    private static GentleClipOptions Vectors() => Common(new GentleClipOptions
    {
        ModalityA = Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [384, 384] }),
        ModalityB = Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [384, 384] }),
        EmbeddingDimension = 48,
        Batches = new() { Size = 32 },
        MaximumNumberOfSteps = 40,
        Optimizer = new() { LearningRate = 3e-3 },
        PairedColumnName = "IsPaired",
        Validation = new() { Fraction = 0.25, EarlyStoppingPatience = 2, GuardUnpairedObjectives = true },
        Objectives =
        [
            new ContrastiveObjective(), new SelfSupervisedObjective(), new MmdObjective { KernelWeights = MmdKernelWeights.Learnable },
            new SddObjective(), new TransportPairObjective(),
        ],
    });

    // Masked and cropped sequences with frozen lower layers, structures with batch normalisation.
    private static GentleClipOptions Proteins() => Common(new GentleClipOptions
    {
        ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence",
            new Esm2Options { Size = new Esm2Size(3, 48, 4), TrainableLayers = 2, Masking = 0.15 }),
        ModalityB = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons",
            encoder: new CdConvOptions { Channels = [16, 32], Radii = [8, 12], KernelChannels = [8] }),
        EmbeddingDimension = 16,
        Batches = new() { Size = 10 },
        MaximumNumberOfSteps = 14,
        PairedColumnName = "IsPaired",
    });

    // The features of a frozen encoder are computed once and cached.
    private static GentleClipOptions Frozen() => Common(new GentleClipOptions
    {
        ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new Esm2Options { Size = new Esm2Size(2, 32, 4), TrainableLayers = 0 }),
        ModalityB = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons",
            encoder: new CdConvOptions { Channels = [16, 32], Radii = [8, 12], KernelChannels = [8] }),
        EmbeddingDimension = 16,
        Batches = new() { Size = 10 },
        MaximumNumberOfSteps = 20,
        PairedColumnName = "IsPaired",
        Validation = new() { Fraction = 0.3 },
    });

    // Cropped, flipped and coloured pictures, batch normalisation, dropout in a BERT whose vocabulary is learnt.
    private static GentleClipOptions Pictures() => Common(new GentleClipOptions
    {
        ModalityA = Modality.Image("ImageEmbedding", "Image", new ImageOptions { Size = 16, StoredSize = 20 },
            new ResNetOptions { Size = new ResNetSize([1, 1, 1, 1], 8, bottleneck: false) }),
        ModalityB = Modality.Text("TextEmbedding", "Text",
            new BertEncoderOptions { Size = new BertSize(2, 32, 2, 64, 32), MaximumLength = 16, MaximumVocabularySize = 150 }),
        EmbeddingDimension = 16,
        Batches = new() { Size = 10 },
        MaximumNumberOfSteps = 14,
    });

    private static GentleClipOptions Common(GentleClipOptions options)
    {
        (options.Seed, options.NumberOfThreads, options.Checkpoints.Steps, options.Checkpoints.Keep) = (7, 1, 1, 2);
        return options;
    }
}
