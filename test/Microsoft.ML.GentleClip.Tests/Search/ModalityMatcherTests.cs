using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Tests.Transformers;

namespace Microsoft.ML.GentleClip.Tests.Search;

[TestClass]
public sealed class ModalityMatcherTests
{
    private const int Dimension = 8;
    private const int Slots = 3;

    private readonly MLContext _mlContext = new(seed: 1);

    internal sealed class Row
    {
        [VectorType(Dimension)]
        public float[]? A { get; set; }

        [VectorType(Dimension)]
        public float[]? B { get; set; }

        [VectorType(Slots)]
        public float[]? Input { get; set; }

        [VectorType(Dimension + 1)]
        public float[] Long { get; set; } = new float[Dimension + 1];

        public string Name { get; set; } = "";
    }

    private sealed class Match
    {
        public long MatchIndex { get; set; }

        public string MatchId { get; set; } = "";

        public float MatchScore { get; set; }

        public float MatchConfidence { get; set; }

        public float NoPartnerProbability { get; set; }

        public bool HasNoPartner { get; set; }
    }

    [TestMethod]
    public void Confidence_is_calibrated_on_rows_held_out_half_of_which_have_no_partner()
    {
        // A bank of 600 rows; of 600 queries the first 300 belong to its rows, the others to none.
        var rows = Pairs(900, 1);
        var (bank, queries) = (rows[..600], (List<Row>)[.. rows[..300], .. rows[600..]]);
        var matcher = Matcher(queries, bank, pairs: Pairs(300, 2), noPartnerShare: 0.5);
        var found = Matches(queries, matcher);
        bool[] right = [.. found.Select((match, query) => query < 300 && match.MatchIndex == query)];
        Assert.IsTrue(right.Count(value => value) is > 120 and < 295, "neither easy nor hopeless, so that calibration is tested");
        Assert.IsLessThan(0.1, CalibrationError([.. found.Select(match => (double)match.MatchConfidence)], right));
        Assert.IsGreaterThan(0.75, Separation(found, match => match.NoPartnerProbability, i => i >= 300));
        Assert.IsGreaterThan(0.75, Separation(found, match => match.MatchConfidence, i => right[i]));
        Assert.IsTrue(matcher.IsCalibrated);
        Assert.AreEqual(300, matcher.CalibrationPairCount);
        Assert.IsLessThan(0.1, matcher.CalibrationError!.Value);
        Assert.IsTrue(matcher.CalibrationAccuracy is > 0.4 and < 0.99);
        Assert.IsTrue(found.All(match => match.HasNoPartner == match.NoPartnerProbability > 0.5f));
        Assert.IsTrue(found.All(match => match.MatchConfidence <= 1 - match.NoPartnerProbability + 1e-6f));

        // The plan's own figures order alike, though they are no probabilities.
        var plain = Matches(queries, Matcher(queries, bank));
        Assert.IsGreaterThan(0.7, Separation(plain, match => match.NoPartnerProbability, i => i >= 300));
    }

    [TestMethod]
    public void A_bank_of_noise_gets_low_confidence()
    {
        var queries = Pairs(300, 1, noise: 0.2);
        var noise = Pairs(300, 5, noise: 0.2); // other Gaussian rows, unrelated to any query
        var pairs = Pairs(200, 2, noise: 0.2);
        var real = Matches(queries, Matcher(queries, queries, pairs)).Average(match => match.MatchConfidence);
        var none = Matches(queries, Matcher(queries, noise, pairs)).Average(match => match.MatchConfidence);
        Assert.IsLessThan(0.5 * real, none);
        Assert.IsLessThan(0.4, none);
    }

