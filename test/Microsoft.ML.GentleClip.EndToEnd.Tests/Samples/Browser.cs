using System.Globalization;
using Microsoft.ML.GentleClip.Tests.Runtime;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>Chromium without a window, through its driver: both must be on the machine, nothing is fetched.</summary>
internal sealed class Browser : IDisposable
{
    private static readonly string[] Browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _profile = new();
    private readonly ChromeDriverService _service;

    private Browser(string browser, string driver)
    {
        var options = new ChromeOptions { BinaryLocation = browser };
        options.AddArguments("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", $"--user-data-dir={_profile.FullName}");
        options.SetLoggingPreference(LogType.Browser, LogLevel.All);
        _service = ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(driver), Path.GetFileName(driver));
        _service.SuppressInitialDiagnosticInformation = true;
        Driver = new ChromeDriver(_service, options, Patience);
    }

    public ChromeDriver Driver { get; }

    /// <summary>Starts one, or ends the test with the reason why there is none.</summary>
    public static Browser Start(TestContext context)
    {
        string? browser = Browsers.Select(Find).FirstOrDefault(file => file is not null), driver = Find("chromedriver");
        if (browser is null || driver is null)
            Skip.Because(context, $"The page is tested in a browser: there is no {(browser is null ? string.Join(" or ", Browsers) : "chromedriver")} in PATH "
                + "(Debian: apt-get install chromium chromium-driver).");
        return new Browser(browser, driver);
    }

    /// <summary>Width and height in CSS pixels, and the colour scheme that the user prefers.</summary>
    public void Show(int width, int height, bool dark)
    {
        Driver.ExecuteCdpCommand("Emulation.setDeviceMetricsOverride",
            new() { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        Driver.ExecuteCdpCommand("Emulation.setEmulatedMedia", new()
        {
            ["features"] = new object[]
            {
                new Dictionary<string, object> { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" },
                new Dictionary<string, object> { ["name"] = "prefers-reduced-motion", ["value"] = "reduce" },
            },
        });
    }

    public IWebElement Element(string selector) => Driver.FindElement(By.CssSelector(selector));

    public IReadOnlyList<IWebElement> Elements(string selector) => Driver.FindElements(By.CssSelector(selector));

    public T Run<T>(string script) => (T)Driver.ExecuteScript(script)!;

    public double Number(string script) => Convert.ToDouble(Driver.ExecuteScript(script), CultureInfo.InvariantCulture);

    /// <summary>Waits for something to become true.</summary>
    public async Task UntilAsync(Func<bool> condition, string what, CancellationToken cancellation)
    {
        var end = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                if (condition())
                    return;
            }
            catch (StaleElementReferenceException)
            {
                // The page has just replaced it.
            }
            Assert.IsLessThan(end, DateTime.UtcNow, $"waited in vain for {what}; the page:\n{Element("body").Text}");
            await Task.Delay(20, cancellation);
        }
    }

    /// <summary>What the page wrote into the console: errors, and what its policy refused.</summary>
    public IReadOnlyList<string> Complaints() => [.. Driver.Manage().Logs.GetLog(LogType.Browser).Select(entry => entry.Message)];

    /// <summary>A picture of the page, where a person asked for one (GENTLECLIP_SCREENSHOTS=DIR).</summary>
    public void Save(string name)
    {
        if (Environment.GetEnvironmentVariable("GENTLECLIP_SCREENSHOTS") is not { Length: > 0 } folder)
            return;
        Directory.CreateDirectory(folder);
        Driver.GetScreenshot().SaveAsFile(Path.Combine(folder, name + ".png"));
    }

    public void Dispose()
    {
        Driver.Quit();
        Driver.Dispose();
        _service.Dispose();
        _profile.Dispose();
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { Path.Combine(folder, program), Path.Combine(folder, program + ".exe") }).FirstOrDefault(File.Exists);
}
