using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>What the tests of the export share: transformers with random weights, statistics included, and the comparison of ONNX Runtime with torch.</summary>
internal static class OnnxModels
{
    /// <summary>Largest difference of a slot that is allowed.</summary>
    public const float Tolerance = 1e-4f;

    public static readonly MLContext Context = new(seed: 1);

    /// <summary>A transformer whose weights, running statistics and n-gram rarities are all random, so that none can stand for another.</summary>
    public static GentleClipTransformer Create(Modality a, int inputDimension = 0, int embeddingDimension = 16)
    {
        set_num_threads(1);
        using var generator = new Generator(5);
        var spec = new TwoTowerSpec(new TowerSpec(a, inputDimension), new TowerSpec(Modality.Vector("OtherEmbedding", "Other"), 3),
            embeddingDimension, Temperature: 0.07);
        var model = new TwoTowerModel(spec, generator);
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, value) in model.TowerA.state_dict())
        {
            if (value.dtype != ScalarType.Float32 || name.EndsWith("inv_freq", StringComparison.Ordinal))
                continue;
            var noise = randn(value.shape, generator: generator);
            if (name.EndsWith("running_var", StringComparison.Ordinal) || name.EndsWith("input_scale", StringComparison.Ordinal))
                value.copy_(noise.abs() + 0.5);
            else if (name.EndsWith("rarity", StringComparison.Ordinal))
                value.copy_(noise.abs() + 1);
            else
                value.add_(noise * 0.05);
            if (name.EndsWith("rarity", StringComparison.Ordinal))
                value.index_fill_(0, arange(2, value.size(0), 5), 0); // n-grams that no training text had; not that of the padding
        }
        return new GentleClipTransformer(new FittedModel(model, Seed: 5, TrainingRows.All, History: []), CPU);
    }

    /// <summary>Exports a column and opens it.</summary>
    public static OnnxSession Export(this TemporaryFolder folder, ITransformer model, string column, long threshold = 2_000_000_000)
    {
        var file = folder.File("tower.onnx");
        Context.Model.ConvertGentleClipToOnnx(model, file, column, threshold);
        return new OnnxSession(file);
    }

    /// <summary>Compares both ways to embed, in batches of several sizes; returns the largest difference.</summary>
    public static async Task<float> CompareAsync<TInput>(TestContext test, GentleClipTransformer transformer, OnnxSession session,
        IReadOnlyList<TInput> inputs, params int[] batchSizes)
    {
        var largest = 0f;
        using var generator = transformer.CreateEmbeddingGenerator<TInput>(session.Inputs.Modality.InputColumnName);
        var expected = await generator.GenerateAsync(inputs, cancellationToken: test.CancellationToken);
        foreach (var batchSize in batchSizes)
        {
            var row = 0;
            foreach (var batch in inputs.Chunk(batchSize))
                foreach (var embedding in session.Embed(batch))
                    largest = Math.Max(largest, Difference(expected[row].Vector.Span, embedding, $"batches of {batchSize}, input {row++}"));
            Assert.AreEqual(inputs.Count, row);
        }
        var different = Enumerable.Range(0, session.Inputs.EmbeddingDimension)
            .Max(slot => inputs.Select((_, row) => expected[row].Vector.Span[slot]).Distinct().Count());
        Assert.IsGreaterThan(inputs.Count / 2, different, "the inputs' embeddings are all alike: the comparison would pass on anything");
        test.WriteLine($"{test.TestName}: largest difference {largest:g2} over {inputs.Count} inputs");
        return largest;
    }

    /// <summary>Largest difference of two embeddings; fails above the tolerance, and where one is NaN and the other is not.</summary>
    public static float Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string where)
    {
        Assert.AreEqual(expected.Length, actual.Length, where);
        var largest = 0f;
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(float.IsNaN(expected[i]), float.IsNaN(actual[i]), $"{where}, slot {i}: expected {expected[i]}, found {actual[i]}");
            if (!float.IsNaN(expected[i]))
                largest = Math.Max(largest, Math.Abs(expected[i] - actual[i]));
        }
        Assert.IsLessThanOrEqualTo(Tolerance, largest, where);
        return largest;
    }
}
