using EmojiPictures;
using Microsoft.AspNetCore.Builder;
using Microsoft.ML.GentleClip.Tests.Runtime;
using OpenQA.Selenium;
using Serving;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>The serving sample's page in a real browser: what a person sees, clicks and types.</summary>
[TestClass]
public sealed class ServingPageTests
{
    // What text in large letters needs less of is not made use of.
    private const double LeastContrast = 4.5;

    private const string Contrast = """
        const channel = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
        const numbers = colour => colour.match(/[\d.]+/g).map(Number);
        const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
        const paper = element => {
          for (let e = element; e; e = e.parentElement) {
            const [r, g, b, a = 1] = numbers(getComputedStyle(e).backgroundColor);
            if (a === 1) return [r, g, b];
          }
          return [255, 255, 255];
        };
        const least = { ratio: 100, text: "" };
        for (const element of document.querySelectorAll("body *")) {
          const text = element.value ?? [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join("").trim();
          if (!text || element.disabled || element.tagName === "SCRIPT" || element.getClientRects().length === 0) continue;
          const [a, b] = [luminance(numbers(getComputedStyle(element).color)), luminance(paper(element))];
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          if (ratio < least.ratio) { least.ratio = ratio; least.text = element.tagName + " " + text; }
        }
        return least.ratio.toFixed(3) + " " + least.text;
        """;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Token => TestContext.CancellationToken;

    [TestMethod]
    public async Task APersonSearchesInBothDirections()
    {
        using var browser = Browser.Start(TestContext);
        using var folder = new TemporaryFolder();
        await using var server = await ListenAsync();
        browser.Show(1100, 900, dark: false);
        browser.Driver.Navigate().GoToUrl(server.Urls.Single());
        Assert.AreEqual("en", browser.Run<string>("return document.documentElement.lang"));
        await browser.UntilAsync(() => browser.Element("#search").Displayed, "the search", Token);
        Assert.IsFalse(browser.Element("#loading").Displayed);
        StringAssert.Contains(browser.Element("#summary").Text, "1,146 items");
        StringAssert.Contains(browser.Element("#credit").Text, "CC BY 4.0");

        // By words, with the keyboard.
        browser.Element("#text").SendKeys("heart" + Keys.Enter);
        await browser.UntilAsync(() => browser.Elements("#matches li").Count == 12, "twelve results", Token);
        string[] names = [.. browser.Elements("#matches .name").Select(name => name.Text)];
        Assert.IsTrue(names.Take(3).Any(name => name.Contains("heart", StringComparison.Ordinal)), string.Join("; ", names));
        await browser.UntilAsync(() => browser.Number("return [...document.images].filter(i => i.complete && i.naturalWidth === 32).length") == 12,
            "their pictures", Token);
        double[] scores = [.. browser.Elements("#matches .score").Select(score => double.Parse(score.Text["score ".Length..],
            System.Globalization.CultureInfo.InvariantCulture))];
        CollectionAssert.AreEqual(scores.OrderDescending().ToArray(), scores);
        browser.Save("serving-words");

        // On from a picture that was found: its words.
        var first = browser.Element("#matches li button");
        string picture = names[0][..names[0].LastIndexOf(',')];
        first.Click();
        await browser.UntilAsync(() => browser.Element("#asked").Text.Contains("the picture", StringComparison.Ordinal), "an answer to the picture", Token);
        Assert.IsTrue(browser.Elements("#matches .name").Take(5).Any(name => name.Text == picture),
            browser.Element("#matches").Text);
        Assert.IsEmpty(browser.Elements("#matches img"));

        // An upload.
        var one = EmojiData.Read(EmojiData.Own).Train[0];
        string file = folder.File("mine.bmp");
        await File.WriteAllBytesAsync(file, ItemPicture.OfEmoji(one.Pictures[0]).Bytes, Token);
        browser.Element("#sides input[value=Picture]").Click();
        browser.Element("#picture").SendKeys(file);
        await browser.UntilAsync(() => browser.Number("return document.getElementById('preview').naturalWidth") == EmojiData.Side, "the preview", Token);
        browser.Element("#go").Click();
        await browser.UntilAsync(() => browser.Element("#asked").Text.Contains("mine.bmp", StringComparison.Ordinal), "an answer to the upload", Token);
        Assert.IsTrue(browser.Elements("#matches .name").Take(5).Any(name => name.Text == one.Name),
            browser.Element("#matches").Text);
        browser.Save("serving-upload");
        // While the server loads, its answers have status 503, which the browser writes down.
        string[] complaints = [.. browser.Complaints().Where(message => !message.Contains("/health/ready", StringComparison.Ordinal))];
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
    }

