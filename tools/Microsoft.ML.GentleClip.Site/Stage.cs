using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Site;

/// <summary>
/// Copies what the site shows into a folder for DocFX: the pages of the documentation and of the samples, notebooks as pages, and whatever files they link to.
/// </summary>
internal static partial class Stage
{
    private const string Home = "README.md", HomeInSite = "index.md";

    private static readonly string[] Folders = ["docs", "samples", "studies", "extensions", "templates", "tools", "test/data"];
    private static readonly string[] PagesOfRoot = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];

    /// <param name="Pages">Pages in Markdown, without notebooks.</param>
    /// <param name="Notebooks">Notebooks.</param>
    public sealed record Result(int Pages, int Notebooks);

    /// <exception cref="InvalidDataException">A notebook cannot be read.</exception>
    public static Result Fill(string repository, string folder)
    {
        string[] pages = [.. PagesOfRoot, .. Folders.SelectMany(from => Find(repository, from, "*.md"))];
        string[] notebooks = [.. Find(repository, "samples/Notebooks", "*.ipynb")];
        var known = pages.Concat(notebooks).ToHashSet();
        var files = new HashSet<string> { "eng/icon.png" };
        foreach (string page in pages)
            Write(folder, InSite(page), Relink(File.ReadAllText(Path.Combine(repository, page)), page));
        foreach (string notebook in notebooks)
            Write(folder, InSite(notebook), Relink(NotebookPage.Render(File.ReadAllText(Path.Combine(repository, notebook)), notebook), notebook));
        foreach (string toc in Find(repository, "docs", "toc.yml").Concat(Find(repository, "samples", "toc.yml")))
            Write(folder, toc, File.ReadAllText(Path.Combine(repository, toc)).Replace(".ipynb", ".md", StringComparison.Ordinal));
        Write(folder, "toc.yml", """
            - name: Guides
              href: docs/
            - name: Notebooks
              href: samples/Notebooks/
            - name: Samples
              href: samples/
            - name: Reference
              href: api/
            """);
        foreach (string file in files)
            Copy(Path.Combine(repository, file), Path.Combine(folder, file));
        Copy(Path.Combine(repository, "eng/icon.png"), Path.Combine(folder, "icon.png"));
        string own = AppContext.BaseDirectory;
        Copy(Path.Combine(own, "docfx.json"), Path.Combine(folder, "docfx.json"));
        Copy(Path.Combine(own, "site.css"), Path.Combine(folder, "template/public/main.css"));
        // With what it refers to: DocFX resolves it there.
        foreach (string assembly in Directory.EnumerateFiles(own, "*.dll").Append(Path.Combine(own, "Microsoft.ML.GentleClip.xml")))
            Copy(assembly, Path.Combine(folder, "assembly", Path.GetFileName(assembly)));
        return new(pages.Length, notebooks.Length);

        // Links to pages follow them to their place in the site; what else they lead to comes along as a file.
        string Relink(string text, string page) => Fence().Replace(text, part => part.Groups["link"] is { Success: true } link
            ? $"]({Target(link.Value, page)})"
            : part.Value);

        string Target(string link, string page)
        {
            if (link.Contains("://", StringComparison.Ordinal) || link.StartsWith("mailto:", StringComparison.Ordinal) || link.StartsWith('#'))
                return link;
            string[] parts = link.Split('#', 2);
            string from = Path.GetDirectoryName(page)!.Replace('\\', '/');
            string target = Path.GetRelativePath(repository, Path.GetFullPath(Path.Combine(repository, from, parts[0]))).Replace('\\', '/');
            if (Directory.Exists(Path.Combine(repository, target)) && known.Contains($"{target}/{Home}"))
                target += $"/{Home}";
            if (!known.Contains(target) && File.Exists(Path.Combine(repository, target)))
                files.Add(target);
            // What is not there stays as it is: DocFX says where.
            return Path.GetRelativePath(Path.Combine(repository, from), Path.Combine(repository, InSite(target))).Replace('\\', '/')
                + (parts.Length == 2 ? $"#{parts[1]}" : "");
        }
    }

    /// <summary>The page that a file of the repository becomes.</summary>
    private static string InSite(string file) => file == Home ? HomeInSite : file.EndsWith(".ipynb", StringComparison.Ordinal) ? $"{file[..^6]}.md" : file;

    private static IEnumerable<string> Find(string repository, string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(repository, folder), pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(repository, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);

    private static void Write(string folder, string name, string text)
    {
        string file = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to, overwrite: true);
    }

    // Code is passed over whole, so that what looks like a link in it stays.
    [GeneratedRegex(@"```.*?```|`[^`\n]*`|\]\((?<link>[^)\s]+)\)", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
