using System.Text;
using Experiments;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>A configuration of seconds in a folder of its own.</summary>
public abstract class ExperimentTest
{
    private protected const string Synthetic = """{ "name": "points", "reader": "synthetic", "rows": 80 }""";

    private protected TemporaryFolder Folder { get; } = new();

    [TestCleanup]
    public void Clean() => Folder.Dispose();

    /// <summary>A whole configuration, with the keys given beside those that every one needs.</summary>
    private protected static string Json(string methods, string more = "", string data = Synthetic) => $$"""
        {
          "data": [ {{data}} ], "testRows": 20, "pairs": [ 8 ], "seeds": [ 1, 2 ], "steps": 3, {{more}}
          "common": { "embeddingDimension": 8, "batches": { "size": 16 }, "encoder": { "hiddenDimensions": [ 8 ] } },
          "methods": [ { "name": "Clip", "preset": "Clip" }{{(methods.Length > 0 ? ", " : "")}}{{methods}} ]
        }
        """;

    private protected string Write(string json)
    {
        File.WriteAllText(Folder.File("config.json"), json);
        return Folder.File("config.json");
    }

    /// <summary>Runs the configuration as the command line does and returns what it prints.</summary>
    private protected string Run(string json, string output = "out", params string[] more)
    {
        var text = new StringWriter(new StringBuilder());
        var code = Experiment.Run(global::Experiments.CommandLine.Parse([Write(json), "--out", Folder.File(output), "--parallel", "2", .. more]),
            text, CancellationToken.None);
        Assert.AreEqual(0, code, text.ToString());
        return text.ToString();
    }
}
