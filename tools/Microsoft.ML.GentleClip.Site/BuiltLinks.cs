using System.Net;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Site;

/// <summary>Looks where the links of the built pages lead: to a file of the site, and to the place in it that they name.</summary>
internal static partial class BuiltLinks
{
    /// <param name="folder">Of the site.</param>
    /// <param name="count">Links inside the site.</param>
    /// <returns>The broken ones, in words.</returns>
    public static IReadOnlyList<string> Check(string folder, out int count)
    {
        var broken = new SortedSet<string>(StringComparer.Ordinal);
        var places = new Dictionary<string, HashSet<string>>();
        count = 0;
        foreach (string page in Directory.EnumerateFiles(folder, "*.html", SearchOption.AllDirectories))
        {
            string from = Path.GetRelativePath(folder, page).Replace('\\', '/');
            foreach (Match match in Link().Matches(WithoutScripts(File.ReadAllText(page))))
            {
                string link = WebUtility.HtmlDecode(match.Groups[1].Value);
                if (Scheme().IsMatch(link) || link.StartsWith("//", StringComparison.Ordinal))
                    continue;
                count++;
                string[] parts = link.Split('#', 2);
                string path = Uri.UnescapeDataString(parts[0].Split('?')[0]);
                string target = path.Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, path));
                if (Directory.Exists(target))
                    target = Path.Combine(target, "index.html");
                if (!File.Exists(target))
                    broken.Add($"{from}: there is no '{link}'");
                else if (parts.Length == 2 && parts[1].Length > 0 && target.EndsWith(".html", StringComparison.Ordinal)
                    && !Places(target).Contains(Uri.UnescapeDataString(parts[1])))
                    broken.Add($"{from}: '{link}' leads to no place in the page");
            }
        }
        return [.. broken];

        HashSet<string> Places(string file) => places.TryGetValue(file, out var found) ? found : places[file] =
            [.. Place().Matches(File.ReadAllText(file)).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value))];
    }

    private static string WithoutScripts(string html) => Script().Replace(html, "");

    [GeneratedRegex("\\s(?:href|src)=\"([^\"]*)\"")]
    private static partial Regex Link();

    [GeneratedRegex("\\s(?:id|name)=\"([^\"]*)\"")]
    private static partial Regex Place();

    [GeneratedRegex("<script(?![^>]*\\ssrc=).*?</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*:")]
    private static partial Regex Scheme();
}
