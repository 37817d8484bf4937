using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EmojiPictures;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Serving;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>
/// The serving sample as its users meet it: the real server on a port of this machine, HTTP, and a model that was trained for a moment, or the one that comes
/// with the server.
/// </summary>
[TestClass]
public sealed class ServingTests
{
    private const int Steps = 3;

    private static readonly EmojiData Data = EmojiData.Read(EmojiData.Own);
    private static readonly TemporaryFolder Folder = new();

    private static string ModelFile => Folder.File("model.zip");

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Token => TestContext.CancellationToken;

    [ClassInitialize]
    public static void Train(TestContext context)
    {
        using var model = DemoModel.Train(Data, Steps, null, context.CancellationToken);
        ModelSource.Save(model, ModelFile);
        Assert.HasCount(1, Directory.GetFiles(Folder.FullName), "the model and nothing half written beside it");
        using var again = (GentleClipTransformer)ModelSource.Open(new() { Model = ModelFile }, NullLogger.Instance);
        Assert.AreEqual(Steps, again.History[^1].Step);
    }

    [ClassCleanup]
    public static void Delete() => Folder.Dispose();

    [TestMethod]
    [DataRow("--bach 5", "There is no option --bach; --help lists them.")]
    [DataRow("trian --out model.zip", "'trian' is no option; --help lists them.")]
    [DataRow("--model", "--model needs a value.")]
    [DataRow("--model --batch 5", "--model needs a value.")]
    [DataRow("--batch=5 --Serving:MaximumBatch 5 --urls http://localhost:1 --engine Torch", null)]
    public void AWordThatTheHostWouldPassOverIsNamed(string arguments, string? expected) =>
        Assert.AreEqual(expected, ServingOptions.Fault(arguments.Split(' ')));

