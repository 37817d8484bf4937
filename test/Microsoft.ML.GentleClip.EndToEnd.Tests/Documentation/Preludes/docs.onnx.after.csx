if (scored.Schema["Embedding"].Type is not VectorDataViewType { Size: 128 })
    throw new Exception($"the embedding is {scored.Schema["Embedding"].Type}");
float[][] byRuntime = [.. scored.GetColumn<float[]>("Score")], byMlNet = [.. pipeline.Transform(vectors).GetColumn<float[]>("Score")];
if (byRuntime.Zip(byMlNet, (one, other) => one.Zip(other, (x, y) => Math.Abs(x - y)).Max()).Max() > 1e-5)
    throw new Exception("ONNX Runtime and ML.NET differ");
using (var rest = new InferenceSession("classifier.onnx"))
    if (!rest.InputMetadata.ContainsKey("SequenceEmbedding"))
        throw new Exception($"the inputs are {string.Join(", ", rest.InputMetadata.Keys)}");
