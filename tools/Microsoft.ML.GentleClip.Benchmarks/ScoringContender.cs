using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Transformers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>A way to compute a tower's embeddings.</summary>
/// <param name="Name">As in tables and files.</param>
/// <param name="UsesTorch">Whether the process needs libtorch.</param>
/// <param name="Takes">Whether it can compute a tower.</param>
/// <param name="RowsOf">Rows of a run.</param>
/// <param name="Open">
/// Makes everything ready for a tower; the file is its ONNX graph, or null. The result computes so many rows, from the first, and tells after each pass or row
/// how many are done.
/// </param>
internal sealed record ScoringContender(
    string Name, bool UsesTorch, Func<ScoringCase, bool> Takes, Func<ScoringCase, int> RowsOf, Func<ScoringCase, string?, Func<int, IEnumerable<int>>> Open)
{
    public const string Transform = "Transform", OneByOne = "one row a pass", Bare = "bare forward pass", Onnx = "ONNX Runtime";

    private const int BatchSize = ScoringPlan.DefaultWindow;

    public static IReadOnlyList<ScoringContender> All { get; } =
    [
        new(Transform, true, _ => true, c => c.Rows, (c, _) => OfTransform(c, new() { Overlap = false }, null)),
        new("Transform, overlapping", true, _ => true, c => c.Rows, (c, _) => OfTransform(c, new(), null)),
        new(OneByOne, true, _ => true, c => c.RowsAlone, (c, _) => OfTransform(c, new(), ScoringPlan.OneRow)),
        new(Bare, true, _ => true, c => c.Rows, (c, _) => OfForwardPasses(c)),
        new(Onnx, false, c => c.HasGraph, c => c.Rows, (_, file) => OnnxScoring.Open(file!, BatchSize)),
    ];

    public static ScoringContender Named(string name) =>
        All.FirstOrDefault(c => c.Name == name)
            ?? throw new ArgumentException($"Unknown way to score '{name}'; there are {string.Join(", ", All.Select(c => c.Name))}.");

    private static Func<int, IEnumerable<int>> OfTransform(ScoringCase scoring, ScoringOptions options, ScoringPlan? plan)
    {
        var transformer = scoring.CreateTransformer();
        transformer.Scoring = options;
        var source = scoring.Source(int.MaxValue);
        return Score;

        IEnumerable<int> Score(int rows)
        {
            var view = plan is null ? transformer.Transform(source)
                : new EmbeddingDataView(source, new EmbeddingSchema(source.Schema, [.. transformer.Columns]), [false, false], plan);
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
    private static Func<int, IEnumerable<int>> OfForwardPasses(ScoringCase scoring)
    {
        var transformer = scoring.CreateTransformer();
        var source = scoring.Source(scoring.HasGraph ? ScoringCase.FeatureRows : scoring.Rows);
        var binding = ModalityKinds.Bind(scoring.Modality, source.Schema);
        var examples = binding.CreateStore();
        using (var cursor = source.GetRowCursor(source.Schema))
        {
            var reader = binding.Open(cursor);
            while (cursor.MoveNext() && reader.Read() == Presence.Present)
                examples.Add(reader);
        }
        var plan = new LengthBatches();
        plan.PlanScoring(examples, scoring.HasGraph ? BatchSize : null);
        var batches = new List<(ModalityBatch Batch, int Rows)>();
        for (var part = 0; part < plan.Count; part++)
            batches.Add((examples.Gather(plan[part], CPU), plan[part].Length));
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
