using Microsoft.ML;
using Microsoft.ML.GentleClip;
using ProteinAlignment;
using ProteinTasks.Data;

namespace ProteinTasks.Pretraining;

/// <summary>The embeddings of the pieces, in their order. A floor has no sides: its features stand in the first list, the second is empty.</summary>
internal sealed record Embeddings(float[][] Sequences, float[][] Structures)
{
    /// <summary>The encoders' features before the projection heads; null where there are no towers.</summary>
    public (float[][] Sequences, float[][] Structures)? Encoded { get; init; }

    /// <summary>As features of a further alignment.</summary>
    public FeatureRow[] Rows => [.. Sequences.Zip(Structures, (a, b) => new FeatureRow { SequenceFeatures = a, StructureFeatures = b })];

    /// <summary>What the classifiers read: both sides one after another, features where there are encoders.</summary>
    public float[][] Both => Structures.Length == 0 ? Sequences
        : Encoded is var (sequences, structures) ? Beside(sequences, structures) : Beside(Sequences, Structures);

    private static float[][] Beside(float[][] sequences, float[][] structures) => [.. sequences.Zip(structures, (a, b) => (float[])[.. a, .. b])];
}

/// <summary>Fits a method through the catalog, and embeds the pieces with it.</summary>
internal sealed class Pretrainer(ProteinData data, Settings settings, CancellationToken cancellation)
{
    public const string SequenceEmbedding = nameof(SequenceEmbedding), StructureEmbedding = nameof(StructureEmbedding);
    private const string EncodedSequence = nameof(EncodedSequence), EncodedStructure = nameof(EncodedStructure);

    // An untrained model takes a step of no size; what its normalisations go by is measured when Fit ends, as for any other.
    private const int UntrainedSteps = 1;
    private const double NoLearning = 1e-12;

    private FeatureRow[]? _chainFeatures, _pieceFeatures;

    /// <summary>Fits a method; <paramref name="frozen"/> are the features of the pretraining chains where other encoders give them.</summary>
    public ITransformer Fit(Method method, int seed, IProgress<TrainingProgress> progress, out DataViewSchema inputs, FeatureRow[]? frozen = null)
    {
        var mlContext = new MLContext(seed);
        IDataView rows = method.Input == MethodInput.Chains
            ? PretrainingRows.Chains(mlContext, data.Pretraining, method, settings, seed)
            : PretrainingRows.Features(mlContext, frozen ?? (_chainFeatures ??= Features(data.Pretraining.Select(Piece.Of))), method, seed);
        inputs = rows.Schema;
        return mlContext.Transforms.GentleClip(Options(method, seed, progress)).Fit(rows);
    }

    /// <summary>Embeds the pieces of the tasks; <paramref name="frozen"/> are their features where other encoders give them.</summary>
    public Embeddings Embed(Method method, ITransformer model, FeatureRow[]? frozen = null) => method.Input == MethodInput.Chains
        ? Embed(model, data.Pieces)
        : Embed(model, mlContext => PretrainingRows.View(mlContext, frozen ?? (_pieceFeatures ??= Features(data.Pieces))));

    /// <summary>Embeds the crops that a seed pretrains on.</summary>
    public Embeddings EmbedCrops(ITransformer model, int seed) => Embed(model, PretrainingRows.Crops(data.Pretraining, settings, seed));

    private Embeddings Embed(ITransformer model, Piece[] pieces) =>
        Embed(model,
            mlContext =>
                PretrainingRows.View(mlContext, pieces.Select(piece => new ChainRow { Sequence = piece.Sequence, AlphaCarbons = piece.AlphaCarbons })));

    private Embeddings Embed(ITransformer model, Func<MLContext, IDataView> view)
    {
        var mlContext = new MLContext(seed: 1);
        IDataView scored = model.Transform(view(mlContext));
        if (scored.Schema.GetColumnOrNull(EncodedSequence) is null)
        {
            EmbeddedRow[] rows = Rows<EmbeddedRow>();
            return new Embeddings(Array.ConvertAll(rows, row => row.SequenceEmbedding), Array.ConvertAll(rows, row => row.StructureEmbedding));
        }
        EncodedRow[] encoded = Rows<EncodedRow>();
        return new Embeddings(Array.ConvertAll(encoded, row => row.SequenceEmbedding), Array.ConvertAll(encoded, row => row.StructureEmbedding))
        {
            Encoded = (Array.ConvertAll(encoded, row => row.EncodedSequence), Array.ConvertAll(encoded, row => row.EncodedStructure)),
        };

        T[] Rows<T>()
            where T : class, new() => [.. mlContext.Data.CreateEnumerable<T>(scored, reuseRowObject: false).Select(row =>
            {
                cancellation.ThrowIfCancellationRequested();
                return row;
            })];
    }

