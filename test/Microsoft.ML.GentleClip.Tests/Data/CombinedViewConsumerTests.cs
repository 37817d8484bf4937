using static Microsoft.ML.GentleClip.Tests.Data.CombinerFixture;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>ML.NET's own components over a combined view.</summary>
[TestClass]
public sealed class CombinedViewConsumerTests
{
    [TestMethod]
    public void Cache_and_preview()
    {
        var (paired, a, b) = Parts();
        var cached = Context.Data.Cache(Combine(paired, a, b));
        Assert.AreSequenceEqual(["p0", "p1", "p2", "a0", "a1", "b0"], ReadText(cached, "Id"));
        Assert.AreSequenceEqual([10f, 11f, 12f], ReadVectors<float>(cached, "B")[5]);

        var preview = Combine(paired, a, b).Preview(maxRows: 5);
        Assert.HasCount(5, preview.RowView);
        Assert.AreEqual("a1", preview.RowView[4].Values.Single(value => value.Key == "Id").Value.ToString());
        Assert.AreEqual(false, preview.RowView[4].Values.Single(value => value.Key == "IsPaired").Value);
    }

    [TestMethod]
    public void Filters_take_and_skip()
    {
        var (paired, a, b) = Parts();
        var combined = Combine(paired, a, b);
        Assert.AreSequenceEqual(["p0", "p1", "p2", "a0", "a1"], ReadText(Context.Data.FilterRowsByMissingValues(combined, "A"), "Id"));
        Assert.AreSequenceEqual(["p0", "p1", "p2", "b0"], ReadText(Context.Data.FilterRowsByMissingValues(combined, "B"), "Id"));
        Assert.AreSequenceEqual(["p0", "p1", "p2"], ReadText(Context.Data.FilterRowsByMissingValues(combined, "A", "B"), "Id"));
        Assert.AreSequenceEqual(["p2", "a0"], ReadText(Context.Data.TakeRows(Context.Data.SkipRows(combined, 2), 2), "Id"));
    }

    [TestMethod]
    public void Shuffling_and_splitting_keep_every_row_once()
    {
        var (paired, a, b) = Parts();
        var combined = Combine(paired, a, b);
        var expected = ReadText(combined, "Id").Order(StringComparer.Ordinal).ToArray();

        var shuffled = Context.Data.ShuffleRows(combined, seed: 3);
        Assert.AreSequenceEqual(expected, ReadText(shuffled, "Id").Order(StringComparer.Ordinal).ToArray());

        var split = Context.Data.TrainTestSplit(combined, testFraction: 0.4, seed: 3);
        Assert.AreSequenceEqual(expected, ReadText(split.TrainSet, "Id").Concat(ReadText(split.TestSet, "Id")).Order(StringComparer.Ordinal).ToArray());
    }

    [TestMethod]
    public void Round_trip_through_objects_and_a_binary_file()
    {
        var (paired, a, b) = Parts();
        var combined = Combine(paired, a, b);
        var rows = Context.Data.CreateEnumerable<Row>(combined, reuseRowObject: false).ToArray();
        Assert.AreEqual("b0", rows[5].Id);
        Assert.IsTrue(rows[5].A.All(float.IsNaN));
        Assert.IsTrue(rows[2].IsPaired);

        var file = Path.GetTempFileName();
        try
        {
            using (var stream = File.Create(file))
                Context.Data.SaveAsBinary(combined, stream);
            var loaded = Context.Data.LoadFromBinary(file);
            Assert.AreSequenceEqual(ReadText(combined, "Id"), ReadText(loaded, "Id"));
            Assert.AreSequenceEqual(ReadVectors<float>(combined, "A")[5], ReadVectors<float>(loaded, "A")[5]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestMethod]
    public void Concatenate_and_a_trainer_learn_from_the_rows_that_have_values()
    {
        var random = new Random(1);
        var labelled = View(Enumerable.Range(0, 200).Select(_ => Sample(random)).ToArray());
        var unlabelled = View(Enumerable.Range(0, 50).Select(_ => new { X = (float)random.NextDouble() }).ToArray());
        var combined = Combine(labelled, unlabelled);

        var pipeline = Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(Context.Transforms.Concatenate("Features", "X", "Y"))
            .Append(Context.MulticlassClassification.Trainers.SdcaMaximumEntropy(maximumNumberOfIterations: 20));
        var scored = pipeline.Fit(combined).Transform(Context.Data.FilterRowsByMissingValues(combined, "Y"));
        Assert.IsGreaterThan(0.9, Context.MulticlassClassification.Evaluate(scored).MicroAccuracy);

        static Point Sample(Random random)
        {
            var (x, y) = ((float)random.NextDouble(), (float)random.NextDouble());
            return new Point { X = x, Y = y, Label = x > y ? "right" : "left" };
        }
    }

    [TestMethod]
    public void Other_transforms_of_the_flag_and_the_union_work_in_a_chain()
    {
        var (paired, a, b) = Parts();
        var combined = Combine(paired, a, b);
        var chain = Context.Transforms.Conversion.ConvertType("Weight", "IsPaired")
            .Append(Context.Transforms.IndicateMissingValues("NoA", "A"))
            .Append(Context.Transforms.ReplaceMissingValues("A"));
        var transformed = chain.Fit(combined).Transform(combined);
        Assert.AreSequenceEqual([1f, 1f, 1f, 0f, 0f, 0f], Read<float>(transformed, "Weight"));
        Assert.AreSequenceEqual([true, true], ReadVectors<bool>(transformed, "NoA")[5]);
        Assert.AreSequenceEqual([0f, 0f], ReadVectors<float>(transformed, "A")[5]);
    }

    [TestMethod]
    public void A_combined_view_can_be_combined_again_and_appended()
    {
        var (paired, a, b) = Parts();
        var outer = Combine(Combine(paired, pairedColumnName: "First"), Combine(a, null, b, "First"));
        Assert.AreSequenceEqual(["p0", "p1", "p2", "a0", "a1", "b0"], ReadText(outer, "Id"));
        Assert.AreSequenceEqual([true, true, true, true, true, false], Read<bool>(outer, "First"));
    }

    private sealed class Row
    {
        public string Id { get; set; } = "";
        public float[] A { get; set; } = [];
        public bool IsPaired { get; set; }
    }

    private sealed class Point
    {
        public float X { get; set; }
        public float Y { get; set; }
        public string Label { get; set; } = "";
    }
}
