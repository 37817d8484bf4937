using Microsoft.ML.Data;

namespace Distributed;

/// <summary>Two noisy views of a latent point, of which some rows lack one.</summary>
internal sealed class MadeUpRow
{
    private const int Latent = 6;

    public long Id { get; set; }

    [VectorType(32)]
    public float[]? A { get; set; }

    [VectorType(24)]
    public float[]? B { get; set; }

    /// <summary>Row i is the same whoever makes it.</summary>
    public static MadeUpRow Make(long id, bool isWhole = false)
    {
        var random = new Random((int)(id * 7919 % int.MaxValue));
        var latent = Enumerable.Range(0, Latent).Select(_ => random.NextSingle() * 2 - 1).ToArray();
        var (a, b) = (View(32, 3), View(24, 5));
        return new MadeUpRow { Id = id, A = isWhole || id % 4 != 2 ? a : null, B = isWhole || id % 4 != 3 ? b : null };

        float[] View(int size, int stride) => [.. Enumerable.Range(0, size)
            .Select(slot => latent[slot % Latent] + (slot % stride - 1) * latent[(slot + 1) % Latent] + 0.3f * (random.NextSingle() - 0.5f))];
    }

    public static IEnumerable<MadeUpRow> Make(int count) => Enumerable.Range(0, count).Select(id => Make(id));
}
