using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Transformers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>A way to compute a tower's embeddings.</summary>
/// <param name="Name">As in tables and files.</param>
/// <param name="UsesTorch">Whether the process needs libtorch.</param>
/// <param name="RowsOf">Rows of a run.</param>
/// <param name="Open">
/// Makes everything ready for a tower. The result computes so many rows, from the first, and tells after each pass or row how many are done.
/// </param>
internal sealed record ScoringContender(
    string Name, bool UsesTorch, Func<ScoringCase, int> RowsOf, Func<ScoringCase, ScoringFiles, Func<int, IEnumerable<int>>> Open)
{
    public const string Transform = "Transform", OneByOne = "one row a pass", Bare = "bare forward pass", Onnx = "bare ONNX Runtime",
        Engine = "Transform by ONNX Runtime", Overlapping = "Transform, overlapping", EngineOverlapping = "the same, overlapping";

    private const int BatchSize = ScoringPlan.DefaultWindow;

    public static IReadOnlyList<ScoringContender> All { get; } =
    [
        new(Onnx, false, c => c.Rows, (c, files) => OnnxScoring.Open(c, files.Graph, BatchSize)),
        new(Engine, false, c => c.Rows, (c, files) => OfTransform(c, files, new() { Overlap = false, Engine = ScoringEngine.OnnxRuntime })),
        new(EngineOverlapping, false, c => c.Rows, (c, files) => OfTransform(c, files, new() { Engine = ScoringEngine.OnnxRuntime })),
        new(Transform, true, c => c.Rows, (c, files) => OfTransform(c, files, new() { Overlap = false })),
        new(Overlapping, true, c => c.Rows, (c, files) => OfTransform(c, files, new())),
        new(Bare, true, c => c.Rows, (c, files) => OfForwardPasses(c, files)),
        new(OneByOne, true, c => c.RowsAlone, (c, files) => OfTransform(c, files, new(), ScoringPlan.OneRow)),
    ];

    public static ScoringContender Named(string name) =>
        All.FirstOrDefault(c => c.Name == name)
            ?? throw new ArgumentException($"Unknown way to score '{name}'; there are {string.Join(", ", All.Select(c => c.Name))}.");

    private static Func<int, IEnumerable<int>> OfTransform(ScoringCase scoring, ScoringFiles files, ScoringOptions options, ScoringPlan? plan = null)
    {
        var transformer = files.Load(withTorch: options.Engine == ScoringEngine.Torch);
        transformer.Scoring = options;
        var source = scoring.Source(int.MaxValue);
        return Score;

        IEnumerable<int> Score(int rows)
        {
            var view = plan is null ? transformer.Transform(source)
                : new EmbeddingDataView(source, new EmbeddingSchema(source.Schema, mayLackOne: true, [.. transformer.Columns]), [false, false], plan);
            using var cursor = view.GetRowCursor([view.Schema[ScoringCase.Output]]);
            var getter = cursor.GetGetter<VBuffer<float>>(view.Schema[ScoringCase.Output]);
            var value = default(VBuffer<float>);
            for (var row = 0; row < rows && cursor.MoveNext(); row++)
            {
                getter(ref value);
                yield return row + 1;
            }
        }
    }

    // Batches that lie ready, sorted by length; nothing is copied out.
    private static Func<int, IEnumerable<int>> OfForwardPasses(ScoringCase scoring, ScoringFiles files)
    {
        var transformer = files.Load(withTorch: true);
        var examples = scoring.Examples();
        var plan = new LengthBatches();
        plan.PlanScoring(examples, scoring.IsUniform ? BatchSize : null);
        var batches = new List<(ModalityBatch Batch, int Rows)>();
        for (var part = 0; part < plan.Count; part++)
            batches.Add((examples.Gather(plan[part]), plan[part].Length));
        return Score;

        IEnumerable<int> Score(int rows)
        {
            for (int done = 0, i = 0; done < rows; i++)
            {
                var (batch, size) = batches[i % batches.Count];
                Pass(batch);
                yield return done = Math.Min(rows, done + size);
            }
        }

        void Pass(ModalityBatch batch)
        {
            using var inference = inference_mode();
            using var scope = NewDisposeScope();
            transformer.Model.Embed(Side.A, batch);
        }
    }
}
