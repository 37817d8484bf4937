using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.Trainers;
using ProteinAlignment;
using ProteinTasks.Data;
using ProteinTasks.Pretraining;

namespace ProteinTasks.FineTuning;

/// <summary>
/// Folds of domains, fine-tuned: the structure alone and both sides, from scratch and pretrained, frozen and all, after few and many steps; and what maximum
/// entropy makes of features computed by hand. Rows that are in the file already are not computed again.
/// </summary>
internal sealed class FineTuneStudy(CommandLine commandLine, Settings settings, TextWriter output, CancellationToken cancellation)
{
    private const string Label = "Label", Probe = "maximum entropy on hand-made features";

    // So many of the most frequent folds, and domains of each, that a seed takes minutes.
    private readonly int _folds = commandLine.Tiny ? 4 : 20, _domainsOfFold = commandLine.Tiny ? 6 : 25, _testDomains = commandLine.Tiny ? 20 : 200;
    private readonly int _few = commandLine.Tiny ? 4 : 100, _many = commandLine.Tiny ? 8 : 400;
    private readonly List<FineTuneRow> _rows = [];

    /// <exception cref="InvalidDataException">A file is malformed; the message names file and line.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; finished rows are kept.</exception>
    public void Run()
    {
        string json = Path.GetFullPath(commandLine.JsonFile);
        Directory.CreateDirectory(Path.GetDirectoryName(json)!);
        if (File.Exists(json))
            _rows.AddRange(JsonSerializer.Deserialize<FineTuneRow[]>(File.ReadAllText(json)) ?? []);
        var data = ProteinData.Read(commandLine.DataFolder, [], _domainsOfFold, commandLine.Tiny);
        var (train, superfamily, family) = Choose(data.Domains);
        if (superfamily.Length == 0 || family.Length == 0)
            throw new InvalidDataException(
                $"{commandLine.DataFolder}: the {_folds} most frequent folds have no test domains of other superfamilies or families.");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{train.Length} training domains of {_folds} folds, {superfamily.Length} test domains of other superfamilies, {family.Length} of families."));
        for (int seed = commandLine.FirstSeed; seed < commandLine.FirstSeed + commandLine.Seeds; seed++)
        {
            foreach (bool both in new[] { false, true })
                Keep(json, $"{Probe}, {(both ? "both sides" : "structure")}", seed, () => Probed(train, superfamily, family, both));
            GentleClipTransformer? pretrained = null;
            foreach (var variant in FineTuneVariant.All(_few, _many))
                Keep(json, variant.Name, seed, () => Tuned(variant, seed, train, superfamily, family, () => pretrained ??= Pretrain(data, seed)));
            pretrained?.Dispose();
        }
        output.WriteLine();
        output.WriteLine(Markdown());
    }

