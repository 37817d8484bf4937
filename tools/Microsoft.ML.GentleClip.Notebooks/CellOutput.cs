using System.Text.Json.Nodes;

namespace Microsoft.ML.GentleClip.Notebooks;

/// <summary>One output of a cell.</summary>
/// <param name="Kind"><c>stream</c>, <c>display_data</c> or <c>execute_result</c>.</param>
/// <param name="Data">Text by MIME type; what was printed is <c>text/plain</c>.</param>
internal sealed record CellOutput(string Kind, IReadOnlyDictionary<string, string> Data)
{
    public const string Printed = "stream", Displayed = "display_data", Result = "execute_result", Plain = "text/plain";

    public bool IsEmpty => Data.Count == 0 || Data.Values.Any(string.IsNullOrWhiteSpace);

    public static CellOutput Parse(JsonObject json)
    {
        string kind = (string?)json["output_type"] ?? "";
        return kind == Printed
            ? new CellOutput(kind, new Dictionary<string, string> { [Plain] = NotebookFile.Text(json["text"]) })
            : new CellOutput(kind, json["data"]?.AsObject().ToDictionary(data => data.Key, data => NotebookFile.Text(data.Value)) ?? []);
    }

    public JsonObject ToJson(int executionCount)
    {
        if (Kind == Printed)
            return new JsonObject { ["name"] = "stdout", ["output_type"] = Kind, ["text"] = NotebookFile.Lines(Data[Plain]) };
        var json = new JsonObject
        {
            ["data"] =
                new JsonObject(Data.OrderBy(data => data.Key, StringComparer.Ordinal)
                    .Select(data => KeyValuePair.Create(data.Key, (JsonNode?)NotebookFile.Lines(data.Value)))),
            ["metadata"] = new JsonObject(),
            ["output_type"] = Kind,
        };
        if (Kind == Result)
            json.Insert(1, "execution_count", executionCount);
        return json;
    }
}
