using System.Text;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>Weights and pictures that follow from a tensor's name alone, so that networks of full size need no file.</summary>
internal static class ResNetFormula
{
    public static StateDict Weights(IEnumerable<(string Name, long[] Shape)> tensors) =>
        new("formula", [.. tensors.Select(entry => KeyValuePair.Create(entry.Name, Weight(entry.Name, entry.Shape)))]);

    public static Tensor Picture(string name, params long[] shape) => tensor(Units(name, Count(shape)), shape);

    private static Tensor Weight(string name, long[] shape)
    {
        if (name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            return zeros([], dtype: ScalarType.Int64);
        Func<double, double> value = shape.Length switch
        {
            4 => v => v * Math.Sqrt(6.0 / (shape[1] * shape[2] * shape[3])),
            2 => v => v * Math.Sqrt(3.0 / shape[1]),
            _ when name.EndsWith(".weight", StringComparison.Ordinal) => v => 0.75 + 0.25 * v,
            _ when name.EndsWith(".running_var", StringComparison.Ordinal) => v => 1 + 0.5 * v,
            _ => v => 0.125 * v,
        };
        return tensor(Array.ConvertAll(Units(name, Count(shape)), v => (float)value(v)), shape);
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

    private static double[] Units(string name, long count)
    {
        var hash = 0xcbf29ce484222325;
        foreach (var letter in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ letter) * 0x100000001b3;
        var units = new double[count];
        for (var i = 0L; i < count; i++)
        {
            var z = hash + (ulong)(i + 1) * 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            units[i] = (z >> 40) / (double)(1 << 23) - 1;
        }
        return units;
    }
}
