using Microsoft.ML.Data;
using static Microsoft.ML.GentleClip.Tests.Data.CombinerFixture;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>Which rows and columns a combined view has, and in what order.</summary>
[TestClass]
public sealed class ModalityCombinerTests
{
    [TestMethod]
    public void Rows_follow_the_arguments_and_only_pairs_are_flagged()
    {
        var (paired, a, b) = Parts();
        var combined = Combine(paired, a, b);

        Assert.AreSequenceEqual(["p0", "p1", "p2", "a0", "a1", "b0"], ReadText(combined, "Id"));
        Assert.AreSequenceEqual([true, true, true, false, false, false], Read<bool>(combined, "IsPaired"));
        Assert.AreEqual(6, combined.GetRowCount());
        Assert.IsFalse(combined.CanShuffle);
    }

    [TestMethod]
    public void Values_of_the_parts_come_through_and_lacking_sides_are_missing()
    {
        var (paired, a, b) = Parts();
        var combined = Combine(paired, a, b);

        var sideA = ReadVectors<float>(combined, "A");
        var sideB = ReadVectors<float>(combined, "B");
        Assert.AreSequenceEqual([3f, 4f], sideA[1]);
        Assert.AreSequenceEqual([9f, 10f], sideA[4]);
        Assert.AreSequenceEqual([float.NaN, float.NaN], sideA[5]);
        Assert.AreSequenceEqual([7f, 8f, 9f], sideB[2]);
        Assert.AreSequenceEqual([float.NaN, float.NaN, float.NaN], sideB[3]);
        Assert.AreSequenceEqual([10f, 11f, 12f], sideB[5]);
    }

    [TestMethod]
    public void Columns_are_the_union_in_order_of_first_appearance_with_the_flag_last()
    {
        var combined = Combine(View(new { X = 1f, Y = 2f }), View(new { Z = "z", Y = 3f }), View(new { W = 4.0, X = 5f }), "Pair");

        Assert.AreSequenceEqual(["X", "Y", "Z", "W", "Pair"], combined.Schema.Select(column => column.Name).ToArray());
        Assert.AreEqual(BooleanDataViewType.Instance, combined.Schema["Pair"].Type);
        Assert.AreSequenceEqual([1f, float.NaN, 5f], Read<float>(combined, "X"));
        Assert.AreSequenceEqual([2f, 3f, float.NaN], Read<float>(combined, "Y"));
    }

    [TestMethod]
    [DataRow(true, true, false, new[] { "p0", "p1", "p2", "a0", "a1" })]
    [DataRow(true, false, true, new[] { "p0", "p1", "p2", "b0" })]
    [DataRow(false, true, true, new[] { "a0", "a1", "b0" })]
    [DataRow(true, false, false, new[] { "p0", "p1", "p2" })]
    [DataRow(false, false, true, new[] { "b0" })]
    public void Any_input_may_be_null(bool withPairs, bool withA, bool withB, string[] expected)
    {
        var (paired, a, b) = Parts();
        var combined = Combine(withPairs ? paired : null, withA ? a : null, withB ? b : null);

        Assert.AreSequenceEqual(expected, ReadText(combined, "Id"));
        Assert.AreSequenceEqual(expected.Select(id => id[0] == 'p').ToArray(), Read<bool>(combined, "IsPaired"));
    }

    [TestMethod]
    public void Empty_inputs_add_columns_but_no_rows()
    {
        var (_, a, b) = Parts();
        var combined = Combine(View<PairRow>(), a, View<BRow>());

        Assert.AreSequenceEqual(["Id", "A", "B", "IsPaired"], combined.Schema.Select(column => column.Name).ToArray());
        Assert.AreSequenceEqual(["a0", "a1"], ReadText(combined, "Id"));
        Assert.AreSequenceEqual(["b0"], ReadText(Combine(View<PairRow>(), null, b), "Id"));
        Assert.HasCount(0, ReadText(Combine(View<PairRow>(), null, View<BRow>()), "Id"));
    }

    [TestMethod]
    public void Text_loader_views_combine_and_an_unknown_row_count_stays_unknown()
    {
        var folder = Directory.CreateTempSubdirectory("combiner").FullName;
        var (pairs, singles) = (Path.Combine(folder, "pairs.tsv"), Path.Combine(folder, "singles.tsv"));
        File.WriteAllText(pairs, "1\t2\tone\n3\t4\ttwo\n");
        File.WriteAllText(singles, "three\nfour\n");
        try
        {
            var combined = Combine(
                Context.Data.LoadFromTextFile(pairs, [new("A", DataKind.Single, [new(0, 1)]), new("Text", DataKind.String, 2)]),
                null,
                Context.Data.LoadFromTextFile(singles, [new("Text", DataKind.String, 0)]));

            Assert.AreSequenceEqual(["one", "two", "three", "four"], ReadText(combined, "Text"));
            Assert.AreSequenceEqual([3f, 4f], ReadVectors<float>(combined, "A")[1]);
            Assert.IsTrue(ReadVectors<float>(combined, "A")[3].All(float.IsNaN));
            Assert.IsNull(combined.GetRowCount());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void Hidden_columns_are_left_out()
    {
        var doubled = Context.Transforms.CopyColumns("X", "Y").Fit(View(new { X = 1f, Y = 2f })).Transform(View(new { X = 1f, Y = 2f }));
        Assert.HasCount(3, doubled.Schema, "The view has a hidden column X.");
        var converted = Context.Transforms.Conversion.ConvertType("X", outputKind: DataKind.Double).Fit(doubled).Transform(doubled);

        var combined = Combine(doubled, View(new { X = 7f }));
        Assert.AreSequenceEqual(["X", "Y", "IsPaired"], combined.Schema.Select(column => column.Name).ToArray());
        Assert.AreSequenceEqual([2f, 7f], Read<float>(combined, "X"));
        Assert.AreSequenceEqual([2.0, 7.0], Read<double>(Combine(converted, View(new { X = 7.0 })), "X"),
            "The hidden Single column X does not clash with the Double one.");
    }

    [TestMethod]
    public void A_dropped_flag_column_can_be_added_again()
    {
        var (paired, a, b) = Parts();
        var dropped = Context.Transforms.DropColumns("IsPaired").Fit(Combine(paired)).Transform(Combine(paired));
        Assert.AreSequenceEqual([true, true, true, false, false, false], Read<bool>(Combine(dropped, a, b), "IsPaired"));
    }
}
