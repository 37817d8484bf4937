using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.GentleClip.Site;

/// <summary>A notebook as a page: its texts, its code, and what each cell gave.</summary>
internal static class NotebookPage
{
    // The richest first: what a front end would show.
    private static readonly string[] Kinds = ["text/html", "image/svg+xml", "image/png", "text/markdown", "text/plain"];

    /// <param name="json">The notebook.</param>
    /// <param name="name">Its file, for messages.</param>
    /// <exception cref="InvalidDataException">No notebook, or an output of a kind that cannot be shown.</exception>
    public static string Render(string json, string name)
    {
        JsonArray cells;
        try
        {
            cells = JsonNode.Parse(json)?["cells"]?.AsArray() ?? throw new InvalidDataException($"{name}: expected a notebook, found no cells.");
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{name}: expected a notebook: {problem.Message}", problem);
        }
        var page = new StringBuilder();
        foreach (var cell in cells)
        {
            string text = Text(cell!["source"]);
            if ((string?)cell["cell_type"] != "code")
            {
                page.Append(text).Append("\n\n");
                continue;
            }
            page.Append("```csharp\n").Append(text.TrimEnd()).Append("\n```\n\n");
            foreach (var output in cell["outputs"]?.AsArray() ?? [])
                page.Append(Output(output!, name)).Append("\n\n");
        }
        return page.ToString();
    }

    private static string Output(JsonNode output, string name)
    {
        string kind = (string?)output["output_type"] ?? "";
        if (kind == "stream")
            return Shown(Printed(Text(output["text"])), drawn: false);
        if (kind == "error")
            throw new InvalidDataException($"{name}: a saved output is an error: {output["evalue"]}");
        var data = output["data"]?.AsObject() ?? [];
        string type = Kinds.FirstOrDefault(data.ContainsKey)
            ?? throw new InvalidDataException(
                $"{name}: expected an output of {string.Join(", ", Kinds)}, found {string.Join(", ", data.Select(each => each.Key))}.");
        string value = Text(data[type]);
        return type switch
        {
            "text/html" => Shown(value, drawn: value.Contains("<svg", StringComparison.Ordinal)),
            "image/svg+xml" => Shown(value, drawn: true),
            "image/png" => Shown($"<img alt=\"\" src=\"data:image/png;base64,{value.Trim()}\">", drawn: true),
            "text/markdown" => value,
            _ => Shown(Printed(value), drawn: false),
        };
    }

    private static string Printed(string text) => $"<pre>{WebUtility.HtmlEncode(text.TrimEnd())}</pre>";

    // An empty line would end the block of HTML, and what follows would be read as Markdown.
    private static string Shown(string html, bool drawn)
    {
        var lines = html.Split('\n').Select(line => line.Trim().Length == 0 ? "&#8203;" : line.TrimEnd('\r'));
        return $"<div class=\"notebook-output{(drawn ? " drawn" : "")}\">{string.Join('\n', lines)}</div>";
    }

    private static string Text(JsonNode? node) => node is JsonArray lines ? string.Concat(lines.Select(line => (string?)line)) : (string?)node ?? "";
}
