if (embeddings.Count != 2 || embeddings[0].Vector.Length != 16)
    throw new InvalidOperationException($"{embeddings.Count} embeddings came.");
using (var provider = services.BuildServiceProvider())
{
    var generator = provider.GetRequiredService<IEmbeddingGenerator<AlphaCarbonTrace, Embedding<float>>>();
    var trace = (await generator.GenerateAsync([new AlphaCarbonTrace(new float[] { 0, 0, 0, 3.8f, 0, 0, 7, 1, 0 })])).Single();
    if (trace.Vector.Length != 16)
        throw new InvalidOperationException("The container's generator gave no embedding.");
}
