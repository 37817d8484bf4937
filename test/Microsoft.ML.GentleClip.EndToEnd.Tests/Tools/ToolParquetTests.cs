using Parquet;
using Parquet.Schema;

namespace Microsoft.ML.GentleClip.Tests.Tools;

/// <summary>The command gentleclip on Parquet files as pandas and databases write them: an index beside the columns, and ids of any type.</summary>
[TestClass]
public sealed class ToolParquetTests : ToolTest
{
    // As pyarrow writes it for a data frame that was filtered, so that its index is no range any more.
    private const string Pandas = """
        {"index_columns": ["__index_level_0__"], "column_indexes": [{"name": null, "field_name": null, "pandas_type": "unicode", "numpy_type": "object",
        "metadata": {"encoding": "UTF-8"}}], "columns": [{"name": "id", "field_name": "id", "pandas_type": "unicode", "numpy_type": "object", "metadata": null},
        {"name": "x", "field_name": "x", "pandas_type": "float64", "numpy_type": "float64", "metadata": null},
        {"name": null, "field_name": "__index_level_0__", "pandas_type": "int64", "numpy_type": "int64", "metadata": null}],
        "creator": {"library": "pyarrow", "version": "15.0.0"}, "pandas_version": "2.2.0"}
        """;

    private static readonly double[] X = [0.1, 0.7, 0.3, 0.9, 0.2, 0.6], Y = [1, 3, 2, 6, 5, 4];
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "f"];
    private static readonly long[] Numbers = [3, 5, 8, 13, 21, 34];

    private string Other => Write("other.csv", $"id,u,v\n{string.Join('\n', Names.Select((name, i) => $"{name},{i % 4},{i % 3}"))}\n");

    [TestMethod]
    [DataRow(Pandas, DisplayName = "written by pandas")]
    [DataRow(null, DisplayName = "written anew by another program")]
    [DataRow("{", DisplayName = "with metadata that is damaged")]
    public async Task TheIndexOfPandasIsNoFeature(string? pandas)
    {
        string framed = await WriteAsync("framed.parquet", pandas, Text("id", Names), Of("x", X), Of("y", Y), Of("__index_level_0__", Numbers));
        string plain = await WriteAsync("plain.parquet", null, Text("id", Names), Of("x", X), Of("y", Y));
        Assert.AreEqual(0, await RunAsync("fit", framed, Other, "--id", "id", "--out", Folder.File("framed.zip")));
        Assert.Contains($"A is {framed}: 6 rows, 2 features: x, y", Error);
        Assert.Contains("left out, numbers of rows: '__index_level_0__' (the index of pandas); to learn from them, name them with --columns-a", Error);
        Assert.AreEqual(0, await RunAsync("fit", plain, Other, "--id", "id", "--out", Folder.File("plain.zip")));
        // The same model: either embeds the other's table, to equal numbers.
        Assert.AreEqual(0, await RunAsync("embed", Folder.File("framed.zip"), plain, "--id", "id", "--out", Folder.File("framed.csv")));
        Assert.AreEqual(0, await RunAsync("embed", Folder.File("plain.zip"), framed, "--id", "id", "--out", Folder.File("plain.csv")));
        Assert.AreEqual(await ReadAsync("framed.csv"), await ReadAsync("plain.csv"));

        Clear();
        Assert.AreEqual(0, await RunAsync("plan", framed, Other, "--id", "id", "--columns-a", "x,__index_level_0__"));
        Assert.Contains("6 rows, 2 features: x, __index_level_0__", Error);
        Assert.DoesNotContain("left out", Error);
    }

    [TestMethod]
    public async Task AnIndexWithANameIsKnownByTheMetadata()
    {
        string pandas = Pandas.Replace("__index_level_0__", "year", StringComparison.Ordinal);
        string framed = await WriteAsync("framed.parquet", pandas, Text("id", Names), Of("x", X), Of("year", Numbers));
        Assert.AreEqual(0, await RunAsync("plan", framed, Other, "--id", "id"));
        Assert.Contains("1 feature: x", Error);
        Assert.Contains("left out, numbers of rows: 'year' (the index of pandas)", Error);
        // The index may be the id: that is what it is for.
        string indexed = await WriteAsync(
            "indexed.parquet", Pandas.Replace("__index_level_0__", "id", StringComparison.Ordinal), Of("x", X), Text("id", Names));
        Clear();
        Assert.AreEqual(0, await RunAsync("plan", indexed, Other, "--id", "id"));
        Assert.Contains("6 pairs of 6 ids", Output);
        Assert.DoesNotContain("left out", Error);
        // A range has no column.
        string range = """{"index_columns": [{"kind": "range", "name": null, "start": 0, "stop": 6, "step": 1}], "columns": []}""";
        Clear();
        Assert.AreEqual(0, await RunAsync("plan", await WriteAsync("range.parquet", range, Text("id", Names), Of("x", X)), Other, "--id", "id"));
        Assert.DoesNotContain("left out", Error);
        await AssertSays("has no column of numbers besides the id 'id'; numbers are written as 1.5. Found: 'year' (the index of pandas).",
            "plan", await WriteAsync("only.parquet", pandas, Text("id", Names), Of("year", Numbers)), Other, "--id", "id");
    }

    [TestMethod]
    public async Task IdsThatStandForATextAreRead()
    {
        var guids = Names.Select((_, i) => new Guid(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)).ToArray();
        await Pairs(Of("id", guids), guids.Select(guid => guid.ToString()));
        await Pairs(Of("id", 1m, 2.50m, 3.00m, 40m, 5m, 6m), ["1", "2.5", "3", "40", "5", "6"]);
        await Pairs(Of("id", 1f, 2f, 3f, 40f, 5f, 6f), ["1", "2", "3", "40", "5", "6"]);
        await Pairs(Of("id", 1.0, 2.0, 3.0, 9007199254740991.0, 5.0, 6.0), ["1", "2", "3", "9007199254740991", "5", "6"]);
        await Pairs(Of("id", [.. Enumerable.Range(1, 6).Select(day => new DateOnly(2024, 5, day))]), Enumerable.Range(1, 6).Select(day => $"2024-05-0{day}"));
        await Pairs(Bytes("id", [.. Names.Select(System.Text.Encoding.UTF8.GetBytes)]), Names);
        await Pairs(Of("id", (byte)1, (byte)2, (byte)3, (byte)4, (byte)5, (byte)6), ["1", "2", "3", "4", "5", "6"]);
        await Pairs(Of("id", ulong.MaxValue, 2UL, 3UL, 4UL, 5UL, 6UL), [$"{ulong.MaxValue}", "2", "3", "4", "5", "6"]);

        async Task Pairs(Column ids, IEnumerable<string> texts)
        {
            Clear();
            string parquet = await WriteAsync("ids.parquet", null, ids, Of("x", X), Of("y", Y));
            string csv = Write("ids.csv", $"id,u,v\n{string.Join('\n', texts.Select((text, i) => $"{text},{i % 4},{i % 3}"))}\n");
            Assert.AreEqual(0, await RunAsync("plan", parquet, csv, "--id", "id"));
            Assert.Contains("6 pairs of 6 ids", Output, $"ids of type {ids.Field.ClrType.Name}");
        }
    }

    [TestMethod]
    public async Task IdsOfOtherTypesAreRefusedWithWhatWasFound()
    {
        const string Expected = "expected ids: text, whole numbers, decimals, dates or UUIDs. Write the ids as text.";
        await Refused(Of("id", [.. Enumerable.Range(1, 6).Select(hour => new DateTime(2024, 5, 1, hour, 0, 0, DateTimeKind.Utc))]),
            $"the column 'id' holds timestamps; {Expected}");
        await Refused(Of("id", true, false, true, false, true, false), $"the column 'id' holds true and false; {Expected}");
        var time = new TimeDataField("id", TimeUnitPrecision.Micros);
        await Refused(new Column(time, group => group.WriteAsync<long>(time, Numbers)), $"the column 'id' holds times of day; {Expected}");
        await Refused(Of("id", 1.0, 2.5, 3.0, 4.0, 5.0, 6.0), ", row 2, column 'id': found the floating-point number 2.5; expected an id");
        await Refused(Of("id", 1f, 16_777_220f, 3f, 4f, 5f, 6f), ", row 2, column 'id': found the floating-point number 16777220; expected an id");
        await Refused(Bytes("id", [.. Names.Select((_, i) => new byte[] { 0xFF, 0xD8, (byte)i })]),
            ", row 1, column 'id': found bytes that are no text; expected an id");
        // As features they are left out and named.
        string parquet = await WriteAsync("times.parquet", null, Text("id", Names), Of("x", X),
            Of("at", [.. Enumerable.Range(1, 6).Select(hour => new DateTime(2024, 5, 1, hour, 0, 0, DateTimeKind.Utc))]));
        Assert.AreEqual(0, await RunAsync("plan", parquet, Other, "--id", "id"));
        Assert.Contains("left out, not numbers: 'at' (row 1: 'timestamps')", Error);
        await AssertSays($"{parquet}, row 1, column 'at': expected a number such as 1.5, found 'timestamps'.",
            "plan", parquet, Other, "--id", "id", "--columns-a", "x,at");

        async Task Refused(Column ids, string message) => await AssertSays(
            message, "plan", await WriteAsync("ids.parquet", null, ids, Of("x", X), Of("y", Y)), Other, "--id", "id");
    }

    [TestMethod]
    public async Task IdsThatAreLackingOrRepeatedAreTold()
    {
        string csv = Write("numbers.csv", "id,u,v\n1,0,1\n2,1,1\n3,2,0\n4,1,0\n");
        string gaps = await WriteAsync("gaps.parquet", null, OfNullable<long>("id", 1, null, 3, null, 2, 4), Of("x", X), Of("y", Y));
        string floats = await WriteAsync("floats.parquet", null, OfNullable<double>("id", 1, null, 3, double.NaN, 2, 4), Of("x", X), Of("y", Y));
        foreach (string parquet in new[] { gaps, floats })
        {
            Clear();
            Assert.AreEqual(0, await RunAsync("plan", parquet, csv, "--id", "id"));
            Assert.Contains("4 pairs of 4 ids, 2 rows of A only, 0 rows of B only", Output);
            Assert.Contains("2 rows without an id", Output);
        }
        string model = Folder.File("model.zip");
        Assert.AreEqual(0, await RunAsync("fit", gaps, csv, "--id", "id", "--out", model));
        Clear();
        Assert.AreEqual(0, await RunAsync("embed", model, gaps, "--id", "id", "--out", Folder.File("e.csv")));
        Assert.Contains($"{gaps}: 2 of 6 rows have no id, the first in row 2.", Error);

        string twice = await WriteAsync("twice.parquet", null, Of<long>("id", 1, 1, 3, 4, 2, 2), Of("x", X), Of("y", Y));
        Clear();
        Assert.AreEqual(0, await RunAsync("embed", model, twice, "--id", "id", "--out", Folder.File("twice.csv")));
        Assert.Contains($"{twice}: 2 ids are there more than once, such as '1' in rows 1, 2.", Error);
        string also = Write("also.csv", "id,u,v\n2,0,1\n2,1,1\n3,2,0\n4,1,0\n");
        await AssertSays($"The id '2' in rows 5, 6 of {twice} is there more than once in the other file as well: '2' in lines 2, 3 of {also}.",
            "plan", twice, also, "--id", "id");
    }

    private async Task<string> ReadAsync(string name) => await File.ReadAllTextAsync(Folder.File(name), TestContext.CancellationToken);

    private sealed record Column(DataField Field, Func<ParquetRowGroupWriter, Task> WriteTo);

    private static Column Of<T>(string name, params T[] values)
        where T : struct
    {
        var field = new DataField<T>(name);
        return new(field, group => group.WriteAsync<T>(field, values));
    }

    private static Column OfNullable<T>(string name, params T?[] values)
        where T : struct
    {
        var field = new DataField<T?>(name);
        return new(field, group => group.WriteAsync<T>(field, values));
    }

    private static Column Text(string name, string[] values)
    {
        var field = new DataField<string>(name);
        return new(field, group => group.WriteAsync(field, values));
    }

    private static Column Bytes(string name, byte[][] values)
    {
        var field = new DataField<byte[]>(name);
        return new(field, group => group.WriteAsync(field, values));
    }

    private async Task<string> WriteAsync(string name, string? pandas, params Column[] columns)
    {
        string path = Folder.File(name);
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(
            new ParquetSchema(columns.Select(column => column.Field).ToArray<Field>()), file, cancellationToken: TestContext.CancellationToken);
        if (pandas is not null)
            writer.CustomMetadata = new Dictionary<string, string> { ["pandas"] = pandas };
        using var group = writer.CreateRowGroup();
        foreach (var column in columns)
            await column.WriteTo(group);
        group.CompleteValidate();
        return path;
    }
}