    [TestMethod]
    public async Task ErrorsAreShownInThePage()
    {
        using var browser = Browser.Start(TestContext);
        using var folder = new TemporaryFolder();
        await using var server = await ListenAsync("--body", "20000");
        browser.Show(1100, 900, dark: false);
        browser.Driver.Navigate().GoToUrl(server.Urls.Single());
        await browser.UntilAsync(() => browser.Element("#search").Displayed, "the search", Token);
        browser.Element("#go").Click();
        await FailsAsync("Type something to search for.");
        browser.Element("#count").Clear();
        browser.Element("#text").SendKeys("clock" + Keys.Enter);
        await FailsAsync("How many: expected a whole number from 1 to 100.");
        browser.Element("#count").SendKeys("3");
        browser.Element("#go").Click();
        await browser.UntilAsync(() => browser.Elements("#matches li").Count == 3 && !browser.Element("#problem").Displayed, "results after the error", Token);

        browser.Element("#sides input[value=Picture]").Click();
        browser.Element("#go").Click();
        await FailsAsync("Choose a picture file first.");
        string file = folder.File("no-picture.png");
        await File.WriteAllTextAsync(file, "<script>document.title = 'run'</script>", Token);
        browser.Element("#picture").SendKeys(file);
        browser.Element("#go").Click();
        await FailsAsync("input: expected a PNG or JPEG picture in base64, found bytes that are no picture.");
        browser.Save("serving-error");
        string large = folder.File("large.png");
        await File.WriteAllBytesAsync(large, new byte[20_000], Token);
        browser.Element("#picture").SendKeys(large);
        browser.Element("#go").Click();
        await FailsAsync("The file has 20000 bytes; the server takes pictures of at most 14250.");

        await server.StopAsync(Token);
        browser.Element("#sides input[value=Words]").Click();
        browser.Element("#go").Click();
        await FailsAsync("The server does not answer. Is it still running?");

        async Task FailsAsync(string message)
        {
            await browser.UntilAsync(() => browser.Element("#problem").Displayed && browser.Element("#problem").Text == message, message, Token);
            Assert.AreEqual("alert", browser.Element("#problem").GetDomAttribute("role"));
        }
    }

    [TestMethod]
    public async Task WhatIsInTheCatalogueOrTypedIsShownAndNeverRun()
    {
        const string hostile = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>";
        using var browser = Browser.Start(TestContext);
        using var folder = new TemporaryFolder();
        string file = folder.File("catalogue.jsonl");
        await File.WriteAllTextAsync(file, System.Text.Json.JsonSerializer.Serialize(new { name = hostile, column = "Words", input = "a clock" }), Token);
        await using var server = await ListenAsync("--catalogue", file);
        browser.Show(1100, 900, dark: false);
        browser.Driver.Navigate().GoToUrl(server.Urls.Single());
        await browser.UntilAsync(() => browser.Element("#search").Displayed, "the search", Token);
        browser.Element("#text").SendKeys(hostile + Keys.Enter);
        await browser.UntilAsync(() => browser.Elements("#matches li").Count == 1, "the result", Token);
        Assert.AreEqual(hostile, browser.Element("#matches .name").Text);
        StringAssert.Contains(browser.Element("#asked").Text, hostile);
        Assert.IsEmpty(browser.Elements("#results img, #results script"));
        Assert.AreEqual("Search across two modalities", browser.Driver.Title);
    }

    [TestMethod]
    public async Task ThePageFitsSmallScreensBothColourSchemesAndTheKeyboard()
    {
        using var browser = Browser.Start(TestContext);
        await using var server = await ListenAsync();
        foreach (var (width, dark) in new[] { (1100, false), (400, false), (400, true) })
        {
            browser.Show(width, 900, dark);
            browser.Driver.Navigate().GoToUrl(server.Urls.Single());
            await browser.UntilAsync(() => browser.Element("#search").Displayed, "the search", Token);
            // The examples are buttons; the last one that the keyboard comes to before the choice of how many.
            browser.Element("#examples button").SendKeys(Keys.Enter);
            await browser.UntilAsync(() => browser.Elements("#matches li").Count == 12, "results", Token);
            await browser.UntilAsync(() => browser.Run<bool>("return [...document.images].every(i => i.hidden || i.complete)"), "pictures", Token);
            Assert.IsLessThanOrEqualTo(width, browser.Number("return document.documentElement.scrollWidth"), $"nothing is cut off at {width} pixels");
            string least = browser.Run<string>(Contrast);
            Assert.IsGreaterThanOrEqualTo(LeastContrast, double.Parse(least.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture),
                $"{least}, {(dark ? "dark" : "light")}");
            browser.Save($"serving-{width}-{(dark ? "dark" : "light")}");
        }
        // Every field has a label, and the keyboard reaches every control that is shown.
        Assert.AreEqual("", browser.Run<string>(
            "return [...document.querySelectorAll('input, select, textarea')].filter(e => e.labels.length === 0).map(e => e.id).join()"));
        double controls = browser.Number("return [...document.querySelectorAll('input, select, textarea, button, a')]"
            + ".filter(e => e.getClientRects().length && !(e.type === 'radio' && !e.checked)).length");
        _ = browser.Driver.ExecuteScript("document.activeElement.blur(); window.scrollTo(0, 0); return null");
        browser.Element("body").SendKeys(Keys.Tab);
        var reached = new HashSet<string>();
        for (int i = 0; i < controls; i++)
        {
            reached.Add(browser.Run<string>(
                "const e = document.activeElement; const all = [...document.querySelectorAll('*')]; return e.tagName + all.indexOf(e)"));
            browser.Driver.SwitchTo().ActiveElement().SendKeys(Keys.Tab);
        }
        Assert.HasCount((int)controls, reached, string.Join(" ", reached));
    }

    private static async Task<WebApplication> ListenAsync(params string[] arguments)
    {
        var application = Server.Build([.. arguments, "--urls", "http://127.0.0.1:0"]);
        await application.StartAsync();
        return application;
    }
}
