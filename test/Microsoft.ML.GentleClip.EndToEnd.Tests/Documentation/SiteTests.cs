using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Site;
using Microsoft.ML.GentleClip.Tests.Runtime;
using SiteRepository = Microsoft.ML.GentleClip.Site.Repository;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>What the site is built of, without DocFX: its contents, the notebooks as pages, and the check of its links.</summary>
[TestClass]
public sealed partial class SiteTests
{
    [TestMethod]
    public void EveryPageIsInTheContents()
    {
        foreach (var (contents, folders) in new[] { ("docs/toc.yml", new[] { "docs" }), ("samples/toc.yml", ["samples", "studies"]) })
        {
            string file = Path.Combine(SiteRepository.Root, contents);
            var listed = Link().Matches(File.ReadAllText(file))
                .Select(link => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, link.Groups[1].Value))).ToArray();
            CollectionAssert.AllItemsAreUnique(listed, contents);
            foreach (string page in listed)
                Assert.IsTrue(File.Exists(page), $"{contents} names {page}, which is not there");
            string[] missing = [.. LinkTests.Pages().Where(page => folders.Any(folder => page.StartsWith(
                Path.Combine(SiteRepository.Root, folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
                .Where(page => !page.Contains("Notebooks", StringComparison.Ordinal)).Except(listed)];
            Assert.IsEmpty(missing, $"{contents} lacks {string.Join(", ", missing)}");
        }
        string[] notebooks = [.. Directory.EnumerateFiles(Path.Combine(SiteRepository.Root, "samples/Notebooks"), "*.ipynb").Select(Path.GetFileName)!];
        Assert.HasCount(5, notebooks);
        CollectionAssert.IsSubsetOf(notebooks, Link().Matches(File.ReadAllText(Path.Combine(SiteRepository.Root, "samples/Notebooks/toc.yml")))
            .Select(link => link.Groups[1].Value).ToArray());
    }

    [TestMethod]
    public void NotebooksBecomePagesWithTheirOutputsAndLinksFollow()
    {
        using var folder = new TemporaryFolder();
        var staged = Stage.Fill(SiteRepository.Root, folder.FullName);
        Assert.AreEqual(5, staged.Notebooks);
        Assert.IsGreaterThan(60, staged.Pages);
        foreach (string notebook in Directory.EnumerateFiles(Path.Combine(SiteRepository.Root, "samples/Notebooks"), "*.ipynb"))
        {
            var cells = JsonNode.Parse(File.ReadAllText(notebook))!["cells"]!.AsArray();
            string page = File.ReadAllText(Path.Combine(folder.FullName, "samples/Notebooks", Path.ChangeExtension(Path.GetFileName(notebook), ".md")));
            Assert.AreEqual(cells.Sum(cell => cell!["outputs"]?.AsArray().Count ?? 0), Regex.Count(page, "<div class=\"notebook-output"), notebook);
            Assert.AreEqual(cells.Count(cell => (string?)cell!["cell_type"] == "code"), Regex.Count(page, "(?m)^```csharp$"), notebook);
            Assert.IsTrue(page.Contains("<svg", StringComparison.Ordinal) || page.Contains("<img", StringComparison.Ordinal), notebook);
        }
        string training = File.ReadAllText(Path.Combine(folder.FullName, "docs/training.md"));
        StringAssert.Contains(training, "../samples/Notebooks/01-two-feature-columns.md");
        StringAssert.Contains(File.ReadAllText(Path.Combine(folder.FullName, "docs/getting-started.md")), "](../index.md)");
        // What a page links to and is no page itself comes along.
        Assert.IsTrue(File.Exists(Path.Combine(folder.FullName, "samples/Basics/TwoTables.cs")));
        Assert.IsTrue(File.Exists(Path.Combine(folder.FullName, "assembly/Microsoft.ML.GentleClip.xml")));
    }

    [TestMethod]
    public void ANotebookThatCannotBeShownIsNamed()
    {
        foreach (var (json, message) in new[]
        {
            ("{", "a.ipynb: expected a notebook"),
            ("{}", "a.ipynb: expected a notebook, found no cells."),
            (Cell("""{ "output_type": "error", "evalue": "it broke" }"""), "a.ipynb: a saved output is an error: it broke"),
            (Cell("""{ "output_type": "display_data", "data": { "video/mp4": "" } }"""), "found video/mp4."),
        })
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => NotebookPage.Render(json, "a.ipynb")).Message, message);
        // What was printed is text, whatever it looks like, and an empty line does not end it.
        string page = NotebookPage.Render(Cell("""{ "output_type": "stream", "text": ["<b>1</b>\n", "\n", "# 2"] }"""), "a.ipynb");
        StringAssert.Contains(page, "<pre>&lt;b&gt;1&lt;/b&gt;\n&#8203;\n# 2</pre>");

        static string Cell(string output) => $$"""{ "cells": [ { "cell_type": "code", "source": ["1"], "outputs": [ {{output}} ] } ] }""";
    }

    [TestMethod]
    public void BrokenLinksOfBuiltPagesAreFound()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.FullName, "docs"));
        File.WriteAllText(folder.File("index.html"), """
            <a href="docs/a.html">right</a> <a href="docs/a.html#here">right</a> <a href="https://example.org/x">not ours</a> <img src="none.png">
            <script>const text = '<a href="never.html">';</script>
            """);
        File.WriteAllText(folder.File("docs/a.html"), """
            <h1 id="here">A</h1> <a href="../index.html">right</a> <a href="#nowhere">wrong</a> <a href="b.html">wrong</a> <a href="../docs/a.html?q=1#here">right</a>
            """);
        var broken = BuiltLinks.Check(folder.FullName, out int count);
        CollectionAssert.AreEqual(new[]
        {
            "docs/a.html: '#nowhere' leads to no place in the page",
            "docs/a.html: there is no 'b.html'",
            "index.html: there is no 'none.png'",
        }, broken.ToArray());
        Assert.AreEqual(7, count);
    }

    [TestMethod]
    public void OneCommandBuildsTheSiteAndTheWorkflowDeploysIt()
    {
        var tools = JsonNode.Parse(File.ReadAllText(Path.Combine(SiteRepository.Root, ".config/dotnet-tools.json")))!["tools"]!;
        CollectionAssert.Contains(tools["docfx"]!["commands"]!.AsArray().Select(name => (string?)name).ToArray(), "docfx");
        string workflow = File.ReadAllText(Path.Combine(SiteRepository.Root, ".github/workflows/pages.yml"));
        StringAssert.Contains(workflow, "dotnet run -c Release --project tools/Microsoft.ML.GentleClip.Site");
        StringAssert.Contains(workflow, "path: artifacts/site/html");
    }

    [GeneratedRegex(@"(?m)href: (\S+)$")]
    private static partial Regex Link();
}
