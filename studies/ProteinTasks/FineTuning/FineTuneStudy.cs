using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using ProteinAlignment;
using ProteinTasks.Data;
using ProteinTasks.Pretraining;
using ProteinTasks.Reporting;
using ProteinTasks.Running;
using ProteinTasks.Tasks;

namespace ProteinTasks.FineTuning;

/// <summary>
/// The paper's protocol: encoders from scratch and pretrained with three presets; folds and label files from the frozen features, the frozen embeddings and
/// the fine-tuned encoders, one side and both; beside them features computed by hand. Rows that are in the file are not computed again.
/// </summary>
internal sealed class FineTuneStudy(CommandLine commandLine, Settings settings, TextWriter output, CancellationToken cancellation)
{
    private const string Label = "Label", HandMade = "computed by hand, no pretraining";

    // So many of the most frequent folds and labels, and of each so many rows, that a seed takes minutes.
    private readonly int _folds = commandLine.Tiny ? 4 : 20, _domainsOfFold = commandLine.Tiny ? 6 : 25, _testDomains = commandLine.Tiny ? 20 : 200;
    private readonly int _labelledChains = commandLine.Tiny ? 30 : 500, _heldOut = commandLine.Tiny ? 20 : 300;
    private readonly int _few = settings.TuningSteps / 2, _many = settings.TuningSteps;
    private readonly List<FineTuneRow> _rows = [];

