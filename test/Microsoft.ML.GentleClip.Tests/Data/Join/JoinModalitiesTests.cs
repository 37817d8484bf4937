using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Tests.Transformers;
using static Microsoft.ML.GentleClip.Tests.Data.CombinerFixture;

namespace Microsoft.ML.GentleClip.Tests.Data.Join;

/// <summary>Two views joined by an id: rows, columns, counts, errors, memory.</summary>
[TestClass]
public sealed class JoinModalitiesTests
{
    [TestMethod]
    public void PairsAndSinglesInTheirOrder()
    {
        var joined = Context.Data.JoinModalities(
            View(A("x", 1), A("p", 2), A("q", 3)), View(B("q", 10), B("y", 20), B("p", 30), B("z", 40)), "Id");
        Assert.AreSequenceEqual(["Id", "A", "Fruit", "B", "Price", "IsPaired"], joined.Schema.Select(column => column.Name).ToArray());
        Assert.AreSequenceEqual(["x", "p", "q", "y", "z"], ReadText(joined, "Id"));
        Assert.AreSequenceEqual([false, true, true, false, false], Read<bool>(joined, "IsPaired"));
        Assert.AreSequenceEqual(["1;-1", "2;-2", "3;-3", "NaN;NaN", "NaN;NaN"], Vectors(joined, "A"));
        Assert.AreSequenceEqual(["NaN", "30", "10", "20", "40"], Vectors(joined, "B"));
        Assert.AreSequenceEqual(["fruit 1", "fruit 2", "fruit 3", "", ""], ReadText(joined, "Fruit"));
        Assert.AreSequenceEqual([float.NaN, 30, 10, 20, 40], Read<float>(joined, "Price"));
        Assert.AreEqual(5, joined.GetRowCount());
        Assert.IsFalse(joined.CanShuffle);
        Assert.AreEqual("""
            Joined by 'Id': 2 pairs of 2 ids, 1 row of A only, 2 rows of B only
              A: 3 rows, 3 ids
              B: 4 rows, 4 ids
            """, joined.Summary.ToString().ReplaceLineEndings());
    }

    [TestMethod]
    public void OnePictureWithFiveCaptionsIsFivePairs()
    {
        IDataView pictures = View(A("cat", 1), A("dog", 2)), captions = View([.. Enumerable.Range(0, 5).Select(i => B("cat", i)), B("bird", 9), B("bird", 8)]);
        var joined = Context.Data.JoinModalities(pictures, captions, "Id");
        Assert.AreSequenceEqual(["cat", "cat", "cat", "cat", "cat", "dog", "bird", "bird"], ReadText(joined, "Id"));
        Assert.AreSequenceEqual(["0", "1", "2", "3", "4", "NaN", "9", "8"], Vectors(joined, "B"));
        Assert.AreSequenceEqual(["1;-1", "1;-1", "1;-1", "1;-1", "1;-1", "2;-2", "NaN;NaN", "NaN;NaN"], Vectors(joined, "A"));
        Assert.AreEqual((5L, 1), (joined.Summary.PairCount, joined.Summary.PairedIdCount));
        Assert.AreEqual((2, 7L), (joined.Summary.B.RepeatedIdCount, joined.Summary.B.RepeatedRowCount));
        Assert.Contains("B: 7 rows, 2 ids, 2 ids more than once (7 rows)", joined.Summary.ToString());

        // The other way round: the captions are read in order, and the picture is there for each.
        var other = Context.Data.JoinModalities(captions, pictures, "Id");
        Assert.AreSequenceEqual(["cat", "cat", "cat", "cat", "cat", "bird", "bird", "dog"], ReadText(other, "Id"));
        Assert.AreSequenceEqual(["1;-1", "1;-1", "1;-1", "1;-1", "1;-1", "NaN;NaN", "NaN;NaN", "2;-2"], Vectors(other, "A"));
    }

    [TestMethod]
    public void IdsRepeatedOnBothSidesAreAnErrorUnlessAskedFor()
    {
        IDataView a = View(A("u", 0), A("s", 1), A("s", 2)), b = View(B("s", 10), B("s", 20), B("u", 30));
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.JoinModalities(a, b, "Id"));
        Assert.Contains("'s' is in 2 rows (1 and 2) of viewA and in 2 rows (0 and 1) of viewB", error.Message);
        Assert.Contains("RepeatedIds.OnBothSides", error.Message);

