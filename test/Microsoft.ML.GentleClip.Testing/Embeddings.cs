using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Reads embedding columns out of views.</summary>
internal static class Embeddings
{
    public static float[][] Column(IDataView view, string name) => [.. view.GetColumn<float[]>(name)];

    /// <summary>The values' bits, so that NaNs compare equal and nothing else does.</summary>
    public static int[][] Bits(IDataView view, string name) => [.. Column(view, name).Select(row => Array.ConvertAll(row, BitConverter.SingleToInt32Bits))];

    public static void AssertEqualBits(int[][] expected, int[][] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (var row = 0; row < expected.Length; row++)
            CollectionAssert.AreEqual(expected[row], actual[row], $"row {row}");
    }

    public static float Dot(float[] a, float[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