    private void Keep(string json, string variant, int seed, Func<(double, double)> compute)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_rows.Exists(row => row.Variant == variant && row.Seed == seed))
            return;
        var watch = Stopwatch.StartNew();
        var (superfamily, family) = compute();
        var found = new FineTuneRow(variant, seed, superfamily, family, watch.Elapsed.TotalSeconds);
        _rows.Add(found);
        File.WriteAllText(json, JsonSerializer.Serialize(_rows));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {seed}: {variant}: superfamily {100 * superfamily:0.0} %, family {100 * family:0.0} %, {found.Seconds:0} s"));
    }

    private (ScopeDomain[] Train, ScopeDomain[] Superfamily, ScopeDomain[] Family) Choose(ScopeDomain[] domains)
    {
        var folds = domains.Where(domain => domain.Split == "train").CountBy(domain => domain.Fold).OrderByDescending(fold => fold.Value)
            .ThenBy(fold => fold.Key, StringComparer.Ordinal).Take(_folds).Select(fold => fold.Key).ToHashSet();
        return (Of("train", int.MaxValue), Of("test_superfamily", _testDomains), Of("test_family", _testDomains));

        ScopeDomain[] Of(string split, int most)
        {
            ScopeDomain[] all = [.. domains.Where(domain => domain.Split == split && folds.Contains(domain.Fold))];
            return [.. Enumerable.Range(0, Math.Min(most, all.Length)).Select(i => all[(long)i * all.Length / Math.Min(most, all.Length)])];
        }
    }

    private static (double, double) Probed(ScopeDomain[] train, ScopeDomain[] superfamily, ScopeDomain[] family, bool both)
    {
        var mlContext = new MLContext(seed: 1);
        var model = mlContext.Transforms.NormalizeMeanVariance(nameof(FeatureRow.Features), fixZero: false)
            .Append(mlContext.Transforms.Conversion.MapValueToKey(Label, nameof(FeatureRow.Fold)))
            .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
                new LbfgsMaximumEntropyMulticlassTrainer.Options { L1Regularization = 0, L2Regularization = 1, NumberOfThreads = 1 }))
            .Fit(View(train));
        return (Accuracy(mlContext, model.Transform(View(superfamily))), Accuracy(mlContext, model.Transform(View(family))));

        IDataView View(ScopeDomain[] domains)
        {
            FeatureRow[] rows = [.. domains.Select(domain => new FeatureRow { Fold = domain.Fold, Features = Features(domain.Piece) })];
            var schema = SchemaDefinition.Create(typeof(FeatureRow));
            schema[nameof(FeatureRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Features.Length);
            return mlContext.Data.LoadFromEnumerable(rows, schema);
        }

        float[] Features(Piece piece)
        {
            float[] structure = StructureFeatures.Compute([.. piece.AlphaCarbons.Chunk(3).Select(position => new Vector3(position))]);
            return both ? [.. SequenceFeatures.Compute(piece.Sequence), .. structure] : structure;
        }
    }

    private (double, double) Tuned(
        FineTuneVariant variant, int seed, ScopeDomain[] train, ScopeDomain[] superfamily, ScopeDomain[] family, Func<GentleClipTransformer> pretrained)
    {
        var mlContext = new MLContext(seed);
        var options = new FineTuningOptions
        {
            LabelColumnName = Label,
            TrainableLayers = variant.TrainableLayers,
            MaximumNumberOfSteps = variant.Steps,
            NumberOfThreads = 1,
            Device = commandLine.Device,
            CancellationToken = cancellation,
        };
        // Encoders that have seen these many chains are trained at the full rate as well: the steps are few.
        options.EncoderLearningRate = options.Optimizer.LearningRate;
        if (!variant.IsPretrained)
            options.Modalities = variant.Side is null ? [Sequence(), Structure()] : [Structure()];
        else
            options.Side = variant.Side;
        var trainers = mlContext.MulticlassClassification.Trainers;
        var keys = mlContext.Transforms.Conversion.MapValueToKey(Label, nameof(DomainRow.Fold)).Fit(View(train));
        using var model = (variant.IsPretrained ? trainers.GentleClipFineTuning(pretrained(), options) : trainers.GentleClipFineTuning(options))
            .Fit(keys.Transform(View(train)));
        return (Accuracy(mlContext, model.Transform(keys.Transform(View(superfamily)))), Accuracy(mlContext, model.Transform(keys.Transform(View(family)))));

        IDataView View(ScopeDomain[] domains) => mlContext.Data.LoadFromEnumerable(domains.Select(domain => new DomainRow
        {
            Fold = domain.Fold,
            Sequence = domain.Piece.Sequence,
            AlphaCarbons = domain.Piece.AlphaCarbons,
        }));
    }

    // As the method clip-half of the study, on pairs alone.
    private GentleClipTransformer Pretrain(ProteinData data, int seed)
    {
        output.WriteLine($"seed {seed}: pretraining, {settings.Steps} steps");
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip);
        (options.ModalityA, options.ModalityB) = (Sequence(), Structure());
        options.EmbeddingDimension = 64;
        options.MaximumNumberOfSteps = settings.Steps;
        options.Batches.Size = settings.Pairs;
        options.NumberOfThreads = 1;
        options.Seed = seed;
        options.Device = commandLine.Device;
        options.CancellationToken = cancellation;
        var mlContext = new MLContext(seed);
        var crops = PretrainingRows.Crops(data.Pretraining, settings, seed);
        return mlContext.Transforms.GentleClip(options).Fit(mlContext.Data.LoadFromEnumerable(
            crops.Select(crop => new DomainRow { Sequence = crop.Sequence, AlphaCarbons = crop.AlphaCarbons })));
    }

    private ProteinSequenceModality Sequence() => Modality.ProteinSequence(
        "SequenceEmbedding", nameof(DomainRow.Sequence), new Esm2Options { Size = settings.SequenceSize, MaximumLength = settings.MaximumLength });

    // No sequence column: the structure alone must not read the letters.
    private ProteinStructureModality Structure() => Modality.ProteinStructure(
        "StructureEmbedding", nameof(DomainRow.AlphaCarbons), encoder: new CdConvOptions { Channels = settings.Channels, Radii = settings.Radii });

    private static double Accuracy(MLContext mlContext, IDataView scored) => mlContext.MulticlassClassification.Evaluate(scored).MicroAccuracy;

    private string Markdown()
    {
        var lines = _rows.GroupBy(row => row.Variant).Select(group => string.Create(CultureInfo.InvariantCulture,
            $"| {group.Key} | {Figure(group, row => 100 * row.Superfamily)} | {Figure(group, row => 100 * row.Family)} | ")
            + string.Create(CultureInfo.InvariantCulture, $"{group.Average(row => row.Seconds):0} |"));
        return $"| per cent | superfamily | family | seconds |\n|---|---|---|---|\n{string.Join('\n', lines)}";

        static string Figure(IEnumerable<FineTuneRow> rows, Func<FineTuneRow, double> figure)
        {
            double[] values = [.. rows.Select(figure)];
            double mean = values.Average();
            return values.Length == 1 ? mean.ToString("0.0", CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture,
                    $"{mean:0.0} ± {Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)):0.0}");
        }
    }

    private sealed class DomainRow
    {
        public string Fold { get; init; } = "";

        public string Sequence { get; init; } = "";

        public float[] AlphaCarbons { get; init; } = [];
    }

    private sealed class FeatureRow
    {
        public string Fold { get; init; } = "";

        public float[] Features { get; init; } = [];
    }
}
