using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>The MLP by ONNX Runtime on one thread, batches as large as ours, from ready memory into ready memory.</summary>
internal static class OnnxScoring
{
    private const string Input = "features", Output = "embedding";

    public static Func<int, IEnumerable<int>> Open(string file, int batchSize)
    {
        var values = ScoringCase.MakeFeatures();
        var compute = Session(file, batchSize);
        return Score;

        IEnumerable<int> Score(int rows)
        {
            for (var done = 0; done < rows;)
            {
                compute(values.AsMemory(done % ScoringCase.FeatureRows * ScoringCase.Features, batchSize * ScoringCase.Features));
                yield return done = Math.Min(rows, done + batchSize);
            }
        }
    }

    /// <summary>Embeddings of a batch, <c>[batchSize, dimension]</c>; the memory is overwritten by the next call.</summary>
    public static Func<Memory<float>, float[]> Session(string file, int batchSize)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        var session = new InferenceSession(file, options);
        var run = new RunOptions();
        var dimension = session.OutputMetadata[Output].Dimensions[1];
        var result = new float[batchSize * dimension];
        var output = OrtValue.CreateTensorValueFromMemory(result, [batchSize, dimension]);
        return features =>
        {
            using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, features, [batchSize, features.Length / batchSize]);
            session.Run(run, [Input], [input], [Output], [output]);
            return result;
        };
    }
}