    [TestMethod]
    public async Task HealthSaysWhatIsServed()
    {
        await using var server = await StartAsync();
        var health = await server.HealthAsync(Token);
        Assert.AreEqual("ready", health.GetProperty("status").GetString());
        Assert.AreEqual(128, health.GetProperty("dimension").GetInt32());
        Assert.AreEqual(3 * (Data.Train.Count + Data.Test.Count), health.GetProperty("catalogue").GetInt32());
        CollectionAssert.AreEqual(new[] { "Picture", "Words" },
            health.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("column").GetString()).ToArray());
        Assert.AreEqual(0, health.GetProperty("columns")[1].GetProperty("requests").GetInt32());
    }

    [TestMethod]
    public async Task EmbeddingsAreThoseOfTransform()
    {
        await using var server = await StartAsync("--model", ModelFile);
        var emoji = Data.Test.Take(20).ToArray();
        using var model = (GentleClipTransformer)new MLContext().Model.Load(ModelFile, out _);
        var view = model.Transform(
            new MLContext().Data.LoadFromEnumerable(emoji.Select(one => new Row { Picture = EmojiData.Planes(one.Pictures[0]), Words = one.Words }).ToList()));
        AssertClose(Embeddings.Column(view, "WordsEmbedding"), await server.EmbedAsync("Words", emoji.Select(one => one.Words), Token));
        AssertClose(Embeddings.Column(view, "PictureEmbedding"),
            await server.EmbedAsync("Picture", emoji.Select(one => Convert.ToBase64String(Png(one.Pictures[0]))), Token));
    }

    /// <summary>A whole pipeline as a program saves it: the alignment, and what was trained behind it.</summary>
    [TestMethod]
    public async Task ASavedPipelineIsServedAsItIs()
    {
        var mlContext = new MLContext(1);
        using var model = (GentleClipTransformer)mlContext.Model.Load(ModelFile, out _);
        var rows = mlContext.Data.LoadFromEnumerable(Data.Test.Take(20)
            .Select((one, i) => new LabelledRow { Picture = EmojiData.Planes(one.Pictures[0]), Words = one.Words, Kind = $"{i % 2}" }).ToList());
        var classifier = mlContext.Transforms.Conversion.MapValueToKey("Label", "Kind")
            .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: "WordsEmbedding")).Fit(model.Transform(rows));
        mlContext.Model.Save(model.Append(classifier), rows.Schema, Folder.File("pipeline.zip"));
        await using var server = await StartAsync("--model", Folder.File("pipeline.zip"));
        string[] words = [.. Data.Test.Take(5).Select(one => one.Words)];
        AssertClose([.. model.EmbedTexts(words)], await server.EmbedAsync("Words", words, Token));

        mlContext.Model.Save(mlContext.Transforms.CopyColumns("Words", "Words").Fit(rows).Append(model), rows.Schema, Folder.File("prepared.zip"));
        var refused = await Assert.ThrowsExactlyAsync<ArgumentException>(() => StartAsync("--model", Folder.File("prepared.zip")));
        Assert.Contains("Column 'Words' is made by the step ColumnCopyingTransformer", refused.Message);
        mlContext.Model.Save(classifier, model.Transform(rows).Schema, Folder.File("other.zip"));
        var other = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => StartAsync("--model", Folder.File("other.zip")));
        Assert.Contains("cannot be served: Expected a GentleClipTransformer or a chain with one, found a chain of 2 steps without", other.Message);
    }

    [TestMethod]
    public async Task SearchGivesTheNearestOfTheCatalogue()
    {
        await using var server = await StartAsync();
        foreach (var one in Data.Test.Take(5))
        {
            var found = await server.SearchAsync(new { column = "Picture", input = Convert.ToBase64String(Png(one.Pictures[1])), count = 3 }, Token);
            Assert.HasCount(3, found);
            Assert.AreEqual(($"{one.Name}, twitter", "Picture"), (found[0].Name, found[0].Column));
            Assert.AreEqual(1, found[0].Score, 1e-4);
            CollectionAssert.AreEqual(found.OrderByDescending(match => match.Score).ToArray(), found);
            // The picture that belongs to it.
            byte[] picture = await server.Client.GetByteArrayAsync(found[0].Picture, Token);
            Assert.AreEqual((PictureFormat.Bmp, EmojiData.Side, EmojiData.Side, (string?)null), Facts(picture));
            var hits = await server.SearchAsync(new { column = "Picture", input = Convert.ToBase64String(picture), count = 1 }, Token);
            Assert.AreEqual(1, hits[0].Score, 1e-4);
        }
        // By words: compared with every picture's embedding.
        var emoji = Data.Train.Concat(Data.Test).ToArray();
        var names = emoji.SelectMany(one => EmojiData.Styles.Select(style => $"{one.Name}, {style}")).ToArray();
        using var model = (GentleClipTransformer)new MLContext().Model.Load(Path.Combine(AppContext.BaseDirectory, ServingOptions.OwnModelName), out _);
        var pictures = Embeddings.Column(model.Transform(new MLContext().Data.LoadFromEnumerable(
            emoji.SelectMany(one => one.Pictures).Select(picture => new Row { Picture = EmojiData.Planes(picture), Words = "" }).ToList())),
                "PictureEmbedding");
        var query = (await server.EmbedAsync("Words", ["clock"], Token))[0];
        var best = pictures.Select((picture, i) => (Name: names[i], Score: Embeddings.Dot(query, picture))).MaxBy(match => match.Score);
        var answer = await server.SearchAsync(new { column = "Words", input = "clock", among = "Picture" }, Token);
        Assert.HasCount(5, answer);
        Assert.AreEqual(best.Name, answer[0].Name);
        Assert.AreEqual(best.Score, answer[0].Score, 1e-4);
        // The other direction, and both at once.
        var byPicture = await server.SearchAsync(new { column = "Picture", input = Convert.ToBase64String(Png(emoji[0].Pictures[0])), among = "Words" }, Token);
        Assert.IsTrue(byPicture.All(match => match is { Column: "Words", Picture: null }));
        var both = await server.SearchAsync(new { column = "Words", input = emoji[0].Name, count = 300 }, Token);
        CollectionAssert.AreEquivalent(new[] { "Picture", "Words" }, both.Select(match => match.Column).Distinct().ToArray());
        Assert.AreEqual((emoji[0].Name, "Words"), (both[0].Name, both[0].Column));

        static (PictureFormat, int, int, string?) Facts(byte[] file)
        {
            var info = PictureInfo.Read(file);
            return (info.Format, info.Width, info.Height, info.Problem);
        }
    }

    /// <summary>The figures of the sample's page, with room for other processors.</summary>
    [TestMethod]
    public async Task TheModelThatComesWithTheServerFindsWhatIsMeant()
    {
        using var model = ModelSource.Open(new(), NullLogger.Instance).FindGentleClip();
        string report = await DemoModel.MeasureAsync(model, Data, Token);
        double[] shares = [.. Regex.Matches(report, @"(\d+) %").Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.HasCount(8, shares, report);
        double[] least = [85, 95, 80, 70, 30, 45, 15, 12]; // those that the training saw, then those that it did not
        for (int i = 0; i < least.Length; i++)
            Assert.IsGreaterThanOrEqualTo(least[i], shares[i], $"figure {i} of\n{report}");
    }

    [TestMethod]
    public async Task TheServerListensAtOnceAndSaysHowFarItIs()
    {
        string file = Folder.File("slow.jsonl");
        // Each line waits for others to share its batch, so that the start takes seconds on any machine.
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, 40).Select(i => $$"""{"name": "{{i}}", "column": "Words", "input": "word {{i}}"}"""), Token);
        await using var server = await ListenAsync("--model", ModelFile, "--catalogue", file, "--wait", "100");
        Assert.AreEqual("live", (await server.Client.GetFromJsonAsync<JsonElement>("/health/live", Token)).GetProperty("status").GetString());
        var seen = new List<string?>();
        while (true)
        {
            using var ready = await server.Client.GetAsync("/health/ready", Token);
            var state = await ready.Content.ReadFromJsonAsync<JsonElement>(Token);
            seen.Add(state.GetProperty("doing").GetString());
            if (ready.IsSuccessStatusCode)
                break;
            Assert.AreEqual((HttpStatusCode.ServiceUnavailable, "loading"), (ready.StatusCode, state.GetProperty("status").GetString()));
            Assert.AreEqual(TimeSpan.FromSeconds(1), ready.Headers.RetryAfter!.Delta);
            if (seen.Count == 1)
            {
                StringAssert.Contains(await server.Client.GetStringAsync("/", Token), "The server is starting");
                foreach (string address in new[] { "/health", "/model", "/items/0/picture" })
                    Assert.AreEqual(HttpStatusCode.ServiceUnavailable, (await server.Client.GetAsync(address, Token)).StatusCode, address);
                using var search = await server.Client.PostAsJsonAsync("/search", new { column = "Words", input = "word" }, Token);
                Assert.AreEqual(HttpStatusCode.ServiceUnavailable, search.StatusCode);
                var problem = await search.Content.ReadFromJsonAsync<JsonElement>(Token);
                StringAssert.StartsWith(problem.GetProperty("detail").GetString()!, "The server is not ready yet. ");
                Assert.AreEqual("loading", problem.GetProperty("progress").GetProperty("status").GetString());
            }
            await Task.Delay(20, Token);
        }
        Assert.IsTrue(seen.Any(doing => doing?.StartsWith("Embedding the catalogue, line ", StringComparison.Ordinal) == true), string.Join("; ", seen));
        Assert.AreEqual(40, (await server.HealthAsync(Token)).GetProperty("catalogue").GetInt32());
    }

    [TestMethod]
    public async Task AServerThatIsStoppedWhileItLoadsStopsLoading()
    {
        string file = Folder.File("long.jsonl");
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, 1000).Select(i => $$"""{"name": "{{i}}", "column": "Words", "input": "word {{i}}"}"""), Token);
        await using var server = await ListenAsync("--model", ModelFile, "--catalogue", file, "--wait", "1000");
        var readiness = server.Application.Services.GetRequiredService<Readiness>();
        while (!readiness.Current.Doing.Contains("line", StringComparison.Ordinal))
            await Task.Delay(10, Token);
        await server.Application.StopAsync(Token); // a thousand seconds of waiting were left
        Assert.IsInstanceOfType<OperationCanceledException>(readiness.Problem);
    }

    [TestMethod]
    public async Task OpenApiDescribesTheAddresses()
    {
        await using var server = await StartAsync("--model", ModelFile);
        var description = await server.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Token);
        CollectionAssert.AreEquivalent(new[] { "/embed", "/search", "/model", "/items/{row}/picture", "/health", "/health/live", "/health/ready" },
            description.GetProperty("paths").EnumerateObject().Select(path => path.Name).ToArray());
        var search = description.GetProperty("paths").GetProperty("/search").GetProperty("post");
        string request = search.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref")
            .GetString()!.Split('/')[^1];
        CollectionAssert.IsSubsetOf(new[] { "column", "input", "count", "among" }, description.GetProperty("components").GetProperty("schemas")
            .GetProperty(request).GetProperty("properties").EnumerateObject().Select(field => field.Name).ToArray());
        CollectionAssert.IsSubsetOf(new[] { "200", "400", "413", "415", "503" },
            search.GetProperty("responses").EnumerateObject().Select(response => response.Name).ToArray());
    }

    [TestMethod]
    public async Task ThePageTakesNothingFromElsewhere()
    {
        await using var server = await StartAsync("--model", ModelFile);
        foreach (var (address, type) in new[] { ("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript") })
        {
            using var response = await server.Client.GetAsync(address, Token);
            Assert.AreEqual((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
            StringAssert.Contains(response.Headers.GetValues("Content-Security-Policy").Single(), "default-src 'none'; script-src 'self'; style-src 'self'");
            Assert.AreEqual("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            string text = await response.Content.ReadAsStringAsync(Token);
            Assert.DoesNotContain("//cdn", text);
            Assert.DoesNotContain("http", text.Replace("HTTP", "", StringComparison.Ordinal), $"{address} names another server");
            Assert.DoesNotContain("innerHTML", text);
        }
    }

    [TestMethod]
    public async Task TheCommandThatMadeTheModelRuns()
    {
        string file = Folder.File("trained.zip");
        using var written = new StringWriter();
        Assert.AreEqual(0, await Training.RunAsync(file, 2, written, Token));
        StringAssert.Contains(written.ToString(), "pictures that the training did not see:");
        using var model = ModelSource.Open(new() { Model = file }, NullLogger.Instance).FindGentleClip();
        Assert.AreEqual(2, model.History[^1].Step);
    }

    [TestMethod]
    public async Task ConcurrentRequestsAreComputedTogetherAndEachGetsItsOwn()
    {
        const int requests = 50;
        string[] words = [.. Data.Test.Take(requests).Select(one => one.Words)];
        var alone = new List<float[]>();
        await using (var server = await StartAsync("--model", ModelFile, "--wait", "0"))
        {
            foreach (string text in words)
                alone.Add((await server.EmbedAsync("Words", [text], Token))[0]);
            Assert.AreEqual(requests, server.ForwardPasses("Words"));
        }
        await using (var server = await StartAsync("--model", ModelFile, "--wait", "500", "--batch", "25"))
        {
            var together = await Task.WhenAll(words.Select(async text => (await server.EmbedAsync("Words", [text], Token))[0]));
            AssertClose([.. alone], together);
            Assert.IsLessThan(requests / 4, server.ForwardPasses("Words"));
            Assert.IsGreaterThan(1, server.ForwardPasses("Words"), "a batch has 25 inputs at most");
            var column = (await server.HealthAsync(Token)).GetProperty("columns")[1];
            Assert.AreEqual((requests, server.ForwardPasses("Words")), (column.GetProperty("requests").GetInt32(), column.GetProperty("batches").GetInt64()));
        }
    }

    [TestMethod]
    public async Task WhatIsWrongIsNamed()
    {
        await using var server = await StartAsync("--model", ModelFile, "--inputs", "3");
        await RefusedAsync("/embed", """{"column": "Words", "inputs": ["a", 3]}""", "inputs[1]: expected a text, found 3.");
        await RefusedAsync("/embed", """{"column": "Words", "inputs": ["a", "\ud800"]}""", """inputs[1]: expected a text, found "\ud800".""");
        await RefusedAsync("/embed", """{"column": "Words", "inputs": ["a", " "]}""", "Input 1 cannot be embedded as 'Words': expected a text");
        await RefusedAsync("/embed", """{"column": "Words", "inputs": ["a", "b", "c", "d"]}""", "inputs: expected a list of 1 to 3, found 4.");
        await RefusedAsync("/embed", """{"column": "Words"}""", "inputs: expected a list of 1 to 3, found nothing.");
        await RefusedAsync("/embed", """{"column": "Words", "inputs": []}""", "found 0.");
        await RefusedAsync("/embed", """{"column": "words", "inputs": ["a"]}""", "column: expected 'Picture' or 'Words', found 'words'.");
        await RefusedAsync("/embed", """{"inputs": ["a"]}""", "column: expected 'Picture' or 'Words', found nothing.");
        await RefusedAsync("/embed", """{"column": "Words", "input": ["a"]}""", "input: there is no such field; expected column, inputs.");
        await RefusedAsync("/embed", """{"column": "Words", "inputs": "a"}""", "$.inputs");
        await RefusedAsync("/embed", """{"column": "Words", "inputs": ["a" """, "LineNumber: 0");
        await RefusedAsync("/embed", "null", "body: expected an object, found null.");
        await RefusedAsync("/embed", """{"column": "Picture", "inputs": ["a b"]}""", "inputs[0]: expected a PNG or JPEG picture in base64, found \"a b\".");
        await RefusedAsync("/embed", """{"column": "Picture", "inputs": ["aaaa"]}""", "found bytes that are no picture.");
        await RefusedAsync("/search", """{"column": "Words"}""", "input: expected a text, found nothing.");
        await RefusedAsync("/search", """{"column": "Words", "input": "a", "count": 0}""", "count: expected 1 to 1000, found 0.");
        await RefusedAsync("/search", """{"column": "Words", "input": "a", "among": "x"}""", "among: expected 'Picture' or 'Words', found 'x'.");
        await RefusedAsync("/search", """{"column": "Words", "input": "a"}""", "start the server with --catalogue FILE");
        using var nowhere = await server.Client.GetAsync("/nowhere", Token);
        Assert.AreEqual(HttpStatusCode.NotFound, nowhere.StatusCode);
        StringAssert.Contains(await nowhere.Content.ReadAsStringAsync(Token), "There is no address /nowhere; /openapi/v1.json lists");
        using var form = await server.Client.PostAsync("/embed", new StringContent("{}"), Token);
        Assert.AreEqual(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        StringAssert.Contains(await form.Content.ReadAsStringAsync(Token), "expected Content-Type application/json, found text/plain");
        Assert.HasCount(1, await server.EmbedAsync("Words", ["a"], Token));

        async Task RefusedAsync(string address, string body, string message)
        {
            using var response = await server.Client.PostAsync(address, new StringContent(body, Encoding.UTF8, "application/json"), Token);
            Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode, body);
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Token);
            StringAssert.Contains(problem.GetProperty("detail").GetString()!, message, body);
        }
    }

    [TestMethod]
    public async Task PicturesAndBodiesThatAreTooLargeOrCutAreRefused()
    {
        byte[] png = Png(Data.Test[0].Pictures[0]);
        int side = EmojiData.Side;
        await using (var server = await StartAsync("--model", ModelFile, "--body", "60000", "--pixels", $"{side * side - 1}"))
        {
            await AssertAsync(server, HttpStatusCode.BadRequest, png,
                $"inputs[0]: expected a PNG or JPEG picture in base64, found {side} x {side} pixels, more than the {side * side - 1} that this server takes "
                    + $"(option --pixels).");
            await AssertAsync(server, HttpStatusCode.RequestEntityTooLarge, new byte[60_000],
                "body: expected at most 60000 bytes (option --body), found more.");
        }
        await using (var server = await StartAsync("--model", ModelFile, "--pixels", $"{side * side}"))
        {
            await AssertAsync(server, HttpStatusCode.BadRequest, png[..(png.Length / 2)], "found one that cannot be used: the file is cut short");
            Assert.HasCount(1, await server.EmbedAsync("Picture", [Convert.ToBase64String(png)], Token));
        }

        async Task AssertAsync(RunningServer server, HttpStatusCode status, byte[] picture, string message)
        {
            using var response = await server.Client.PostAsJsonAsync("/embed",
                new { column = "Picture", inputs = new[] { Convert.ToBase64String(picture) } }, Token);
            Assert.AreEqual(status, response.StatusCode);
            StringAssert.Contains((await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString()!, message);
        }
    }

    [TestMethod]
    public async Task AClientThatGoesAwayIsNotComputed()
    {
        await using var server = await StartAsync("--model", ModelFile, "--wait", "1500"); // time to see that the client has gone
        using var cancellation = new CancellationTokenSource();
        var given = server.EmbedAsync("Words", ["a"], cancellation.Token);
        while ((await server.HealthAsync(Token)).GetProperty("columns")[1].GetProperty("requests").GetInt32() == 0)
            await Task.Delay(10, Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => given);
        await Task.Delay(3000, Token);
        Assert.AreEqual(0, server.ForwardPasses("Words"));
        Assert.HasCount(1, await server.EmbedAsync("Words", ["b"], Token));
        Assert.AreEqual(1, server.ForwardPasses("Words"));
    }

    [TestMethod]
    public async Task ARequestUnderWayIsAnsweredWhenTheServerStops()
    {
        await using var server = await StartAsync("--model", ModelFile, "--wait", "1000");
        var request = server.EmbedAsync("Words", ["a"], Token);
        while ((await server.HealthAsync(Token)).GetProperty("columns")[1].GetProperty("requests").GetInt32() == 0)
            await Task.Delay(10, Token);
        var transformer = server.Application.Services.GetRequiredService<ITransformer>().FindGentleClip();
        await server.Application.StopAsync(Token);
        Assert.HasCount(1, await request);
        await Assert.ThrowsAsync<HttpRequestException>(() => server.HealthAsync(Token));
        await server.DisposeAsync();
        Assert.ThrowsExactly<ObjectDisposedException>(() => transformer.Model, "the container frees the model");
    }

    [TestMethod]
    public async Task AStoppingModelAnswersTryAgain()
    {
        await using var server = await StartAsync("--model", ModelFile);
        await server.Application.Services.GetRequiredService<Sides>().StopAsync();
        using var response = await server.Client.PostAsJsonAsync("/embed", new { column = "Words", inputs = new[] { "a" } }, Token);
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.AreEqual(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
    }

    [TestMethod]
    public async Task YourOwnCatalogueIsSearched()
    {
        string file = Folder.File("catalogue.jsonl");
        await File.WriteAllTextAsync(file, """
            {"name": "first", "column": "Words", "input": "a red heart"}

            {"name": "second", "column": "Words", "input": "a clock"}
            """, Token);
        await using (var server = await StartAsync("--model", ModelFile, "--catalogue", file))
            Assert.AreEqual("second", (await server.SearchAsync(new { column = "Words", input = "a clock", count = 10 }, Token))[0].Name);
        byte[] png = Png(Data.Test[0].Pictures[0]);
        await File.WriteAllTextAsync(file, $$"""{"name": "a picture", "column": "Picture", "input": "{{Convert.ToBase64String(png)}}"}""", Token);
        await using (var server = await StartAsync("--model", ModelFile, "--catalogue", file))
        {
            var found = (await server.SearchAsync(new { column = "Words", input = "a clock" }, Token)).Single();
            using var picture = await server.Client.GetAsync(found.Picture, Token);
            Assert.AreEqual(("image/png", "nosniff"),
                (picture.Content.Headers.ContentType!.MediaType, picture.Headers.GetValues("X-Content-Type-Options").Single()));
            CollectionAssert.AreEqual(png, await picture.Content.ReadAsByteArrayAsync(Token));
            foreach (string address in new[] { "/items/1/picture", "/items/-1/picture" })
                Assert.AreEqual(HttpStatusCode.NotFound, (await server.Client.GetAsync(address, Token)).StatusCode, address);
        }
        await File.WriteAllTextAsync(file, """{"name": "first", "column": "Words", "text": "a red heart"}""", Token);
        StringAssert.EndsWith((await Assert.ThrowsExactlyAsync<InvalidDataException>(() => StartAsync("--model", ModelFile, "--catalogue", file))).Message,
            "catalogue.jsonl, line 1: text: there is no such field; expected name, column, input.");
    }

    [TestMethod]
    public async Task AModelThatIsNotThereOrNoneAndOptionsOutOfRangeAreNamed()
    {
        string none = Folder.File("none.zip"), text = Folder.File("text.zip");
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<FileNotFoundException>(() => StartAsync("--model", none))).Message, none);
        string nowhere = Path.Combine(Folder.FullName, "nowhere");
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<IOException>(() => StartAsync("--model", ModelFile, "--temp", nowhere))).Message,
            $"temporary files, '{nowhere}', which cannot be written to: name another with --temp FOLDER");
        await File.WriteAllTextAsync(text, "text", Token);
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<InvalidDataException>(() => StartAsync("--model", text))).Message, text);
        StringAssert.Contains(
            (await Assert.ThrowsExactlyAsync<Microsoft.Extensions.Options.OptionsValidationException>(
                () => StartAsync("--model", ModelFile, "--batch", "0"))).Message, "MaximumBatch");
    }

    [TestMethod]
    [DoNotParallelize] // a switch of the process
    public async Task AnEngineThatCannotComputeIsRefusedAtTheStart()
    {
        const string switchName = "Microsoft.ML.GentleClip.LoadWithoutTorch";
        AppContext.SetSwitch(switchName, true);
        try
        {
            var problem = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => StartAsync("--model", ModelFile, "--engine", "Torch"));
            StringAssert.StartsWith(problem.Message, "The model cannot be served with --engine Torch: ");
            StringAssert.Contains(problem.Message, "ScoringOptions.Engine = Torch cannot compute; expected OnnxRuntime or Auto");
            await using var server = await StartAsync("--model", ModelFile, "--engine", "OnnxRuntime");
            Assert.HasCount(1, await server.EmbedAsync("Words", ["a red heart"], Token));
        }
        finally
        {
            AppContext.SetSwitch(switchName, false);
        }
    }

    private async Task<RunningServer> StartAsync(params string[] arguments)
    {
        var server = await ListenAsync(arguments);
        var readiness = server.Application.Services.GetRequiredService<Readiness>();
        while (!readiness.IsReady && readiness.Problem is null)
            await Task.Delay(10, Token);
        if (readiness.Problem is not { } problem)
            return server;
        await server.DisposeAsync();
        throw problem;
    }

    private static async Task<RunningServer> ListenAsync(params string[] arguments)
    {
        var application = Server.Build([.. arguments, "--urls", "http://127.0.0.1:0"]);
        try
        {
            await application.StartAsync();
            return new RunningServer(application);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    private static void AssertClose(float[][] expected, float[][] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int row = 0; row < expected.Length; row++)
            Transformers.Scoring.AssertClose(expected[row], actual[row], $"row {row}");
        Assert.AreNotEqual(expected[0][0], expected[^1][0], 1e-5f, "rows that differ");
    }

    private static byte[] Png(byte[] picture)
    {
        string file = Folder.File($"{Guid.NewGuid():n}.png");
        using (var image = SmallModel.Image(picture))
            image.Save(file);
        byte[] bytes = File.ReadAllBytes(file);
        File.Delete(file);
        return bytes;
    }

    private sealed record Match(string Name, float Score, string Column, string? Picture);

    private sealed class LabelledRow : Row
    {
        public string Kind { get; init; } = "";
    }

    private class Row
    {
        [VectorType(EmojiData.Channels, EmojiData.Side, EmojiData.Side)]
        public float[] Picture { get; init; } = [];

        public string Words { get; init; } = "";
    }

    private sealed class RunningServer(WebApplication application) : IAsyncDisposable
    {
        public WebApplication Application => application;

        public HttpClient Client { get; } = new() { BaseAddress = new(application.Urls.Single()) };

        public long ForwardPasses(string column) =>
            application.Services.GetRequiredService<ITransformer>().FindGentleClip().Columns
                .Single(side => side.Spec.Modality.InputColumnName == column).ForwardPasses;

        public Task<JsonElement> HealthAsync(CancellationToken token) => Client.GetFromJsonAsync<JsonElement>("/health", token);

        public async Task<float[][]> EmbedAsync(string column, IEnumerable<string> inputs, CancellationToken token)
        {
            using var response = await Client.PostAsJsonAsync("/embed", new { column, inputs }, token);
            Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await response.Content.ReadAsStringAsync(token));
            return (await response.Content.ReadFromJsonAsync<JsonElement>(token)).GetProperty("embeddings").Deserialize<float[][]>()!;
        }

        public async Task<Match[]> SearchAsync(object request, CancellationToken token)
        {
            using var response = await Client.PostAsJsonAsync("/search", request, token);
            Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await response.Content.ReadAsStringAsync(token));
            return (await response.Content.ReadFromJsonAsync<JsonElement>(token)).GetProperty("matches").Deserialize<Match[]>(JsonSerializerOptions.Web)!;
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await application.DisposeAsync();
        }
    }
}
