using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.GentleClip.Notebooks;

/// <summary>A notebook in Jupyter's format, version 4: cells, and what each code cell gave.</summary>
internal sealed class NotebookFile
{
    private const string Kernel = ".net-csharp";

    private static readonly JsonSerializerOptions Written = new()
    {
        WriteIndented = true,
        IndentSize = 1, // as the front ends write it
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _document;
    private readonly JsonObject[] _codeCells;

    private NotebookFile(string path, JsonObject document)
    {
        Path = path;
        _document = document;
        _codeCells = [.. document["cells"]!.AsArray().Select(cell => cell!.AsObject()).Where(cell => (string?)cell["cell_type"] == "code")];
    }

    public string Path { get; }

    /// <summary>The source of each code cell.</summary>
    public IReadOnlyList<string> Sources => [.. _codeCells.Select(cell => Text(cell["source"]))];

    /// <summary>What is compared of each code cell.</summary>
    public IReadOnlyList<ComparisonRule> Rules => [.. _codeCells.Select(ComparisonRule.Of)];

    /// <summary>The outputs of each code cell.</summary>
    public IReadOnlyList<IReadOnlyList<CellOutput>> Outputs
    {
        get => [.. _codeCells.Select(cell => cell["outputs"]!.AsArray().Select(output => CellOutput.Parse(output!.AsObject())).ToArray())];
        set
        {
            for (int i = 0; i < _codeCells.Length; i++)
            {
                int count = i + 1;
                _codeCells[i]["execution_count"] = count;
                _codeCells[i]["outputs"] = new JsonArray([.. value[i].Select(output => output.ToJson(count))]);
            }
        }
    }

    /// <exception cref="InvalidDataException">Not a notebook of version 4 for the C# kernel.</exception>
    public static NotebookFile Read(string path)
    {
        try
        {
            var document = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
            if ((int?)document["nbformat"] != 4 || (string?)document["metadata"]?["kernelspec"]?["name"] != Kernel)
                throw new InvalidDataException($"{path}: expected nbformat 4 and the kernel {Kernel}.");
            return new NotebookFile(path, document);
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}", problem);
        }
    }

    /// <summary>Writes it beside the file, then renames.</summary>
    public void Write()
    {
        string beside = Path + ".new";
        File.WriteAllText(beside, _document.ToJsonString(Written) + "\n");
        File.Move(beside, Path, overwrite: true);
    }

    /// <summary>A text as the format keeps it: one string, or one per line.</summary>
    public static string Text(JsonNode? node) => node is JsonArray lines ? string.Concat(lines.Select(line => (string?)line)) : (string?)node ?? "";

    /// <summary>One string a line, each with its line end.</summary>
    public static JsonArray Lines(string text)
    {
        var lines = text.Split('\n');
        return new JsonArray(
            [.. lines.Select((line, i) => i < lines.Length - 1 ? line + "\n" : line).Where(line => line.Length > 0)
                .Select(line => (JsonNode?)JsonValue.Create(line))]);
    }
}
