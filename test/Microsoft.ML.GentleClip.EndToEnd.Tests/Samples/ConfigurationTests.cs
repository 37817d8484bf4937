using System.Text.Json;
using Experiments.Configuration;
using Experiments.Methods;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>Errors of a configuration name the file and the key; presets and options go by the library's own names.</summary>
[TestClass]
public sealed class ConfigurationTests : ExperimentTest
{
    [TestMethod]
    [DataRow("""{ "name": "x", "presett": "Clip" }""", "", "methods[1].presett: unknown key")]
    [DataRow("""{ "name": "x" }""", "", "methods[1].preset: expected either")]
    [DataRow("""{ "name": "x", "preset": "Klip" }""", "", "\"x\": preset: expected one of Recommended, Clip")]
    [DataRow("""{ "name": "x", "baseline": "cca" }""", "", "baseline: expected linear")]
    [DataRow("""{ "name": "x", "preset": "Clip", "unpaired": [ "fake" ] }""", "", "methods[1].unpaired[0]: expected real")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "sdWeight": 1 } }""", "", "methods[1].options.sdWeight: unknown key")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "objectives": { "contrastive": { "weight": -1 } } } }""", "",
        "methods[1].options.objectives.contrastive.weight: Weight must be 0 or more")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "objectives": { "sddd": {} } } }""", "",
        "methods[1].options.objectives.sddd: unknown objective; expected one of centroid, contrastive, klot, mmd")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "batches": { "size": "many" } } }""", "",
        "methods[1].options.batches.size: expected a value of Int32, found \"many\"")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "batches": { "size": 3 } } }""", "",
        "methods[1].options.batches.size: Batches.Size must be from 4 to 1048576, found 3")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "batchSize": 64 } }""", "", "methods[1].options.batchSize: unknown key")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "checkpoints": { "keep": 2 } } }""", "", "methods[1].options.checkpoints: the runner sets")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "seed": 1 } }""", "", "methods[1].options.seed: the runner sets")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "objectives": { "sdd": { "variance": "Twice" } } } }""", "",
        "methods[1].options.objectives.sdd.variance: expected one of PerSet, Pooled, None")]
    [DataRow("""{ "name": "x", "preset": "Clip", "options": { "objectives": { "centroid": { "weights": 1 } } } }""", "",
        "methods[1].options.objectives.centroid.weights: unknown key; CentroidObjective has ramp, weight")]
    [DataRow("""{ "name": "x", "preset": "Clip", "candidates": [ {} ] }""", "", "methods[1].candidates: validationSeeds are missing")]
    [DataRow("""{ "name": "Clip", "preset": "Clip" }""", "", "methods: the name \"Clip\" stands there twice")]
    [DataRow("", """ "validationSeeds": [ 2 ], """, "validationSeeds: seed 2 is also in seeds")]
    [DataRow("", """ "threads": 0, """, "threads: expected a whole number of at least 1, found 0")]
    [DataRow("", """ "ceiling": "ClipAll", """, "ceiling: there is no method \"ClipAll\"")]
    [DataRow("", """ "testRows": "5 rows", """, "testRows: the key stands there twice")]
    [DataRow("", """ "unpairedRows": [ "110%" ], """, "unpairedRows[0]: expected a number of rows")]
    public void WrongKeyIsNamed(string method, string more, string expected)
    {
        var message = Assert.ThrowsExactly<ConfigurationException>(() => Run(Json(method, more))).Message;
        StringAssert.Contains(message, expected);
        StringAssert.Contains(message, "config.json");
    }

    /// <summary>What the committed configurations read of the repository is there; the rest comes with --data.</summary>
    [TestMethod]
    public void FilesOfTheRepositoryAreWhereConfigurationsSay()
    {
        var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip };
        var files = (from file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "studies/Experiments/configurations"))
                     from data in JsonDocument.Parse(File.ReadAllText(file), options).RootElement.GetProperty("data").EnumerateArray()
                     where data.TryGetProperty("file", out var name) && name.GetString()!.StartsWith("../", StringComparison.Ordinal)
                     select Path.Combine(Path.GetDirectoryName(file)!, data.GetProperty("file").GetString()!)).ToArray();
        Assert.IsGreaterThan(3, files.Length);
        foreach (var file in files)
            Assert.IsTrue(File.Exists(file), file);
    }

    [TestMethod]
    public void UnknownReaderAndKeyOfAnotherReaderAreNamed()
    {
        StringAssert.Contains(Refused("""{ "name": "d", "reader": "excel" }"""), "reader: expected one of table");
        StringAssert.Contains(Refused("""{ "name": "d", "reader": "synthetic", "columnA": "x" }"""), "columnA: the reader \"synthetic\" has no such key");
        StringAssert.Contains(Refused("""{ "name": "d", "columnA": "x" }"""), "file: the reader \"table\" needs it");
    }

    [TestMethod]
    public void OverridesChangeThePresetsValuesAlone()
    {
        const string objectives = """
            { "sdd": { "bandwidth": 0.75, "variance": "Pooled" }, "selfSupervised": null, "centroid": { "weight": 2 },
            "transportPairs": { "ramp": { "end": 0.2 } } }
            """;
        var config = ExperimentConfig.Load(Write(Json($$"""{ "name": "x", "preset": "Paper", "options": { "objectives": {{objectives}} } }""")));
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Paper);
        config.Common.Apply(options, new VectorEncoderOptions());
        var encoder = config.Methods[1].Options.Apply(options, new VectorEncoderOptions { Dropout = 0.25 });
        Assert.AreEqual(8, options.EmbeddingDimension);
        Assert.AreEqual(
            GentleClipOptions.FromPreset(GentleClipPreset.Paper).Objectives
                .With<SddObjective>(sdd => sdd with { Bandwidth = 0.75, Variance = SddVariance.Pooled })
                .Without<SelfSupervisedObjective>()
                .With(new CentroidObjective { Weight = 2 })
                .With(new TransportPairObjective { Ramp = new WeightRamp { End = 0.2 } }),
            options.Objectives);
        Assert.AreEqual(new VectorEncoderOptions { Dropout = 0.25 }, encoder);
    }

    [TestMethod]
    public void MethodsWithFewerPairsInABatchMakeMoreSteps()
    {
        var config = ExperimentConfig.Load(
            Write(Json("""{ "name": "x", "preset": "Paper" }, { "name": "y", "preset": "PublishedCode", "options": { "batches": { "pairsPerBatch": 3 } } }""",
                """ "maximumSteps": 9, """)));
        var (clip, paper, authors) = (Methods.Create(config, config.Methods[0]), Methods.Create(config, config.Methods[1]),
            Methods.Create(config, config.Methods[2]));
        Assert.AreEqual(new MethodPlan(3, 8), clip.Plan(50, 100, 80), "half of the batch of 16");
        Assert.AreEqual(new MethodPlan(3, 5), clip.Plan(5, 100, 80), "all that there are");
        Assert.AreEqual(new MethodPlan(5, 5), paper.Plan(50, 100, 80), "floor(50 / 150 * 16) pairs a batch, ceil(3 * 8 / 5) steps");
        Assert.AreEqual(new MethodPlan(8, 3), authors.Plan(50, 100, 80));
        Assert.AreEqual(new MethodPlan(9, 2), paper.Plan(50, 1000, 1000), "the most steps of the configuration");
    }

    private string Refused(string data) => Assert.ThrowsExactly<ConfigurationException>(() => Run(Json("", data: data))).Message;
}
