using EmojiPictures;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.VectorData;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Runtime;
using VectorSearch;
using SearchCommandLine = VectorSearch.CommandLine;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>The vector collection of the sample: its run to the end, and what a provider of Microsoft.Extensions.VectorData promises.</summary>
[TestClass]
public sealed class VectorSearchTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Token => TestContext.CancellationToken;

    [TestMethod]
    public async Task RunsToTheEndAndFindsMoreThanGuessing()
    {
        var output = new StringWriter();
        double share = await new Demonstration(output).RunAsync(SearchCommandLine.Parse(["--steps", "40"]), Token);
        StringAssert.Contains(output.ToString(), "The collection holds 764 pictures of 382 emoji");
        Assert.IsGreaterThan(4.0 * Demonstration.Found / 382, share, output.ToString());
        var lines = output.ToString().Split('\n');
        Assert.HasCount(18,
            lines.Where(line => line.StartsWith("  ", StringComparison.Ordinal) && !line.Contains("training", StringComparison.Ordinal)).ToArray());
    }

    [TestMethod]
    public async Task ASavedModelIsSearchedByWordsAndPictures()
    {
        var data = EmojiData.Read(EmojiData.Own);
        using var folder = new TemporaryFolder();
        using (var trained = SmallModel.Train(data, 2, null, Token))
            new MLContext().Model.Save(trained, null, folder.File("model.zip"));
        await using var services = Demonstration.CreateServices(() => (GentleClipTransformer)new MLContext().Model.Load(folder.File("model.zip"), out _));
        var collection = services.GetRequiredService<VectorStoreCollection<int, PictureRecord>>();
        using var image = SmallModel.Image(data.Test[0].Pictures[0]);
        var vector = (await services.GetRequiredService<IEmbeddingGenerator<MLImage, Embedding<float>>>().GenerateAsync([image],
            cancellationToken: Token))[0].Vector;
        await collection.UpsertAsync(new PictureRecord { Number = 1, Name = "it", Embedding = vector }, Token);
        foreach (var results in new[] { collection.SearchAsync(image, 3, cancellationToken: Token),
            collection.SearchAsync(vector, 3, cancellationToken: Token) })
            Assert.AreEqual(1, (await results.SingleAsync(Token)).Score!.Value, 1e-5);
        Assert.AreEqual("it", (await collection.SearchAsync("some words", 3, cancellationToken: Token).SingleAsync(Token)).Record.Name);
        StringAssert.Contains(
            (await Assert.ThrowsExactlyAsync<NotSupportedException>(
                async () => await collection.SearchAsync(1.0, 3, cancellationToken: Token).ToListAsync(Token))).Message, "IEmbeddingGenerator<Double");
    }

    [TestMethod]
    public async Task RecordsAreKeptFilteredOrderedAndDeleted()
    {
        using var collection = new InMemoryCollection<int, PictureRecord>(new ServiceCollection().BuildServiceProvider(), "pictures");
        await collection.EnsureCollectionExistsAsync(Token);
        await collection.UpsertAsync(Enumerable.Range(0, 10).Select(i => Record(i, i % 2 == 0 ? "even" : "odd")), Token);
        await collection.UpsertAsync(Record(3, "changed"), Token);
        Assert.AreEqual("changed", (await collection.GetAsync(3, cancellationToken: Token))!.Group);
        Assert.IsNull(await collection.GetAsync(10, cancellationToken: Token));

        // The query lies along slot 0, record i at an angle that grows with i.
        float[] query = new float[128];
        query[0] = 2;
        Assert.AreEqual("0 1 2", await NumbersAsync(collection.SearchAsync(query, 3, cancellationToken: Token)));
        Assert.AreEqual("2 3", await NumbersAsync(collection.SearchAsync((ReadOnlyMemory<float>)query, 2, new() { Skip = 2 }, Token)));
        Assert.AreEqual("1 5 7",
            await NumbersAsync(collection.SearchAsync(new Embedding<float>(query), 3, new() { Filter = record => record.Group == "odd" }, Token)));
        Assert.AreEqual("0 1", await NumbersAsync(collection.SearchAsync(query, 10, new() { ScoreThreshold = 0.98 }, Token)));
        await Assert.ThrowsExactlyAsync<ArgumentException>(
            async () => await collection.SearchAsync(new float[3], 1, cancellationToken: Token).ToListAsync(Token));
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => collection.UpsertAsync(new PictureRecord { Embedding = new float[3] }, Token));

        var even = await collection.GetAsync(record => record.Group == "even", 2,
            new() { Skip = 1, OrderBy = order => order.Descending(record => record.Number) }, Token).ToListAsync(Token);
        CollectionAssert.AreEqual(new[] { 6, 4 }, even.Select(record => record.Number).ToArray());

        await collection.DeleteAsync(0, Token);
        Assert.AreEqual("1 2", await NumbersAsync(collection.SearchAsync(query, 2, cancellationToken: Token)));
        Assert.AreEqual("pictures", ((VectorStoreCollectionMetadata)collection.GetService(typeof(VectorStoreCollectionMetadata))!).CollectionName);
        await collection.EnsureCollectionDeletedAsync(Token);
        Assert.AreEqual("", await NumbersAsync(collection.SearchAsync(query, 2, cancellationToken: Token)));
    }

    [TestMethod]
    [DataRow("--steps", "none", "--steps needs a whole number above 0, found 'none'.")]
    [DataRow("--model", "", "Required argument missing for option: '--model'.")]
    [DataRow("--nothing", "1", "Unrecognized command or argument '--nothing'.")]
    public void AnOptionThatIsWrongIsNamed(string option, string value, string message) =>
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => SearchCommandLine.Parse(value.Length == 0 ? [option] : [option, value])).Message,
            message);

    [TestMethod]
    public void AModelThatIsThereIsNotTrained() => Assert.AreEqual("--model and --steps exclude each other.",
        Assert.ThrowsExactly<ArgumentException>(() => SearchCommandLine.Parse(["--model", "model.zip", "--steps", "5"])).Message);

    private static PictureRecord Record(int number, string group)
    {
        float[] vector = new float[128];
        (vector[0], vector[1]) = ((float)Math.Cos(0.15 * number), (float)Math.Sin(0.15 * number));
        return new() { Number = number, Group = group, Embedding = vector };
    }

    private async Task<string> NumbersAsync(IAsyncEnumerable<VectorSearchResult<PictureRecord>> results) =>
        string.Join(' ', (await results.ToListAsync(Token)).Select(result => result.Record.Number));
}
