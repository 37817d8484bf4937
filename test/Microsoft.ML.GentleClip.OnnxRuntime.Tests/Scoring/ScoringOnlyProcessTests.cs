using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Models;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.OnnxEncoders;

/// <summary>An application that has no libtorch loads saved models and scores: a process of its own, from a folder without it.</summary>
[TestClass]
public sealed class ScoringOnlyProcessTests : IDisposable
{
    private const string Program = "Microsoft.ML.GentleClip.ScoringOnly";

    private static readonly string Models = Path.Combine(AppContext.BaseDirectory, "data", "models", "1.3");
    private static readonly MLContext Context = new(seed: 1);

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("vectors-beside-teacher", true, true)]
    [DataRow("closed-form", true, true)]
    [DataRow("sequence-structure", true, true)]
    [DataRow("windows-steps", true, true)]
    [DataRow("windows-statistics", true, true)]
    [DataRow("vit-bert", false, true)]
    [DataRow("resnet-ngrams", false, true)]
    public void AModelIsLoadedAndScoresWithoutLibtorch(string name, bool hasA, bool hasB)
    {
        if (!OperatingSystem.IsLinux())
            Skip.Because(TestContext, "the process looks at its memory map, which only Linux has");
        var bin = Path.Combine(Repository.Root, "test", Program, "bin");
        var program = Directory.EnumerateFiles(bin, Program + ".dll", SearchOption.AllDirectories)
            .OrderByDescending(File.GetLastWriteTimeUtc).First();
        Assert.IsEmpty(Directory.EnumerateFiles(Path.GetDirectoryName(program)!, "*torch*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".so", StringComparison.Ordinal)), "the program's folder has a libtorch");

        var sheet = FrozenModels.Read(Models, name);
        var view = Context.Data.LoadFromEnumerable(sheet.Rows.Select(row => new Row
        {
            A = row.A ?? Missing(TwoViews.DimensionA),
            B = row.B ?? Missing(TwoViews.DimensionB),
            Sequence = row.Sequence ?? "",
            AlphaCarbons = row.AlphaCarbons ?? [],
            Text = row.Text ?? "",
        }));
        using (var file = File.Create(_folder.File("rows.idv")))
            Context.Data.SaveAsBinary(view, file);
        var (output, error) = Run(program, Path.Combine(Models, name + ".zip"), _folder.File("rows.idv"), _folder.File("scored.idv"));
        TestContext.WriteLine(output);
        Assert.AreEqual("", error);
        Assert.Contains("libtorch: not loaded", output);
        Assert.Contains("LibTorchSharp: not loaded", output);
        Assert.Contains("onnxruntime: loaded", output);
        Assert.Contains("scored by ONNX Runtime", output);
        var scored = Context.Data.LoadFromBinary(_folder.File("scored.idv"));
        foreach (var (column, isThere, expected) in new[] { ("EmbeddingA", hasA, sheet.Rows.Select(row => row.EmbeddingA)),
            ("EmbeddingB", hasB, sheet.Rows.Select(row => row.EmbeddingB)) })
        {
            var found = Embeddings.Column(scored, column);
            Compared.Columns([.. expected.Select((row, i) => isThere && row is not null ? row : Missing(found[i].Length))], found, column);
        }
    }

    private static (string Output, string Error) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output, error.Result);
    }

    private static float[] Missing(int length) => [.. Enumerable.Repeat(float.NaN, length)];

    private sealed class Row
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];

        [VectorType(TwoViews.DimensionB)]
        public float[] B { get; set; } = [];

        public string Sequence { get; set; } = "";

        public float[] AlphaCarbons { get; set; } = [];

        public string Text { get; set; } = "";
    }
}
