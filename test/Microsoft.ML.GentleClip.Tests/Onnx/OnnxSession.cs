using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>An exported graph in ONNX Runtime on one thread, fed by <see cref="OnnxPreprocessor"/> as a user does.</summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly RunOptions _run = new();

    public OnnxSession(string file)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        Session = new InferenceSession(file, options);
        Inputs = OnnxPreprocessor.FromMetadata(Session.ModelMetadata.CustomMetadataMap);
    }

    public InferenceSession Session { get; }

    public OnnxPreprocessor Inputs { get; }

    /// <summary>Embeddings of raw inputs.</summary>
    public float[][] Embed<TInput>(IEnumerable<TInput> inputs) => Run(Inputs.Create(inputs));

    /// <summary>Embeddings of arrays.</summary>
    public float[][] Run(IReadOnlyList<OnnxInput> inputs)
    {
        var values = inputs.Select(Value).ToList();
        try
        {
            using var outputs = Session.Run(_run, [.. inputs.Select(input => input.Name)], values, [.. Session.OutputNames]);
            var shape = outputs[0].GetTensorTypeAndShape().Shape;
            Assert.AreEqual(Inputs.EmbeddingDimension, shape[1]);
            var rows = outputs[0].GetTensorDataAsSpan<float>().ToArray();
            return [.. Enumerable.Range(0, (int)shape[0]).Select(row => rows[(int)(row * shape[1])..(int)((row + 1) * shape[1])])];
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }

    public void Dispose()
    {
        _run.Dispose();
        Session.Dispose();
    }

    private static OrtValue Value(OnnxInput input) => input.Values is float[] numbers
        ? OrtValue.CreateTensorValueFromMemory(numbers, [.. input.Shape])
        : OrtValue.CreateTensorValueFromMemory((long[])input.Values, [.. input.Shape]);
}
