using Experiments.Running;

namespace Experiments.Data;

/// <summary>
/// Two noisy views, 60 and 80 numbers, of points in 20 clusters of unequal weight: a latent vector of 16 that both share, 8 numbers of nuisance in each, and
/// a layer of tanh in between. Needs no file.
/// </summary>
internal static class SyntheticReader
{
    private const int Clusters = 20, Latent = 16, Nuisance = 8, Hidden = 48, DimensionA = 60, DimensionB = 80, DefaultRows = 2000;
    private const double Spread = 0.6, Noise = 0.05;

    public static TwoViewData Read(DataSource source)
    {
        var config = source.Config;
        source.Refuse(
            (config.File, "file"), (config.ColumnA, "columnA"), (config.ColumnB, "columnB"), (config.LabelColumn, "labelColumn"),
            (config.ImageSize, "imageSize"), (config.MinimumWordRows, "minimumWordRows"));
        var random = new Gaussians(20251123);
        double[][] centres = [.. Enumerable.Range(0, Clusters).Select(_ => random.Vector(Latent))];
        var (toA, toB) = (View.Create(random, DimensionA), View.Create(random, DimensionB));
        var rows = config.Rows ?? DefaultRows;
        var (a, b, labels) = (new float[rows][], new float[rows][], new string[rows]);
        for (var row = 0; row < rows; row++)
        {
            // The square makes low numbers more frequent.
            var cluster = (int)(Clusters * Math.Pow(random.Uniform(), 2));
            double[] latent = [.. random.Vector(Latent).Zip(centres[cluster], (own, centre) => centre + Spread * own)];
            (a[row], b[row], labels[row]) = (toA.Of(latent, random), toB.Of(latent, random), $"cluster {cluster}");
        }

        return source.Result(a, b, labels);
    }

    private sealed record View(double[][] First, double[][] Second)
    {
        public static View Create(Gaussians random, int dimension) => new(Matrix(random, Hidden, Latent + Nuisance), Matrix(random, dimension, Hidden));

        public float[] Of(double[] latent, Gaussians random)
        {
            double[] input = [.. latent, .. random.Vector(Nuisance)];
            double[] hidden = [.. First.Select(weights => Math.Tanh(Dot(weights, input)))];
            return [.. Second.Select(weights => (float)(Dot(weights, hidden) + Noise * random.Next()))];
        }

        private static double[][] Matrix(Gaussians random, int rows, int columns) =>
            [.. Enumerable.Range(0, rows).Select(_ => random.Vector(columns).Select(value => value / Math.Sqrt(columns)).ToArray())];

        private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
    }
}