    /// <exception cref="InvalidDataException">A file is malformed; the message names file and line.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; finished rows are kept.</exception>
    public void Run()
    {
        string json = Path.GetFullPath(commandLine.JsonFile), folder = Directory.CreateDirectory(Path.GetDirectoryName(json)!).FullName;
        if (File.Exists(json))
            _rows.AddRange(JsonSerializer.Deserialize<FineTuneRow[]>(File.ReadAllText(json)) ?? []);
        var data = Reduce(ProteinData.Read(commandLine.DataFolder, commandLine.LabelFiles, _domainsOfFold, commandLine.Tiny));
        var cache = new StageCache(commandLine.CacheFolder ?? Path.Combine(folder, "cache"), data, settings);
        var pretrainer = new Pretrainer(data, settings, cancellation);
        output.WriteLine(Describe(data));
        if (commandLine.Grid)
            Grid();
        else if (commandLine.Windows)
            Windows();
        else
            Protocol();
        output.WriteLine();
        output.WriteLine(Markdown());
        Draw();

        // The first seed's test domains, where both models are at hand.
        void Draw()
        {
            string picture = Path.ChangeExtension(json, ".png");
            if (commandLine.Grid || commandLine.Windows || File.Exists(picture)
                || cache.FindModel(Method.Named(Method.Untrained), commandLine.FirstSeed) is not GentleClipTransformer before)
                return;
            using (before)
                if (cache.FindModel(Method.Named(Method.GentleClip), commandLine.FirstSeed) is GentleClipTransformer after)
                    using (after)
                        EmbeddingPicture.Save(picture, data, Embed(before), Embed(after));

            Embeddings Embed(GentleClipTransformer model) => pretrainer.Embed(Method.Named(Method.ClipHalf), model);
        }

        void Protocol()
        {
            Keep(json, "hand-made", HandMade, commandLine.FirstSeed, () => ByHand(data));
            Keep(json, "sequence baselines", HandMade, commandLine.FirstSeed, () => SequenceBaselines(data));
            foreach (var round in FineTuneStage.Rounds(_few, _many, data.LabelFiles.Length))
                for (int seed = commandLine.FirstSeed; seed < commandLine.FirstSeed + commandLine.Seeds; seed++)
                    foreach (var stage in round.Where(stage => commandLine.Methods.Contains(stage.Method)))
                        Keep(json, NameOf(stage, data), PresetOf(stage.Method), seed, () =>
                        {
                            using var model = FindOrFit(stage.Method, seed);
                            return stage.IsFrozen ? Frozen(data, pretrainer, model)
                                : [($"fine-tuned, {stage.Sides}, {stage.Steps} steps", Tuned(data, stage, model, TuningSetting.Study))];
                        });
        }

        void Grid()
        {
            for (int seed = commandLine.FirstSeed; seed < commandLine.FirstSeed + commandLine.Seeds; seed++)
                foreach (var setting in TuningGrid.Settings)
                    foreach (var method in TuningGrid.Presets.Select(Method.Named).Where(commandLine.Methods.Contains))
                        Keep(json, $"{setting}", PresetOf(method), seed, () =>
                        {
                            using var model = FindOrFit(method, seed);
                            return [($"{setting}",
                                Tuned(data, new FineTuneStage(method, IsFrozen: false, commandLine.GridSide, null, _many), model, setting))];
                        });
        }

        void Windows()
        {
            Keep(json, "statistics", HandMade, commandLine.FirstSeed, () =>
            [
                SequenceFloor(data),
                ("the statistics, sequence", Figures(data, Array.ConvertAll(data.Pieces, piece => SequenceFeatures.Compute(piece.Sequence)))),
            ]);
            var sequences = new SequencePretrainer(data, settings, cancellation);
            for (int seed = commandLine.FirstSeed; seed < commandLine.FirstSeed + commandLine.Seeds; seed++)
                foreach (var method in commandLine.Methods.Where(method => method is { Input: MethodInput.Chains, IsAblation: false }))
                    foreach (var (form, encoder) in FormsOfWindows(settings.SequenceWidths))
                        Keep(json, form, PresetOf(method), seed, () =>
                        {
                            using var model = sequences.Fit(method, seed, encoder);
                            return OfSequences(form, method, sequences, model);
                        });
        }

        (string, Dictionary<string, double>)[] OfSequences(string form, Method method, SequencePretrainer sequences, GentleClipTransformer model)
        {
            var (features, embeddings) = sequences.Embed(model);
            var stage = new FineTuneStage(method, IsFrozen: false, Side.A, null, _many);
            var tuned = Tuned(data, stage, model, TuningSetting.Study);
            for (int file = 0; file < data.LabelFiles.Length; file++)
                foreach (var (name, figure) in Tuned(data, stage with { LabelFile = file }, model, TuningSetting.Study))
                    tuned[name] = figure;
            return
            [
                ($"{form}: frozen features", Figures(data, features)),
                ($"{form}: frozen embeddings", Figures(data, embeddings)),
                ($"{form}: fine-tuned, {_many} steps", tuned),
                ($"{form}: search", Measurement.Retrieval(data with { Pieces = data.HeldOut }, sequences.EmbedHeldOut(model))),
            ];
        }

        GentleClipTransformer FindOrFit(Method method, int seed)
        {
            if (cache.FindModel(method, seed) is GentleClipTransformer found)
                return found;
            var watch = Stopwatch.StartNew();
            var fitted = (GentleClipTransformer)pretrainer.Fit(method, seed, new Lines(output), out var inputs);
            cache.Keep(method, seed, fitted, inputs);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"seed {seed}: {method.Title}: pretrained in {watch.Elapsed.TotalSeconds:0} s, {fitted.History[^1]}"));
            return fitted;
        }
    }

    private static string NameOf(FineTuneStage stage, ProteinData data) => stage.IsFrozen ? "frozen" : string.Create(CultureInfo.InvariantCulture,
        $"{(stage.LabelFile is { } file ? data.LabelFiles[file].Name : "folds")}, {stage.Sides}, {stage.Steps} steps");

    private static string PresetOf(Method method) => method.Name == Method.Untrained ? "none (from scratch)" : method.Title;

    private void Keep(string json, string stage, string preset, int seed, Func<(string Reading, Dictionary<string, double> Figures)[]> compute)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_rows.Exists(row => row.Stage == stage && row.Preset == preset && row.Seed == seed))
            return;
        var watch = Stopwatch.StartNew();
        foreach (var (reading, figures) in compute())
        {
            _rows.Add(new FineTuneRow(stage, reading, preset, seed, figures, watch.Elapsed.TotalSeconds));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"seed {seed}: {reading}, {preset}: {string.Join(", ", figures.Select(figure => FormattableString.Invariant(
                    $"{figure.Key} {100 * figure.Value:0.0} %")))}, {watch.Elapsed.TotalSeconds:0} s"));
        }
        StageCache.Write(json, stream => JsonSerializer.Serialize(stream, _rows));
    }

    private static (string Name, ProteinWindowOptions Encoder)[] FormsOfWindows(IReadOnlyList<int> widths) =>
    [
        ("layers and statistics", new() { HiddenDimensions = widths, KeepStatistics = true }),
        ("only layers", new() { HiddenDimensions = widths, KeepStatistics = false }),
        ("only statistics", new() { HiddenDimensions = [] }),
    ];

    // Folds that have as many training domains as are taken, the first by name, and fewer rows of everything, in the same order.
    private ProteinData Reduce(ProteinData data)
    {
        var folds = data.Domains.Where(domain => domain.Split == "train").CountBy(domain => domain.Fold).OrderByDescending(fold => fold.Value)
            .ThenBy(fold => fold.Key, StringComparer.Ordinal).Take(_folds).Select(fold => fold.Key).ToHashSet();
        // Settings are compared on the validation domains instead, and forms on the domains that were left over as well.
        if (commandLine.Choose)
        {
            ScopeDomain[] toChooseOn = [.. data.Validation, .. data.Spare.Select(domain => domain with { Split = ScopeDomain.ToChooseOn })];
            data = data with
            {
                Validation = toChooseOn,
                Pieces = [.. data.Pieces.Concat(toChooseOn.Select(domain => domain.Piece)).DistinctBy(piece => piece.Key)],
            };
        }
        ScopeDomain[] domains =
        [
            .. Of("train", int.MaxValue),
            .. (commandLine.Grid || commandLine.Choose ? [ScopeDomain.ToChooseOn] : ScopeDomain.Tests).SelectMany(
                test => Of(test, commandLine.Choose ? int.MaxValue : _testDomains)),
        ];
        if (domains.All(domain => domain.Split == "train"))
            throw new InvalidDataException($"{commandLine.DataFolder}: the {_folds} most frequent folds have no test domains.");
        LabelFile[] labels = commandLine.Choose ? [] : Array.ConvertAll(data.LabelFiles, file => file with
        {
            Chains = [.. file.Chains.GroupBy(chain => chain.Split).SelectMany(split => Spread([.. split], _labelledChains))],
        });
        Piece[] heldOut = Spread(
            commandLine.Windows ? [.. data.HeldOut.Where(piece => data.HeldOutToChooseOn.Contains(piece.Key) == commandLine.Choose)] : data.HeldOut, _heldOut);
        var needed = heldOut.Concat(domains.Select(domain => domain.Piece)).Select(piece => piece.Key)
            .Concat(labels.SelectMany(file => file.Chains).Select(chain => chain.ChainKey)).ToHashSet();
        return data with { Domains = domains, LabelFiles = labels, HeldOut = heldOut, Pieces = [.. data.Pieces.Where(piece => needed.Contains(piece.Key))] };

        IEnumerable<ScopeDomain> Of(string split, int most) =>
            Spread([.. data.Domains.Concat(data.Validation).Where(domain => domain.Split == split && folds.Contains(domain.Fold))], most);

        static T[] Spread<T>(T[] all, int most) =>
            [.. Enumerable.Range(0, Math.Min(most, all.Length)).Select(i => all[(long)i * all.Length / Math.Min(most, all.Length)])];
    }

    private string Describe(ProteinData data)
    {
        string domains = string.Join(", ", data.Domains.CountBy(domain => domain.Split).Select(split => $"{split.Value} {split.Key}"));
        string labels = string.Join(", ", data.LabelFiles.Select(file => $"{file.Name}: {string.Join(", ",
            file.Chains.CountBy(chain => chain.Split).Select(split => $"{split.Value} {split.Key}"))} chains, "
                + $"{LabelTask.LabelsOf(file, settings.MinimumPositives).Length} labels"));
        return $"{data.Pretraining.Length} chains to pretrain on; domains of {_folds} folds: {domains}; {labels}; {data.HeldOut.Length} held-out chains; "
            + settings.Describe();
    }

    private (string, Dictionary<string, double>)[] ByHand(ProteinData data)
    {
        float[][] sequences = Array.ConvertAll(data.Pieces, piece => SequenceFeatures.Compute(piece.Sequence));
        float[][] structures = Array.ConvertAll(data.Pieces,
            piece => StructureFeatures.Compute([.. piece.AlphaCarbons.Chunk(3).Select(position => new Vector3(position))]));
        return Read(data, "features", sequences, structures);
    }

    // What sequence features have to beat.
    private (string, Dictionary<string, double>)[] SequenceBaselines(ProteinData data) =>
    [
        SequenceFloor(data),
        ("n-grams of 1 to 3 residues, sequence", Figures(data, Array.ConvertAll(data.Pieces, piece => NGrams(piece.Sequence)))),
    ];

    private (string, Dictionary<string, double>) SequenceFloor(ProteinData data) =>
        ("composition and length, sequence", Figures(data, new Pretrainer(data, settings, cancellation).Composition().Sequences));

    private static float[] NGrams(string sequence)
    {
        const string Residues = "ACDEFGHIKLMNPQRSTVWY";
        int[] codes = [.. sequence.Select(residue => Residues.IndexOf(residue, StringComparison.Ordinal))];
        var shares = new float[20 + 400 + 8000];
        for (int i = 0; i < codes.Length; i++)
            for (int length = 1, code = 0, start = 0; length <= 3 && i + length <= codes.Length && codes[i + length - 1] >= 0; length++)
            {
                code = 20 * code + codes[i + length - 1];
                shares[start + code] += 1f / codes.Length;
                start += length == 1 ? 20 : 400;
            }
        return shares;
    }

    private (string, Dictionary<string, double>)[] Frozen(ProteinData data, Pretrainer pretrainer, GentleClipTransformer model)
    {
        var embeddings = pretrainer.Embed(Method.Named(Method.ClipHalf), model);
        var (encodedSequences, encodedStructures) = embeddings.Encoded!.Value;
        return
        [
            .. Read(data, "frozen features", encodedSequences, encodedStructures),
            .. Read(data, "frozen embeddings", embeddings.Sequences, embeddings.Structures),
            ("search", Measurement.Retrieval(data, embeddings)),
        ];
    }

    private (string, Dictionary<string, double>)[] Read(ProteinData data, string what, float[][] sequences, float[][] structures)
    {
        return
        [
            .. from side in new (string Name, float[][] Rows)[]
                {
                    ("sequence", sequences),
                    ("structure", structures),
                    ("both sides", [.. sequences.Zip(structures, (a, b) => (float[])[.. a, .. b])]),
                }
                select ($"{what}, {side.Name}", Figures(data, side.Rows)),
        ];
    }

    private Dictionary<string, double> Figures(ProteinData data, float[][] rows)
    {
        var features = data.Pieces.Zip(rows).ToDictionary(entry => entry.First.Key, entry => entry.Second);
        var figures = FoldTask.Classify(data.Domains, features);
        foreach (var file in data.LabelFiles)
            if (LabelTask.Measure(file, settings.MinimumPositives, features, cancellation) is { } figure)
                figures[Measurement.FigureOf(file)] = figure;
        return figures;
    }

    private Dictionary<string, double> Tuned(ProteinData data, FineTuneStage stage, GentleClipTransformer pretrained, TuningSetting setting)
    {
        var mlContext = new MLContext(pretrained.Seed);
        var options = new FineTuningOptions
        {
            LabelColumnName = Label,
            Side = stage.Side,
            MaximumNumberOfSteps = stage.Steps,
            Dropout = setting.Dropout,
            // Encoders that have seen these many chains are trained at a rate as high as fresh ones: the steps are few.
            EncoderLearningRate = setting.HeadRate * setting.EncoderShare,
            NumberOfThreads = 1,
            Device = commandLine.Device,
            CancellationToken = cancellation,
        };
        (options.Batches.Size, options.Optimizer.LearningRate) = (settings.TuningBatch, setting.HeadRate);
        return stage.LabelFile is { } file ? Labels(data.LabelFiles[file]) : Folds();

        Dictionary<string, double> Folds()
        {
            var keys = mlContext.Transforms.Conversion.MapValueToKey(Label, nameof(TuningRow.Class)).Fit(Of("train"));
            using var model = Told(mlContext.MulticlassClassification.Trainers.GentleClipFineTuning(pretrained, options).Fit(keys.Transform(Of("train"))));
            return data.Domains.Select(domain => domain.Split).Distinct().Where(split => split != "train").ToDictionary(test => test,
                test => mlContext.MulticlassClassification.Evaluate(model.Transform(keys.Transform(Of(test)))).MicroAccuracy);

            IDataView Of(string split) => TuningRow.View(mlContext,
                data.Domains.Where(domain => domain.Split == split).Select(domain => TuningRow.Of(domain.Piece, domain.Fold, [])));
        }

        Dictionary<string, double> Labels(LabelFile labels)
        {
            string[] names = LabelTask.LabelsOf(labels, settings.MinimumPositives);
            var pieces = data.Pieces.ToDictionary(piece => piece.Key);
            if (labels.IsSingle)
            {
                var keys = mlContext.Transforms.Conversion.MapValueToKey(Label, nameof(TuningRow.Class)).Fit(Of("train"));
                using var model = Told(mlContext.MulticlassClassification.Trainers.GentleClipFineTuning(pretrained, options).Fit(keys.Transform(Of("train"))));
                return Named(mlContext.MulticlassClassification.Evaluate(model.Transform(keys.Transform(Of("test")))).MicroAccuracy);
            }
            options.LabelColumnName = nameof(TuningRow.Labels);
            using var several = Told(mlContext.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(pretrained, options).Fit(Of("train")));
            return Named(mlContext.GentleClip().EvaluateMultiLabel(
                several.Transform(Of("test")), nameof(TuningRow.Labels), "Probability", cancellationToken: cancellation).FMax.FMax);

            Dictionary<string, double> Named(double figure) => new([new(Measurement.FigureOf(labels), figure)]);

            IDataView Of(string split) => TuningRow.View(mlContext, labels.Chains
                .Where(chain => chain.Split == split && (!labels.IsSingle || names.Contains(chain.Labels[0])))
                .Select(chain => TuningRow.Of(pieces[chain.ChainKey], chain.Labels[0], Array.ConvertAll(names, chain.Labels.Contains))));
        }

        FineTunedTransformer Told(FineTunedTransformer model)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  losses of the epochs: {string.Join(' ', model.History.Select(epoch => epoch.Loss.ToString("0.00", CultureInfo.InvariantCulture)))}"));
            return model;
        }
    }

    private string Markdown()
    {
        string[] figures = [.. _rows.SelectMany(row => row.Figures.Keys).Distinct()];
        var lines = _rows.GroupBy(row => (row.Reading, row.Preset)).OrderBy(group => group.Key.Reading, StringComparer.Ordinal).Select(group =>
            $"| {group.Key.Reading} | {group.Key.Preset} | {string.Join(" | ", figures.Select(figure => Cell(group, figure)))} |");
        return $"| per cent | encoders | {string.Join(" | ", figures)} |\n|{string.Concat(Enumerable.Repeat("---|", figures.Length + 2))}\n"
            + string.Join('\n', lines);

        static string Cell(IEnumerable<FineTuneRow> rows, string figure)
        {
            double[] values = [.. rows.Where(row => row.Figures.ContainsKey(figure)).Select(row => row.Figures[figure])];
            return values.Length == 0 ? "–" : Summary.Of(values).ToString();
        }
    }

    /// <summary>A line of progress every while.</summary>
    private sealed class Lines(TextWriter output) : IProgress<TrainingProgress>
    {
        private static readonly TimeSpan Between = TimeSpan.FromSeconds(20);
        private readonly Stopwatch _sinceLine = Stopwatch.StartNew();

        public void Report(TrainingProgress value)
        {
            if (_sinceLine.Elapsed < Between)
                return;
            _sinceLine.Restart();
            output.WriteLine($"  {value}");
        }
    }
}
