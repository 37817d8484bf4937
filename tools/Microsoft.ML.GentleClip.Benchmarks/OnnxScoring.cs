using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Transformers;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>A tower's exported file by ONNX Runtime on one thread, from ready memory into ready memory, in the batches that the library makes.</summary>
internal static class OnnxScoring
{
    private const string Output = "embedding";

    /// <summary>Computes so many rows, and tells after each batch how many are done.</summary>
    public static Func<int, IEnumerable<int>> Open(ScoringCase scoring, string file, int batchSize)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        var session = new InferenceSession(file, options);
        var run = new RunOptions();
        var preparation = EncoderKinds.Of(scoring.Modality).CreatePreparation(scoring.Modality, scoring.InputDimension);
        var examples = scoring.Examples();
        var batches = new List<(string[] Names, OrtValue[] Values, int Rows)>();
        // As windows bring them: a batch is made of neighbours.
        for (var start = 0; start < examples.Count; start += batchSize)
        {
            using var window = examples.Part([.. Enumerable.Range(start, Math.Min(batchSize, examples.Count - start))]);
            foreach (var pass in GraphTower.Passes(window, preparation, new LengthBatches(), batchSize: null))
            {
                using var part = window.Part(pass);
                var inputs = preparation.Prepare(part);
                batches.Add(([.. inputs.Select(input => input.Name)], [.. inputs.Select(Value)], pass.Length));
            }
        }
        return Score;

        IEnumerable<int> Score(int rows)
        {
            for (int done = 0, i = 0; done < rows; i++)
            {
                var (names, values, size) = batches[i % batches.Count];
                using (session.Run(run, names, values, [Output]))
                {
                }
                yield return done = Math.Min(rows, done + size);
            }
        }
    }

    private static OrtValue Value(OnnxInput input) => input.Values switch
    {
        float[] numbers => OrtValue.CreateTensorValueFromMemory(numbers, [.. input.Shape]),
        _ => OrtValue.CreateTensorValueFromMemory((long[])input.Values, [.. input.Shape]),
    };
}