    [TestMethod]
    public void Finds_partners_names_them_and_does_not_depend_on_company()
    {
        var rows = Pairs(50, 1, noise: 0.05);
        var live = TorchSharp.torch.Tensor.TotalCount;
        var matcher = Matcher(rows, rows, id: "Name", input: "Input");
        Assert.AreEqual(live, TorchSharp.torch.Tensor.TotalCount, "no tensor stays");
        Assert.AreEqual((50, 0L, Dimension, false), (matcher.Count, matcher.SkippedRowCount, matcher.Dimension, matcher.IsCalibrated));
        Assert.IsNull(matcher.CalibrationError);
        var found = Matches(rows, matcher);
        Assert.IsGreaterThan(0.95, found.Select((match, i) => match.MatchIndex == i ? 1.0 : 0).Average());
        for (var i = 0; i < rows.Count; i++)
        {
            Assert.AreEqual(rows[(int)found[i].MatchIndex].Name, found[i].MatchId);
            Assert.AreEqual(Cosine(rows[i].A!, rows[(int)found[i].MatchIndex].B!), found[i].MatchScore, 1e-5);
            var alone = matcher.Match(rows[i].A)!;
            Assert.AreEqual((found[i].MatchIndex, found[i].MatchConfidence, found[i].NoPartnerProbability),
                (alone.Row, alone.Confidence, alone.NoPartnerProbability));
        }
        Assert.AreEqual(found[7].MatchConfidence, Matches([rows[7]], matcher)[0].MatchConfidence);
        Assert.AreEqual(found[7].MatchConfidence, Matches([rows[7]], Matcher(rows, rows, id: "Name"))[0].MatchConfidence, "equal in another run");
    }

