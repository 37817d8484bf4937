using System.ComponentModel.DataAnnotations;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>What is served, and how requests are batched: section "Serving" of the configuration.</summary>
internal sealed class ServingOptions
{
    public const string Section = "Serving";

    /// <summary>The file of the model that comes with the server.</summary>
    public const string OwnModelName = "emoji-model.zip";

    public const string Usage = """
        Serves a model of Microsoft.ML.GentleClip over HTTP: a page at /, POST /embed, POST /search, GET /health; /openapi/v1.json describes all.

        Usage: Serving [options]
               Serving train [--out FILE] [--steps N]   makes the small model that comes with the server
          --urls LIST         addresses to listen on (default http://localhost:5000)
          --model FILE        a saved model (default: a small one of the emoji of samples/Emoji, which comes with the server)
          --catalogue FILE    what is searched, a line of JSON each: {"name": "...", "column": "...", "input": ...} (default: the emoji, if there is no --model)
          --engine NAME       what computes: Torch, OnnxRuntime or Auto (default: Torch; OnnxRuntime where there is no libtorch)
          --batch N           most inputs of a batch (default 64)
          --wait MS           how long the first request of a batch waits for others, in milliseconds (default 4)
          --queue N           requests that may wait for each side of the model; the next one gets 503 (default 256)
          --inputs N          most inputs of a request (default 256)
          --body BYTES        largest body of a request; a larger one gets 413 (default 30000000)
          --pixels N          most pixels of a picture, width times height; a larger one gets 400 (default 25000000)
          --temp FOLDER       where a model is unpacked when it is loaded (default: the system's folder for temporary files)
          --help              this text
        """;

    /// <summary>The command line's short names.</summary>
    public static readonly Dictionary<string, string> Switches = new()
    {
        ["--model"] = $"{Section}:{nameof(Model)}",
        ["--catalogue"] = $"{Section}:{nameof(Catalogue)}",
        ["--engine"] = $"{Section}:{nameof(Engine)}",
        ["--batch"] = $"{Section}:{nameof(MaximumBatch)}",
        ["--wait"] = $"{Section}:{nameof(MaximumWaitMilliseconds)}",
        ["--queue"] = $"{Section}:{nameof(QueueLength)}",
        ["--inputs"] = $"{Section}:{nameof(MaximumInputs)}",
        ["--body"] = $"{Section}:{nameof(MaximumBodyBytes)}",
        ["--temp"] = $"{Section}:{nameof(TemporaryFolder)}",
        ["--pixels"] = $"{Section}:{nameof(MaximumPixels)}",
    };

    // Of the web host itself; keys of its sections have a colon.
    private static readonly string[] HostSwitches = ["--urls", "--environment", "--contentRoot", "--applicationName", "--http_ports", "--https_ports"];

    /// <summary>What is wrong with a command line, whose unknown words the host would pass over; null where nothing is.</summary>
    public static string? Fault(IReadOnlyList<string> arguments)
    {
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i].Split('=')[0];
            if (!name.StartsWith("--", StringComparison.Ordinal))
                return $"'{name}' is no option; --help lists them.";
            if (!Switches.ContainsKey(name) && !HostSwitches.Contains(name, StringComparer.OrdinalIgnoreCase) && !name.Contains(':', StringComparison.Ordinal))
                return $"There is no option {name}; --help lists them.";
            if (!arguments[i].Contains('=', StringComparison.Ordinal)
                && (++i == arguments.Count || arguments[i].StartsWith("--", StringComparison.Ordinal)))
                return $"{name} needs a value.";
        }
        return null;
    }

    public string? Model { get; set; }

    public string? Catalogue { get; set; }

    public string? TemporaryFolder { get; set; }

    /// <summary>Null leaves what the model has.</summary>
    public ScoringEngine? Engine { get; set; }

    [Range(1, 65_536)]
    public int MaximumBatch { get; set; } = 64;

    [Range(0, 10_000)]
    public int MaximumWaitMilliseconds { get; set; } = 4;

    [Range(1, 1_000_000)]
    public int QueueLength { get; set; } = 256;

    [Range(1, 65_536)]
    public int MaximumInputs { get; set; } = 256;

    [Range(1, int.MaxValue)]
    public int MaximumBodyBytes { get; set; } = 30_000_000;

    /// <summary>The model has a limit of its own as well, <see cref="ImageOptions.MaximumPixels"/>.</summary>
    [Range(1, int.MaxValue)]
    public int MaximumPixels { get; set; } = 25_000_000;
}