    /// <summary>Shares of the 20 residues and the logarithm of the length.</summary>
    public Embeddings Composition() => new(
        Array.ConvertAll(data.Pieces,
            piece => (float[])[.. "ACDEFGHIKLMNPQRSTVWY".Select(letter => piece.Sequence.Count(residue => residue == letter) / (float)piece.Sequence.Length),
                MathF.Log(piece.Sequence.Length)]),
        []);

    /// <summary>The options as they are run.</summary>
    public GentleClipOptions Options(Method method, int seed, IProgress<TrainingProgress>? progress = null)
    {
        var options = GentleClipOptions.FromPreset(method.Preset);
        if (method.Input != MethodInput.Chains)
        {
            if (!method.HasSelfTraining)
                options.ClosedForm = options.ClosedForm! with { Method = ClosedFormMethod.LinearAndKernel };
            options.ModalityA = Modality.Vector(SequenceEmbedding, nameof(FeatureRow.SequenceFeatures));
            options.ModalityB = Modality.Vector(StructureEmbedding, nameof(FeatureRow.StructureFeatures));
        }
        else
        {
            options.ModalityA = Modality.ProteinSequence(SequenceEmbedding, nameof(ChainRow.Sequence),
                new ProteinWindowOptions { HiddenDimensions = settings.SequenceWidths }).WithFeatures(EncodedSequence);
            // No sequence column: the structure's side must not read what it is to be matched with.
            options.ModalityB = Modality.ProteinStructure(StructureEmbedding, nameof(ChainRow.AlphaCarbons),
                encoder: new CdConvOptions { Channels = settings.Channels, Radii = settings.Radii })
                .WithFeatures(EncodedStructure);
            options.EmbeddingDimension = settings.EmbeddingDimension;
            options.ClosedForm = null; // it needs vectors
            options.Batches.PairsPerBatch = settings.Pairs;
            options.Batches.Size = method.UsesUnpaired ? 2 * settings.Pairs : settings.Pairs;
        }

        options.PairedColumnName = nameof(ChainRow.IsPaired);
        options.MaximumNumberOfSteps = method.IsTrained ? settings.Steps : Math.Min(UntrainedSteps, settings.Steps);
        options.Optimizer.LearningRate = method.IsTrained ? settings.LearningRate : NoLearning;
        if (!method.HasSelfSupervision)
            options.Objectives = options.Objectives.Without<SelfSupervisedObjective>();
        if (options.Objectives.OfType<SelfSupervisedObjective>().Any())
            options.Objectives = options.Objectives.With<SelfSupervisedObjective>(own => own with { Share = 1 }); // as in the paper
        if (!method.HasMmd)
            options.Objectives = options.Objectives.Without<MmdObjective>();
        if (!method.HasSdd)
            options.Objectives = options.Objectives.Without<SddObjective>();
        options.NumberOfThreads = 1; // cores that others use as well collapse with more
        options.Seed = seed;
        options.Device = settings.Device;
        options.Progress = progress;
        options.CancellationToken = cancellation;
        return options;
    }

    private FeatureRow[] Features(IEnumerable<Piece> pieces) =>
    [
        .. pieces.Select(piece =>
        {
            cancellation.ThrowIfCancellationRequested();
            return new FeatureRow
            {
                SequenceFeatures = SequenceFeatures.Compute(piece.Sequence),
                StructureFeatures = StructureFeatures.Compute([.. piece.AlphaCarbons.Chunk(3).Select(position => new System.Numerics.Vector3(position))]),
            };
        }),
    ];

    private class EmbeddedRow
    {
        public float[] SequenceEmbedding { get; init; } = [];

        public float[] StructureEmbedding { get; init; } = [];
    }

    private sealed class EncodedRow : EmbeddedRow
    {
        public float[] EncodedSequence { get; init; } = [];

        public float[] EncodedStructure { get; init; } = [];
    }
}
