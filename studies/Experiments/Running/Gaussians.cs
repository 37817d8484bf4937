namespace Experiments.Running;

/// <summary>Normal numbers from a seed, equal on every machine.</summary>
internal sealed class Gaussians(int seed)
{
    private readonly Random _random = new(seed);

    public double Uniform() => _random.NextDouble();

    public double Next() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    public double[] Vector(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];
}