    [TestMethod]
    public void Translation_is_the_mean_of_the_banks_inputs_under_the_plan_and_beats_their_mean()
    {
        // Input is what the bank's things really are; queries are other things.
        var (bank, queries) = (Pairs(500, 1), Pairs(200, 2));
        var matcher = Matcher(queries, bank, input: "Input");
        var translated = Translated(View(queries), matcher, "A", "Expected");
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, Slots), translated.Schema["Expected"].Type);
        var rows = translated.GetColumn<float[]>("Expected").ToArray();
        float[] mean = [.. Enumerable.Range(0, Slots).Select(slot => bank.Average(row => row.Input![slot]))];
        Assert.IsLessThan(0.6 * queries.Average(row => Error(row.Input!, mean)), queries.Zip(rows).Average(pair => Error(pair.First.Input!, pair.Second)));
        CollectionAssert.AreEqual(rows[3], matcher.Translate(queries[3].A));
        // With a high temperature all rows weigh alike, but for their potentials.
        var blurred = Matcher(queries, bank, input: "Input", regularization: 1e4).Translate(queries[3].A)!;
        Assert.IsLessThan(1e-3, Error(blurred, mean));

        static double Error(float[] x, float[] y) => x.Zip(y, (a, b) => (a - b) * (a - b)).Sum();
    }

    [TestMethod]
    public void Missing_sides_give_missing_outputs_and_are_counted_in_the_log()
    {
        var (bank, queries) = (Pairs(40, 1), Pairs(30, 1));
        bank[0].B = Missing();
        bank[1].Input = [float.NaN, float.NaN, float.NaN];
        queries[2].A = Missing();
        queries[4].A = null;
        var log = new List<string>();
        _mlContext.Log += (_, e) => log.Add(e.Message);
        var matcher = Matcher(queries, bank, id: "Name", input: "Input");
        Assert.AreEqual((38, 2L), (matcher.Count, matcher.SkippedRowCount));
        var counted = log.Single(line => line.Contains("2 of 30 queries", StringComparison.Ordinal));
        Assert.Contains("2 of 40 rows", counted);
        log.Clear();
        var found = Matches(queries, matcher);
        foreach (var row in new[] { 2, 4 })
        {
            Assert.AreEqual((-1L, "", false), (found[row].MatchIndex, found[row].MatchId, found[row].HasNoPartner));
            Assert.IsTrue(float.IsNaN(found[row].MatchScore) && float.IsNaN(found[row].MatchConfidence) && float.IsNaN(found[row].NoPartnerProbability));
        }
        Assert.IsTrue(log.Exists(line => line.Contains("2 of 30 rows have no 'A'", StringComparison.Ordinal)), string.Join('\n', log));
        Assert.IsTrue(found.Where((_, i) => i is not (2 or 4)).All(match => match.MatchIndex >= 2));
        Assert.AreEqual(2, Translated(View(queries), matcher, "A").GetColumn<float[]>("Translation").Count(row => row.All(float.IsNaN)));
        Assert.IsNull(matcher.Match(Missing()));
        Assert.IsNull(matcher.Translate(Missing()));

        static float[] Missing() => [.. Enumerable.Repeat(float.NaN, Dimension)];
    }

    [TestMethod]
    public void Small_banks_and_equal_rows_give_finite_figures()
    {
        var rows = Pairs(20, 1);
        AssertFinite(Matches(rows, Matcher(rows, rows[..1])));
        AssertFinite(Matches(rows, Matcher(rows[..1], rows[..2], Pairs(12, 2))));
        AssertFinite(Matches(rows, Matcher(rows, [.. Enumerable.Repeat(rows[0], 5)], Pairs(12, 2))));
        // All pairs find their partners at once, or none can.
        AssertFinite(Matches(rows, Matcher(rows, rows, [.. rows.Select(row => new Row { A = row.B, B = row.B })])));
        AssertFinite(Matches(rows, Matcher(rows, rows, [.. rows.Select(row => new Row { A = row.A, B = [.. row.A!.Select(x => -x)] })])));

        static void AssertFinite(Match[] matches)
        {
            Assert.IsNotEmpty(matches);
            foreach (var match in matches)
                Assert.IsTrue(match.MatchIndex >= 0 && match.MatchConfidence is >= 0 and <= 1 && match.NoPartnerProbability is >= 0 and <= 1
                    && float.IsFinite(match.MatchScore));
        }
    }

    [TestMethod]
    public void Wrong_input_is_refused_by_name()
    {
        var rows = Pairs(20, 1);
        var (view, data) = (View(rows), _mlContext.GentleClip());
        Assert.Contains("'Z'", Assert.ThrowsExactly<ArgumentException>(() => data.CreateModalityMatcher(view, "Z", view, "B")).Message);
        Assert.Contains("'Name'", Assert.ThrowsExactly<ArgumentException>(() => data.CreateModalityMatcher(view, "A", view, "Name")).Message);
        Assert.Contains("9", Assert.ThrowsExactly<ArgumentException>(() => data.CreateModalityMatcher(view, "A", view, "Long")).Message);
        Assert.Contains("'No'", Assert.ThrowsExactly<ArgumentException>(
            () => data.CreateModalityMatcher(view, "A", view, "B", bankIdColumnName: "No")).Message);
        Assert.Contains("'Name'", Assert.Throws<ArgumentException>(
            () => data.CreateModalityMatcher(view, "A", view, "B", bankInputColumnName: "Name")).Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => data.CreateModalityMatcher(view, "A", view, "B", noPartnerShare: 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => data.CreateModalityMatcher(view, "A", view, "B", regularization: double.NaN));
        Assert.Contains("at least 10 pairs", Assert.ThrowsExactly<InvalidOperationException>(
            () => data.CreateModalityMatcher(view, "A", view, "B", View(rows[..9]))).Message);
        Assert.Contains("bank", Assert.ThrowsExactly<InvalidOperationException>(() => data.CreateModalityMatcher(view, "A", View(rows[..0]), "B")).Message);
        Assert.Contains("queries", Assert.ThrowsExactly<InvalidOperationException>(() => data.CreateModalityMatcher(View(rows[..0]), "A", view, "B")).Message);
        Assert.ThrowsExactly<OperationCanceledException>(
            () => data.CreateModalityMatcher(view, "A", view, "B", cancellationToken: new CancellationToken(true)));

        var matcher = Matcher(rows, rows);
        Assert.Contains("'Z'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _mlContext.Transforms.MatchModalities(matcher, "Z").Fit(view)).Message);
        Assert.Contains("'Long'",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _mlContext.Transforms.MatchModalities(matcher, "Long").Fit(view)).Message);
        Assert.Contains("bankInputColumnName",
            Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.TranslateModality(matcher, "Translation", "A")).Message);
        Assert.ThrowsExactly<ArgumentException>(() => matcher.Match(new float[3]));
        rows[3].A![1] = float.PositiveInfinity;
        Assert.Contains("row 3", Assert.ThrowsExactly<InvalidOperationException>(() => data.CreateModalityMatcher(View(rows), "A", view, "B")).Message);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void The_estimators_keep_what_ML_NET_expects(bool translates)
    {
        var rows = Pairs(30, 1);
        var (matcher, data) = (Matcher(rows, rows, Pairs(20, 2), id: "Name", input: "Input"), View(rows));
        EstimatorContract.Check(
            translates ? _mlContext.Transforms.TranslateModality(matcher, "Expected", "A") : _mlContext.Transforms.MatchModalities(matcher, "A"),
            _mlContext, data,
            WrongInput.Missing(_mlContext.Transforms.DropColumns("A").Fit(data).Transform(data), "A"),
            new WrongInput(Renamed("Name"), "A", "expected Vector<Single, 8>", "String", "String"),
            new WrongInput(Renamed("Long"), "A", "expected Vector<Single, 8>", "Vector<Single, 9>", null) { ForTransformersAlone = true });

        IDataView Renamed(string column) => _mlContext.Transforms.CopyColumns("A", column).Fit(data).Transform(data);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Saved_and_loaded_it_is_the_same_matcher(bool isCalibrated)
    {
        var rows = Pairs(60, 1);
        rows[5].B = null;
        rows[6].Name = ""; // no identifier
        var (queries, pairs) = (Pairs(40, 1), isCalibrated ? Pairs(30, 2) : null);
        var matcher = Matcher(queries, rows, pairs, id: "Name", input: "Input", noPartnerShare: 0.4);
        var data = View(queries);
        var loaded = (ModalityMatcherTransformer)EstimatorContract.SaveAndLoad(
            _mlContext, _mlContext.Transforms.MatchModalities(matcher, "A").Fit(data), data.Schema).Loaded;
        Assert.AreEqual(Figures(matcher), Figures(loaded.Matcher));
        foreach (var query in queries)
        {
            Assert.AreEqual(matcher.Match(query.A), loaded.Matcher.Match(query.A));
            Assert.AreSequenceEqual(matcher.Translate(query.A)!, loaded.Matcher.Translate(query.A)!);
        }
        var plain = (ModalityMatcherTransformer)EstimatorContract.SaveAndLoad(
            _mlContext, _mlContext.Transforms.MatchModalities(Matcher(queries, rows), "A").Fit(data), data.Schema).Loaded;
        Assert.IsNull(plain.Matcher.Match(queries[0].A)!.Id);
        Assert.Throws<InvalidOperationException>(() => plain.Matcher.Translate(queries[0].A));

        static (int, long, int, double, bool, int, double?, double?) Figures(ModalityMatcher one) =>
            (one.Count, one.SkippedRowCount, one.Dimension, one.Temperature, one.IsCalibrated, one.CalibrationPairCount, one.CalibrationError,
                one.CalibrationAccuracy);
    }

    [TestMethod]
    public void A_fresh_process_loads_the_pipeline_and_finds_the_same_partners()
    {
        using var folder = new TemporaryFolder();
        var rows = Pairs(50, 1);
        var (matcher, data) = (Matcher(rows, rows, Pairs(20, 2), id: "Name", input: "Input"), View(rows));
        var model = _mlContext.Transforms.MatchModalities(matcher, "A").Append(_mlContext.Transforms.TranslateModality(matcher, "Expected", "A")).Fit(data);
        var (modelPath, rowsPath, outputPath) = (folder.File("model.zip"), folder.File("rows.idv"), folder.File("scored.idv"));
        _mlContext.Model.Save(model, data.Schema, modelPath);
        using (var stream = File.Create(rowsPath))
            _mlContext.Data.SaveAsBinary(data, stream);

        var result = ChildProcess.Run(AppContext.BaseDirectory, ["score", modelPath, rowsPath, outputPath]);

        Assert.AreEqual(0, result.ExitCode, result.ToString());
        var (here, there) = (model.Transform(data), _mlContext.Data.LoadFromBinary(outputPath));
        Embeddings.AssertEqualBits(Embeddings.Bits(here, "Expected"), Embeddings.Bits(there, "Expected"));
        Assert.AreSequenceEqual(here.GetColumn<string>("MatchId"), there.GetColumn<string>("MatchId"));
        Assert.AreSequenceEqual(here.GetColumn<float>("MatchConfidence"), there.GetColumn<float>("MatchConfidence"));
    }

    [TestMethod]
    [DataRow("embeddings.bin", "entry 'embeddings.bin' ends in row 19; expected 20 rows of 8 numbers")]
    [DataRow("numbers.bin", "entry 'numbers.bin' ends in row 19; expected 20 rows of 1 numbers")]
    [DataRow("potentials.bin", "entry 'potentials.bin' ends in row 19")]
    [DataRow("inputs.bin", "entry 'inputs.bin' ends in row 19; expected 20 rows of 3 numbers")]
    [DataRow("ids.json", "entry 'ids.json' cannot be read")]
    [DataRow("matcher.json", "entry 'matcher.json' cannot be read")]
    public void A_file_that_was_cut_is_refused(string entry, string message)
    {
        var rows = Pairs(20, 1);
        var data = View(rows);
        using var file = new MemoryStream();
        _mlContext.Model.Save(_mlContext.Transforms.MatchModalities(Matcher(rows, rows, id: "Name", input: "Input"), "A").Fit(data), data.Schema, file);
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            SavedModel.ForgetDigests(zip);
            using var stream = zip.Entries.Single(one => one.Name == entry).Open();
            stream.SetLength(stream.Length - 1);
        }
        file.Position = 0;
        Assert.Contains(message, Assert.Throws<Exception>(() => new MLContext().Model.Load(file, out _)).ToString());
    }

    [TestMethod]
    public void A_row_that_is_filled_anew_in_its_place_gets_a_match_of_its_own()
    {
        var rows = Pairs(30, 1, noise: 0.02);
        var (matcher, data) = (Matcher(rows, rows), View(rows));
        var mapper = _mlContext.Transforms.MatchModalities(matcher, "A").Fit(data).GetRowToRowMapper(data.Schema);
        var input = new RefilledRow(data.Schema, "A");
        using var row = mapper.GetRow(input, mapper.OutputSchema.Where(column => column.Name == "MatchIndex"));
        var getter = row.GetGetter<long>(row.Schema["MatchIndex"]);
        foreach (var (i, query) in rows.Index())
        {
            var found = -1L;
            input.Fill(query.A!);
            getter(ref found);
            Assert.AreEqual(i, found);
        }
    }

    [TestMethod]
    public void Matches_what_a_closed_form_model_embeds()
    {
        GentleClipOptions options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
        (options.ModalityA, options.ModalityB, options.NumberOfThreads) = (Modality.Vector("EmbeddingA", "A"), Modality.Vector("EmbeddingB", "B"), 1);
        using var model = _mlContext.Transforms.GentleClip(options).Fit(_mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(60, 100, 100)));
        var (bank, pairs) = (TwoViews.Pairs(200, 31), TwoViews.Pairs(60, 32));
        IDataView Embedded(IEnumerable<TwoViews.Row> rows) => model.Transform(_mlContext.Data.LoadFromEnumerable(rows));
        var matcher = _mlContext.GentleClip().CreateModalityMatcher(Embedded(bank), "EmbeddingA", Embedded(bank), "EmbeddingB", Embedded(pairs), "Name", "B");
        var found = Matched(Embedded(bank), matcher, "EmbeddingA").GetColumn<long>("MatchIndex").ToArray();
        Assert.IsGreaterThan(0.3, found.Select((row, i) => row == i ? 1.0 : 0).Average());
        var translated = Translated(Embedded(pairs), matcher, "EmbeddingA").GetColumn<float[]>("Translation").ToArray();
        float[] mean = [.. Enumerable.Range(0, TwoViews.DimensionB).Select(slot => bank.Average(row => row.B![slot]))];
        Assert.IsLessThan(0.5 * pairs.Sum(row => Distance(row.B!, mean)), pairs.Zip(translated).Sum(pair => Distance(pair.First.B!, pair.Second)));

        static double Distance(float[] x, float[] y) => x.Zip(y, (a, b) => (double)(a - b) * (a - b)).Sum();
    }

    /// <summary>Things with two noisy unit embeddings; Input is the thing's first slots.</summary>
    private static List<Row> Pairs(int count, int seed, double noise = 0.3)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            double[] thing = [.. Enumerable.Range(0, Dimension).Select(_ => Gaussian())];
            return new Row { A = Noisy(thing), B = Noisy(thing), Input = [.. thing.Take(Slots).Select(x => (float)x)], Name = $"thing {seed}-{i}" };
        })];

        float[] Noisy(double[] thing) => [.. thing.Select(x => (float)(x + (noise * Gaussian())))];
        double Gaussian() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }

    private static double CalibrationError(double[] confidences, bool[] right) =>
        confidences.Zip(right).GroupBy(pair => Math.Min(9, (int)(10 * pair.First)))
            .Sum(bin => Math.Abs(bin.Sum(pair => pair.First - (pair.Second ? 1 : 0)))) / confidences.Length;

    /// <summary>Area under the curve: how often a row of the kind has the larger figure than one of the others.</summary>
    private static double Separation(Match[] matches, Func<Match, float> figure, Func<int, bool> isOfKind)
    {
        var kinds = matches.Select((match, i) => (Value: figure(match), IsOfKind: isOfKind(i))).ToLookup(pair => pair.IsOfKind, pair => pair.Value);
        return kinds[true].Average(x => kinds[false].Average(y => x > y ? 1 : x == y ? 0.5 : 0));
    }

    private static double Cosine(float[] x, float[] y) =>
        x.Zip(y, (a, b) => (double)a * b).Sum() / Math.Sqrt(x.Sum(a => (double)a * a) * y.Sum(b => (double)b * b));

    private IDataView View(IEnumerable<Row> rows) => _mlContext.Data.LoadFromEnumerable(rows);

    private IDataView Matched(IDataView queries, ModalityMatcher matcher, string embedding) =>
        _mlContext.Transforms.MatchModalities(matcher, embedding).Fit(queries).Transform(queries);

    private IDataView Translated(IDataView queries, ModalityMatcher matcher, string embedding, string output = "Translation") =>
        _mlContext.Transforms.TranslateModality(matcher, output, embedding).Fit(queries).Transform(queries);

    private ModalityMatcher Matcher(
        List<Row> queries, List<Row> bank, List<Row>? pairs = null, string? id = null, string? input = null, double noPartnerShare = 0.2,
        double regularization = 0.1) =>
        _mlContext.GentleClip().CreateModalityMatcher(View(queries), "A", View(bank), "B",
            pairs is null ? null : View(pairs), id, input, noPartnerShare, regularization);

    private Match[] Matches(List<Row> queries, ModalityMatcher matcher) =>
        [.. _mlContext.Data.CreateEnumerable<Match>(
            Matched(View(queries), matcher, "A"), reuseRowObject: false, ignoreMissingColumns: true)];
}
