using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Data;
using static Microsoft.ML.GentleClip.Tests.Data.CombinerFixture;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>What cannot be combined, and what the annotations of a combined column say.</summary>
[TestClass]
public sealed class ModalityCombinerErrorTests
{
    [TestMethod]
    public void All_null_is_an_error() =>
        Assert.Contains("paired, unpairedA and unpairedB", Assert.ThrowsExactly<ArgumentException>(() => Combine(null)).Message);

    [TestMethod]
    public void An_environment_and_a_column_name_are_required()
    {
        var (paired, _, _) = Parts();
        Assert.ThrowsExactly<ArgumentNullException>(() => ModalityCombiner.Combine(null!, paired, null, null, "IsPaired"));
        Assert.ThrowsExactly<ArgumentNullException>(() => Combine(paired, pairedColumnName: null!));
        Assert.ThrowsExactly<ArgumentException>(() => Combine(paired, pairedColumnName: " "));
    }

    [TestMethod]
    public void Types_that_differ_are_named_with_their_inputs()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Combine(View(new { X = 1f }), View(new { Y = 1f }), View(new { X = 1.0 })));
        Assert.StartsWith("Column 'X' is of type Single in paired and of type Double in unpairedB", error.Message);
        Assert.AreEqual("unpairedB", error.ParamName);
    }

    [TestMethod]
    public void Vectors_of_other_sizes_are_other_types()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Combine(View(new PairRow()), View(new WideRow())));
        Assert.StartsWith("Column 'A' is of type Vector<Single, 2> in paired and of type Vector<Single, 4> in unpairedA", error.Message);
    }

    [TestMethod]
    public void A_taken_flag_name_is_an_error_in_any_input()
    {
        var (paired, a, b) = Parts();
        Assert.StartsWith("The input unpairedB already has a column 'Id'", Assert.ThrowsExactly<ArgumentException>(() => Combine(null, null, b, "Id")).Message);
        Assert.StartsWith("The input unpairedA already has a column 'IsPaired'",
            Assert.ThrowsExactly<ArgumentException>(() => Combine(paired, Combine(a), b)).Message);
    }

    [TestMethod]
    public void Keys_of_other_counts_are_other_types_and_the_message_says_how_to_map_them()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Combine(Keyed("cat", "dog"), Keyed("cat", "dog", "cow")));
        Assert.StartsWith("Column 'Label' is of type Key<UInt32, 0-1> in paired and of type Key<UInt32, 0-2> in unpairedA", error.Message);
        Assert.Contains("one fitted MapValueToKey", error.Message);
    }

    [TestMethod]
    public void Keys_that_mean_different_things_are_an_error()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Combine(Keyed("cat", "dog"), Keyed("cat", "dog"), Keyed("cat", "cow")));
        Assert.StartsWith("Key column 'Label': key 2 means 'dog' in paired and 'cow' in unpairedB. Map all inputs with one fitted MapValueToKey",
            error.Message);
        Assert.ThrowsExactly<ArgumentException>(() => Combine(Keyed("cat", "dog"), Keyed("dog", "cat")), "The order counts.");
        Assert.ThrowsExactly<ArgumentException>(() => Combine(Keyed(1, 2), Keyed("1", "2")), "The type counts.");
    }

    [TestMethod]
    public void Equal_key_values_are_carried_also_from_an_input_that_alone_has_them()
    {
        var (withValues, without) = (Keyed("cat", "dog"), View(new BareKey { Label = 2 }));
        foreach (var combined in new[] { Combine(withValues, Keyed("cat", "dog")), Combine(withValues, without), Combine(without, withValues),
            Combine(withValues, View(new { X = 1f })) })
        {
            VBuffer<ReadOnlyMemory<char>> values = default;
            combined.Schema["Label"].GetKeyValues(ref values);
            Assert.AreSequenceEqual(["cat", "dog"], values.DenseValues().Select(value => value.ToString()).ToArray());
        }

        var labels = Context.Transforms.Conversion.MapKeyToValue("Label").Fit(Combine(withValues, View(new { X = 1f })))
            .Transform(Combine(withValues, View(new { X = 1f })));
        Assert.AreSequenceEqual(["cat", "dog", ""], ReadText(labels, "Label"));
    }

    [TestMethod]
    public void Slot_names_are_carried_unless_they_differ()
    {
        Assert.AreSequenceEqual(["P", "Q"], SlotNames(Combine(Concatenated("P", "Q"), Concatenated("P", "Q"))));
        Assert.AreSequenceEqual(["P", "Q"], SlotNames(Combine(View(new { X = 1f }), Concatenated("P", "Q"))));
        Assert.AreSequenceEqual(["P", "Q"], SlotNames(Combine(View(new BareVector()), Concatenated("P", "Q"))));

        var warnings = new List<string>();
        Context.Log += Listen;
        var differing = Combine(Concatenated("P", "Q"), Concatenated("P", "R"));
        Context.Log -= Listen;
        Assert.IsFalse(differing.Schema["V"].HasSlotNames());
        Assert.Contains("The slot names of column 'V' differ between paired and unpairedA", Assert.ContainsSingle(warnings));

        void Listen(object? sender, LoggingEventArgs e)
        {
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                warnings.Add(e.Message);
        }
    }

    [TestMethod]
    public void Other_annotations_need_every_input_that_has_the_column()
    {
        var raw = View(new { X = 1f }, new { X = 3f });
        var normalized = Context.Transforms.NormalizeMinMax("X").Fit(raw).Transform(raw);

        Assert.IsTrue(Combine(normalized, normalized).Schema["X"].IsNormalized());
        Assert.IsTrue(Combine(normalized, View(new { Y = 1f })).Schema["X"].IsNormalized());
        Assert.IsFalse(Combine(normalized, raw).Schema["X"].IsNormalized());
        Assert.IsFalse(Combine(raw, normalized).Schema["X"].IsNormalized());
    }

    private static IDataView Keyed<T>(params T[] values)
    {
        var rows = Context.Data.LoadFromEnumerable(values.Select(value => new Labelled<T> { Label = value }));
        return Context.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
    }

    private static IDataView Concatenated(string first, string second)
    {
        var rows = Context.Transforms.CopyColumns(first, "X").Append(Context.Transforms.CopyColumns(second, "X"))
            .Append(Context.Transforms.Concatenate("V", first, second)).Append(Context.Transforms.SelectColumns("V"));
        return rows.Fit(View(new { X = 1f })).Transform(View(new { X = 1f }));
    }

    private static string[] SlotNames(IDataView view)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["V"].GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private sealed class Labelled<T>
    {
        public T? Label { get; set; }
    }

    private sealed class BareKey
    {
        [KeyType(2)]
        public uint Label { get; set; }
    }

    private sealed class BareVector
    {
        [VectorType(2)]
        public float[] V { get; set; } = [1, 2];
    }

    private sealed class WideRow
    {
        [VectorType(4)]
        public float[] A { get; set; } = [];
    }
}