        var joined = Context.Data.JoinModalities(a, b, "Id", options: new() { RepeatedIds = RepeatedIds.OnBothSides, MaximumBufferedRows = 1 });
        Assert.AreSequenceEqual(["0;0", "1;-1", "1;-1", "2;-2", "2;-2"], Vectors(joined, "A"));
        Assert.AreSequenceEqual(["30", "10", "20", "10", "20"], Vectors(joined, "B"));

        var once = Assert.ThrowsExactly<InvalidOperationException>(() =>
            Context.Data.JoinModalities(View(A("u", 0)), View(B("v", 1), B("v", 2)), "Id", options: new() { RepeatedIds = RepeatedIds.Error }));
        Assert.Contains("'v' is in no row of viewA and in 2 rows (0 and 1) of viewB", once.Message);
    }

    [TestMethod]
    public void RowsWithoutAnIdAreSinglesAndCounted()
    {
        var joined = Context.Data.JoinModalities(View(A("", 1), A("p", 2), A("  ", 3)), View(B("", 10), B("p", 20)), "Id");
        Assert.AreSequenceEqual([false, true, false, false], Read<bool>(joined, "IsPaired"));
        Assert.AreEqual((2L, 2L, 1L), (joined.Summary.A.MissingIdCount, joined.Summary.A.SingleCount, joined.Summary.B.MissingIdCount));
        Assert.Contains("A: 3 rows, 1 id, 2 rows without an id", joined.Summary.ToString());

        var numbers = Context.Data.JoinModalities(
            View(new { Id = double.NaN, X = 1f }, new { Id = 2d, X = 2f }), View(new { Id = double.NaN, Y = 1f }, new { Id = 2d, Y = 3f }), "Id");
        Assert.AreEqual((1L, 1L, 1L), (numbers.Summary.PairCount, numbers.Summary.A.MissingIdCount, numbers.Summary.B.MissingIdCount));
        Assert.AreSequenceEqual([double.NaN, 2, double.NaN], Read<double>(numbers, "Id"));
    }

    [TestMethod]
    public void NumbersOfDifferentTypesAreComparedAsNumbers()
    {
        var ints = View(new { Id = 7, X = 1f }, new { Id = -3, X = 2f });
        var longs = Context.Data.JoinModalities(ints, View(new { Id = -3L, Y = 3f }, new { Id = long.MaxValue, Y = 4f }), "Id");
        Assert.AreSequenceEqual([7L, -3L, long.MaxValue], Read<long>(longs, "Id"));
        Assert.AreEqual(1, longs.Summary.PairCount);
        var singles = Context.Data.JoinModalities(ints, View(new { Id = 7f, Y = 3f }, new { Id = float.NaN, Y = 4f }), "Id");
        Assert.AreSequenceEqual([7d, -3d, double.NaN], Read<double>(singles, "Id"));
        Assert.AreEqual(1, singles.Summary.PairCount);
    }

    [TestMethod]
    public void NumbersThatAreNoIdsAreRefusedWithTheirRow()
    {
        var b = View(new { Id = 1, Y = 1f });
        AssertSays(View(new { Id = 1f }, new { Id = 1.5f }), "viewA, row 1, id column 'Id': expected a whole number, found 1.5.");
        AssertSays(View(new { Id = 16777217d }, new { Id = double.PositiveInfinity }), "row 1, id column 'Id': expected a whole number, found Infinity.");
        // 16,777,217 is 16,777,216 in Single: the neighbours would be one patient.
        AssertSays(View(new { Id = 100000001f }), "rounded (load the ids as Int64 or text), found 100000000.");
        AssertSays(View(new { Id = 1e16 }), "of at most 9007199254740992");
        AssertSays(View(new { Id = ulong.MaxValue }), "of at most 9223372036854775807 (load the ids as text), found 18446744073709551615.");

        void AssertSays(IDataView a, string expected) =>
            Assert.Contains(expected, Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.JoinModalities(a, b, "Id")).Message);
    }

    [TestMethod]
    public void KeysAreComparedByWhatTheyStandFor()
    {
        IDataView Keyed(IDataView view) => Context.Transforms.Conversion.MapValueToKey("Id").Fit(view).Transform(view);
        // 'b' is key 1 here and key 2 there.
        IDataView a = Keyed(View(A("b", 1), A("a", 2))), b = Keyed(View(B("a", 10), B("b", 20), B("c", 30)));
        var joined = Context.Data.JoinModalities(a, b, "Id");
        Assert.AreSequenceEqual(["20", "10", "30"], Vectors(joined, "B"));
        Assert.AreSequenceEqual(["b", "a", "c"], ReadText(joined, "Id"));
        // A key and the text that it stands for are one id as well.
        Assert.AreEqual(2, Context.Data.JoinModalities(a, View(B("a", 1), B("b", 2)), "Id").Summary.PairCount);
        // Of equal sets of keys the column stays a key, with its values.
        var same = Context.Data.JoinModalities(a, Keyed(View(B("b", 1), B("a", 2))), "Id");
        Assert.IsInstanceOfType<KeyDataViewType>(same.Schema["Id"].Type);
        Assert.AreSequenceEqual([1u, 2u], Read<uint>(same, "Id"));
        // Missing: key 0.
        var mapper = Context.Transforms.Conversion.MapValueToKey("Id").Fit(View(A("b", 1)));
        var partly = Context.Data.JoinModalities(mapper.Transform(View(A("b", 1), A("stranger", 2))), View(B("b", 5)), "Id");
        Assert.AreEqual((1L, 1L), (partly.Summary.PairCount, partly.Summary.A.MissingIdCount));
        Assert.AreSequenceEqual(["b", ""], ReadText(partly, "Id"));
        // Keys of numbers.
        IDataView numbers = View(new { Id = 30, X = 1f }, new { Id = 7, X = 2f }), keyed = Keyed(numbers);
        var ofNumbers = Context.Data.JoinModalities(keyed, View(new { Id = 7L, Y = 5f }), "Id");
        Assert.AreSequenceEqual([30d, 7d], Read<double>(ofNumbers, "Id"));
        Assert.AreEqual(1, ofNumbers.Summary.PairCount);
    }

    [TestMethod]
    public void TextsAndNumbersAreNotMixed()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Context.Data.JoinModalities(View(A("7", 1)), View(new { Id = 7, Y = 1f }), "Id"));
        Assert.Contains("The ids of viewA, column 'Id', are texts (String), but those of viewB, column 'Id', are numbers (Int32).", error.Message);
        Assert.Contains("Conversion.ConvertType", error.Message);
        Assert.Contains("is of type Boolean; expected a text, a whole number, or a key of these", Assert.ThrowsExactly<ArgumentException>(() =>
            Context.Data.JoinModalities(View(new { Id = true }), View(new { Id = true }), "Id")).Message);
        Assert.Contains("viewB has no id column 'Identity'. Columns: Id, B, Price.",
            Assert.ThrowsExactly<ArgumentException>(() => Context.Data.JoinModalities(View(A("7", 1)), View(B("7", 1)), "Id", "Identity")).Message);
    }

    [TestMethod]
    public void TheIdHasOneColumnUnderTheFirstName()
    {
        var joined = Context.Data.JoinModalities(View(A("p", 1)), View(new { Subject = "p", Dose = 2f }, new { Subject = "q", Dose = 3f }), "Id", "Subject");
        Assert.AreSequenceEqual(["Id", "A", "Fruit", "Dose", "IsPaired"], joined.Schema.Select(column => column.Name).ToArray());
        Assert.AreSequenceEqual(["p", "q"], ReadText(joined, "Id"));
    }

    [TestMethod]
    public void NamesThatBothHaveNeedASuffix()
    {
        IDataView a = View(A("p", 1)), b = View(A("p", 2), A("q", 3));
        var error = Assert.ThrowsExactly<ArgumentException>(() => Context.Data.JoinModalities(a, b, "Id"));
        Assert.Contains("Both views have columns 'A', 'Fruit' besides the id.", error.Message);
        Assert.Contains("SuffixA", error.Message);
        var joined = Context.Data.JoinModalities(a, b, "Id", options: new() { SuffixA = "1", SuffixB = "2", PairedColumnName = null });
        Assert.AreSequenceEqual(["Id", "A1", "Fruit1", "A2", "Fruit2"], joined.Schema.Select(column => column.Name).ToArray());
        Assert.AreSequenceEqual(["2;-2", "3;-3"], Vectors(joined, "A2"));
        var one = Context.Data.JoinModalities(a, b, "Id", options: new() { SuffixB = "_right" });
        Assert.AreSequenceEqual(["Id", "A", "Fruit", "A_right", "Fruit_right", "IsPaired"], one.Schema.Select(column => column.Name).ToArray());
        Assert.Contains("more than one column 'A'", Assert.ThrowsExactly<ArgumentException>(() =>
            Context.Data.JoinModalities(View(A("p", 1)), View(B("p", 1)), "Id", options: new() { PairedColumnName = "A" })).Message);
    }

    [TestMethod]
    public void TypesWithoutAMissingValueAreRefusedWhereOneIsNeeded()
    {
        var b = View(new { Id = "p", Count = 3 });
        Assert.AreSequenceEqual([3], Read<int>(Context.Data.JoinModalities(View(A("p", 1)), b, "Id"), "Count"));
        var error = Assert.ThrowsExactly<ArgumentException>(() => Context.Data.JoinModalities(View(A("p", 1), A("q", 1)), b, "Id"));
        Assert.Contains("Column 'Count' of viewB is of type Int32, which has no missing value to stand in the 1 rows of viewA without a partner.",
            error.Message);
    }

    [TestMethod]
    public void IdsThatDifferInCaseOrBlanksAreReported()
    {
        var context = new MLContext(1);
        var log = new ContextLog(context);
        context.Data.JoinModalities(View(A("P1", 1), A("p2", 1), A("007", 1)), View(B("p1 ", 1), B("7", 1), B("p2", 1)), "Id");
        var warning = log.Warnings.Single();
        Assert.Contains("2 ids of viewA and viewB differ in nothing but upper and lower case, blanks at the ends or leading zeros", warning);
        Assert.Contains("'P1' and 'p1 '", warning);
        context.Data.JoinModalities(View(A("1", 1), A("x.0", 1)), View(B("1.0", 1), B("x", 1)), "Id");
        Assert.Contains("1 ids of viewA and viewB differ in nothing but", log.Warnings[1]);
        Assert.Contains("or a '.0' at the end, such as '1' and '1.0': they are not pairs. No id is on both sides.", log.Warnings[1]);
        context.Data.JoinModalities(View(A("a1", 1)), View(B("b1", 1)), "Id");
        Assert.Contains("No id is on both sides: there are no pairs. viewA, column 'Id', has 'a1', viewB, column 'Id', has 'b1'.", log.Warnings[2]);
        Assert.IsTrue(log.Texts(Microsoft.ML.Runtime.ChannelMessageKind.Info)
            .Any(message => message.Contains("Joined by 'Id': 1 pair of 1 id, 2 rows of A only", StringComparison.Ordinal)));
    }

    /// <summary>Every order, with hardly any memory, gives what a join in memory gives.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    [DataRow(65_536)]
    public void AnyOrderAndAnyMemoryGivesTheSameRows(int rows)
    {
        for (var seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            var (countA, countB, ids) = (random.Next(30), random.Next(40), 1 + random.Next(40));
            ARow[] a = [.. Enumerable.Range(0, countA).Select(i => A(random.Next(9) == 0 ? "" : $"{random.Next(ids)}", i))];
            BRow[] b = [.. Enumerable.Range(0, countB).Select(i => B(random.Next(9) == 0 ? "" : $"{random.Next(ids)}", i))];
            List<string> expected = [];
            foreach (var row in a)
            {
                var partners = b.Where(other => other.Id == row.Id && row.Id.Length > 0).ToArray();
                expected.AddRange(partners.Length == 0
                    ? [$"{row.Id}|{row.A[0]}|NaN|False"]
                    : partners.Select(other => $"{row.Id}|{row.A[0]}|{other.B[0]}|True"));
            }
            expected.AddRange(b.Where(row => row.Id.Length == 0 || a.All(other => other.Id != row.Id)).Select(row => $"{row.Id}|NaN|{row.B[0]}|False"));
            var joined = Context.Data.JoinModalities(
                View(a), View(b), "Id", options: new() { RepeatedIds = RepeatedIds.OnBothSides, MaximumBufferedRows = rows });
            Assert.AreSequenceEqual(expected, Lines(joined), $"seed {seed}");
            Assert.AreEqual(expected.Count, joined.Summary.RowCount);
        }
    }

    [TestMethod]
    public void SidesInOneOrderAreReadOnceEachAndHardlyAnythingIsHeld()
    {
        ProbeView a = new(View(Enumerable.Range(0, 500).Select(i => A($"{i}", i)).ToArray())),
            b = new(View(Enumerable.Range(0, 500).Select(i => B($"{i}", i)).ToArray()));
        var joined = Context.Data.JoinModalities(a, b, "Id", options: new() { MaximumBufferedRows = 1 });
        Assert.AreEqual((500, 500), (a.RowsRead, b.RowsRead), "the ids");
        Assert.AreSequenceEqual(["Id"], a.Opened);
        Assert.HasCount(500, Read<float>(joined, "Price"));
        // The pairs in one pass, and a last one over B, which looks for rows without a partner.
        Assert.AreSequenceEqual(["Id", "Id"], a.Opened);
        Assert.AreSequenceEqual(["Id", "Price,Id", "Price,Id"], b.Opened);
        Assert.AreEqual((a.Opened.Count, b.Opened.Count), (a.Disposed, b.Disposed));
    }

    [TestMethod]
    public void MoreMemoryMeansFewerPasses()
    {
        Assert.AreEqual(1 + 100 + 1, Passes(1));
        Assert.AreEqual(1 + 10 + 1, Passes(10));
        Assert.AreEqual(1 + 1 + 1, Passes(100));

        static int Passes(int held)
        {
            var b = new ProbeView(View(Enumerable.Range(0, 100).Select(i => B($"{i}", i)).ToArray()));
            var joined = Context.Data.JoinModalities(
                View(Enumerable.Range(0, 100).Reverse().Select(i => A($"{i}", i)).ToArray()), b, "Id", options: new() { MaximumBufferedRows = held });
            Assert.AreSequenceEqual(Enumerable.Range(0, 100).Reverse().Select(i => (float)i), Read<float>(joined, "Price"));
            return b.Opened.Count;
        }
    }

    [TestMethod]
    public void AViewThatHasChangedIsAnErrorAndNoWrongPair()
    {
        List<ARow> rows = [A("p", 1), A("q", 2)];
        var joined = Context.Data.JoinModalities(Context.Data.LoadFromEnumerable(rows), View(B("p", 1), B("q", 2)), "Id");
        rows[1] = A("p", 2);
        Assert.Contains("Row 1 of viewA has the id 'p', but had the id 'q' when the views were joined",
            Assert.ThrowsExactly<InvalidOperationException>(() => Read<float>(joined, "Price")).Message);
        rows[1] = A("q", 2);
        rows.Add(A("r", 3));
        Assert.Contains("more than the 2 rows", Assert.ThrowsExactly<InvalidOperationException>(() => Read<float>(joined, "Price")).Message);
        rows.RemoveRange(1, 2);
        Assert.Contains("viewA ended after 1 rows, but had 2", Assert.ThrowsExactly<InvalidOperationException>(() => Read<float>(joined, "Price")).Message);
    }

    [TestMethod]
    public void CursorsKeepTheRulesOfMlNet()
    {
        var joined = Context.Data.JoinModalities(View(A("x", 1), A("p", 2)), View(B("p", 10), B("p", 11), B("y", 20)), "Id");
        List<DataViewRowId> ids = [];
        var cursor = joined.GetRowCursor([joined.Schema["B"]]);
        var getB = cursor.GetGetter<VBuffer<float>>(joined.Schema["B"]);
        var getId = cursor.GetIdGetter();
        VBuffer<float> b = default;
        DataViewRowId id = default;
        Assert.ThrowsExactly<InvalidOperationException>(() => getB(ref b));
        while (cursor.MoveNext())
        {
            getId(ref id);
            ids.Add(id);
            getB(ref b);
            getB(ref b); // as often as one likes
        }
        Assert.HasCount(4, ids.Distinct());
        Assert.AreEqual(-1, cursor.Position);
        Assert.IsFalse(cursor.MoveNext());
        Assert.ThrowsExactly<InvalidOperationException>(() => getB(ref b));
        Assert.IsFalse(cursor.IsColumnActive(joined.Schema["A"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<VBuffer<float>>(joined.Schema["A"]));
        cursor.Dispose();
        // Two at once, and what is cached or shuffled after.
        Assert.AreSequenceEqual(Lines(joined), Lines(Context.Data.Cache(joined)));
        CollectionAssert.AreEquivalent(Lines(joined), Lines(Context.Data.ShuffleRows(joined, seed: 1)));
        using var one = joined.GetRowCursor(joined.Schema);
        using var other = joined.GetRowCursorSet(joined.Schema, 4)[0];
        one.MoveNext();
        Assert.AreSequenceEqual(Cells.Rows(joined.GetRowCursor(joined.Schema), joined.Schema), Cells.Rows(other, joined.Schema));
    }

    [TestMethod]
    public void PicturesWaitForTheirPartnersAsCopies()
    {
        using var red = MLImage.CreateFromPixels(2, 1, MLPixelFormat.Rgba32, [255, 0, 0, 255, 255, 0, 0, 255]);
        using var blue = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Rgba32, [0, 0, 255, 255]);
        IDataView texts = View(
            new { Id = "b", Text = "blue" }, new { Id = "r", Text = "red" }, new { Id = "r", Text = "also red" }, new { Id = "n", Text = "none" });
        var joined = Context.Data.JoinModalities(
            texts, Context.Data.LoadFromEnumerable([new Picture { Id = "r", Image = red }, new Picture { Id = "b", Image = blue }]), "Id");
        List<string> found = [];
        using var cursor = joined.GetRowCursor(joined.Schema);
        var get = cursor.GetGetter<MLImage>(joined.Schema["Image"]);
        while (cursor.MoveNext())
        {
            MLImage image = null!;
            get(ref image);
            found.Add(image is null ? "none" : $"{image.Width}: {string.Join(' ', ImagePixels.Of(image).Bytes)}");
            image?.Dispose(); // the reader's own: the next row of the same picture has another
        }
        Assert.AreSequenceEqual(["1: 0 0 255 255", "2: 255 0 0 255 255 0 0 255", "2: 255 0 0 255 255 0 0 255", "none"], found);
        Assert.AreEqual(2, red.Width, "the caller's picture is not disposed");
    }

    [TestMethod]
    public void TextsAndVectorsOfTextsAreHeldAsTheyWere()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllLines(folder.File("b.csv"), ["Id,Words,W1,W2", "q,one two,a,b", "p,three,c,d"]);
        var b = Context.Data.LoadFromTextFile(folder.File("b.csv"), new TextLoader.Options
        {
            HasHeader = true,
            Separators = [','],
            Columns = [new("Id", DataKind.String, 0), new("Words", DataKind.String, 1), new("Both", DataKind.String, 2, 3)],
        });
        var joined = Context.Data.JoinModalities(View(A("p", 1), A("q", 2)), b, "Id");
        Assert.AreSequenceEqual(["three", "one two"], ReadText(joined, "Words"));
        Assert.AreSequenceEqual(
            ["c d", "a b"], ReadBuffers<ReadOnlyMemory<char>>(joined, "Both").Select(words => string.Join(' ', words.DenseValues())).ToArray());
    }

    /// <summary>Two CSV files with an id, as a user has them: joined, fitted, saved; the pipeline takes one view.</summary>
    [TestMethod]
    public void FitSaveAndLoadFromTwoFiles()
    {
        using var folder = new TemporaryFolder();
        var rows = TwoViews.Pairs(120, 5);
        File.WriteAllLines(folder.File("a.csv"), [$"Id,{Head('a', 12)}", .. rows.Select((row, i) => $"s{i:000},{Line(row.A!)}")]);
        // 50 of the 120 are in both, in another order; 30 more are of B only.
        File.WriteAllLines(folder.File("b.csv"), [$"Id,{Head('b', 9)}",
            .. rows.Select((row, i) => (row, i)).Take(50).Reverse().Select(r => $"s{r.i:000},{Line(r.row.B!)}"),
            .. TwoViews.Pairs(30, 6).Select((row, i) => $"t{i:000},{Line(row.B!)}")]);
        IDataView joined = Context.Data.JoinModalities(Load("a.csv", "A", 12), Load("b.csv", "B", 9), "Id");
        var pipeline = Context.Transforms.GentleClip("EmbeddingA", "A", "EmbeddingB", "B", pairedColumnName: "IsPaired")
            .Append(Context.Transforms.CopyColumns("Features", "EmbeddingA"));
        var model = pipeline.Fit(joined);
        Context.Model.Save(model, joined.Schema, folder.File("model.zip"));
        var loaded = new MLContext().Model.Load(folder.File("model.zip"), out var schema);
        Assert.AreSequenceEqual(["Id", "A", "B", "IsPaired"], schema.Select(column => column.Name).ToArray());
        Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(joined), "EmbeddingB"), Embeddings.Bits(loaded.Transform(joined), "EmbeddingB"));
        var test = Context.Data.LoadFromEnumerable(TwoViews.Pairs(60, 9).Select(row => new Test { A = row.A!, B = row.B! }));
        Assert.IsGreaterThan(0.5, Context.GentleClip().EvaluateRetrieval(loaded.Transform(test), "EmbeddingA", "EmbeddingB").RecallAt(5));

        IDataView Load(string name, string column, int width) => Context.Data.LoadFromTextFile(folder.File(name), new TextLoader.Options
        {
            HasHeader = true,
            Separators = [','],
            MissingRealsAsNaNs = true,
            Columns = [new("Id", DataKind.String, 0), new(column, DataKind.Single, 1, width)],
        });

        static string Head(char letter, int width) => string.Join(',', Enumerable.Range(0, width).Select(i => $"{letter}{i}"));
        static string Line(float[] values) => string.Join(',', values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
    }

    [TestMethod]
    public void CancellationStopsTheReadingOfTheIds()
    {
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.ThrowsExactly<OperationCanceledException>(() =>
            Context.Data.JoinModalities(View(A("p", 1)), View(B("p", 1)), "Id", cancellationToken: cancellation.Token));
    }

    private static List<string> Lines(IDataView joined)
    {
        string[] ids = ReadText(joined, "Id"), a = Vectors(joined, "A"), b = Vectors(joined, "B");
        var paired = Read<bool>(joined, "IsPaired");
        return [.. ids.Select((id, i) => $"{id}|{a[i].Split(';')[0]}|{b[i]}|{paired[i]}")];
    }

    private static string[] Vectors(IDataView view, string column) =>
        [.. ReadVectors<float>(view, column).Select(vector => string.Join(';', vector.Select(value => value.ToString(CultureInfo.InvariantCulture))))];

    private static ARow A(string id, float value) => new() { Id = id, A = [value, 0 - value], Fruit = FormattableString.Invariant($"fruit {value}") };

    private static BRow B(string id, float value) => new() { Id = id, B = [value], Price = value };

    private sealed class ARow
    {
        public string Id { get; set; } = "";

        [VectorType(2)]
        public float[] A { get; set; } = [];

        public string Fruit { get; set; } = "";
    }

    private sealed class BRow
    {
        public string Id { get; set; } = "";

        [VectorType(1)]
        public float[] B { get; set; } = [];

        public float Price { get; set; }
    }

    private sealed class Picture
    {
        public string Id { get; set; } = "";

        [Microsoft.ML.Transforms.Image.ImageType(1, 1)]
        public MLImage? Image { get; set; }
    }

    private sealed class Test
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];

        [VectorType(TwoViews.DimensionB)]
        public float[] B { get; set; } = [];
    }
}
