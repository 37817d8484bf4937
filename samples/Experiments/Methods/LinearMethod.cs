using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Experiments.Methods;

/// <summary>
/// The linear baseline: canonical correlation analysis of the pairs with a ridge of one mean eigenvalue, on at most 64 principal components of all rows; a
/// direction of correlation s weighs (s / largest)² in the inner product.
/// </summary>
internal sealed class LinearMethod : IMethod
{
    public const string Name = "linear";
    private const int Components = 64;
    private const double Ridge = 1, Power = 2;

    public JsonObject Settings => new() { ["baseline"] = Name, ["components"] = Components, ["ridge"] = Ridge, ["power"] = Power };

    public TrainingPlan Plan(int pairs, int unpairedA, int unpairedB) => new(0, 0);

    public IFittedMethod Fit(TrainingSet training, int seed, CancellationToken cancellation)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (a, b) = (Side.Fit([.. training.AllA]), Side.Fit([.. training.AllB]));
        var (pairsA, pairsB) = (a.Map(training.PairsA), b.Map(training.PairsB));
        var (meanA, meanB) = (pairsA.mean([0]), pairsB.mean([0]));
        var (centredA, centredB) = (pairsA - meanA, pairsB - meanB);
        var (whiteA, whiteB) = (Whitening(centredA), Whitening(centredB));
        var (u, s, vh) = linalg.svd(whiteA.t().matmul(centredA.t()).matmul(centredB).matmul(whiteB) / training.PairsA.Length, fullMatrices: false);
        var scale = (s / s[0]).pow(Power / 2);
        return new Fitted(a.Then(whiteA.matmul(u) * scale, meanA), b.Then(whiteB.matmul(vh.t()) * scale, meanB));
    }

    // (C + ridge * mean eigenvalue of C)^(-1/2) of centred rows.
    private static Tensor Whitening(Tensor centred)
    {
        var covariance = centred.t().matmul(centred) / centred.size(0);
        var ridge = Ridge * covariance.trace() / covariance.size(0) * eye(covariance.size(0), dtype: ScalarType.Float64);
        var (values, vectors) = linalg.eigh(covariance + ridge);
        return (vectors * values.rsqrt()).matmul(vectors.t());
    }

    private static Tensor Matrix(float[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]).to(ScalarType.Float64);

    // (x - mean) map - offset
    private sealed record Side(Tensor Mean, Tensor Projection, Tensor Offset)
    {
        public static Side Fit(float[][] rows)
        {
            var matrix = Matrix(rows);
            var mean = matrix.mean([0]);
            var centred = matrix - mean;
            centred /= centred.square().mean().sqrt();
            // The smaller of both products has the same components.
            var wide = centred.size(1) > centred.size(0);
            var (values, vectors) = linalg.eigh(wide ? centred.matmul(centred.t()) : centred.t().matmul(centred));
            var kept = Math.Min(Components, (values > values[-1] * 1e-10).sum(ScalarType.Int64).item<long>());
            var components = vectors.narrow(1, vectors.size(1) - kept, kept);
            if (wide)
                components = centred.t().matmul(components) / values.narrow(0, values.size(0) - kept, kept).sqrt();
            return new Side(mean, components, zeros(kept, ScalarType.Float64));
        }

        public Tensor Map(float[][] rows) => (Matrix(rows) - Mean).matmul(Projection) - Offset;

        public Side Then(Tensor map, Tensor mean) => new(
            Mean.DetachFromDisposeScope(), Projection.matmul(map).DetachFromDisposeScope(), mean.matmul(map).DetachFromDisposeScope());

        public void Dispose()
        {
            Mean.Dispose();
            Projection.Dispose();
            Offset.Dispose();
        }
    }

    private sealed class Fitted(Side a, Side b) : IFittedMethod
    {
        public int Steps => 0;

        public float[][] EmbedA(float[][] rows) => Embed(a, rows);

        public float[][] EmbedB(float[][] rows) => Embed(b, rows);

        public void Dispose()
        {
            a.Dispose();
            b.Dispose();
        }

        private static float[][] Embed(Side side, float[][] rows)
        {
            using var scope = NewDisposeScope();
            var embeddings = nn.functional.normalize(side.Map(rows), dim: 1).to(ScalarType.Float32);
            var width = (int)embeddings.size(1);
            return [.. embeddings.data<float>().ToArray().Chunk(width)];
        }
    }
}
