using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>An encoder at a size and batch.</summary>
/// <param name="Name">As in tables and files.</param>
/// <param name="Element">What the throughput counts.</param>
/// <param name="Create">The encoder with its batch.</param>
/// <param name="Smallest">The same operations on next to nothing, whose time is what calls and small tensors cost; null where there is no such.</param>
/// <param name="Preparation">What a pass does outside of torch before it, timed by itself; null where that is nothing.</param>
internal sealed record EncoderCase(string Name, string Element, Func<EncoderRun> Create, Func<EncoderRun>? Smallest = null, Action? Preparation = null)
{
    private const int Sequences = 8, Shortest = 150, Longest = 250;

    public static IReadOnlyList<EncoderCase> All { get; } =
    [
        new("ESM-2-8M", "residues", () => Esm2(Esm2Size.T6_8M, Lengths()), () => Esm2(new(6, 40, 20), [1])),
        new("ESM-2-8M-long", "residues", () => Esm2(Esm2Size.T6_8M, [1022, 1022]), () => Esm2(new(6, 40, 20), [1])),
        CdConv("CDConv-16x200", 16, 200),
        CdConv("CDConv-1x1750", 1, 1750),
    ];

    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static EncoderCase Named(string name) =>
        All.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"Unknown encoder '{name}'; there are {string.Join(", ", All.Select(c => c.Name))}.");

    private static EncoderCase CdConv(string name, int count, int length)
    {
        var chains = new Lazy<Chain[]>(() => MadeUpChains.Walks(count, length));
        return new(name, "residues", () => Run(chains.Value), () => Run(MadeUpChains.Walks(1, 3)),
            () => Prepare(chains.Value));

        static EncoderRun Run(Chain[] chains)
        {
            using var generator = new Generator(1);
            var encoder = new CdConvEncoder(MadeUpChains.Options, generator);
            return new(encoder, chains.Sum(chain => chain.Length), noise => encoder.Encode(new StructureBatch(chains), noise));
        }

        static void Prepare(Chain[] chains)
        {
            var (graph, edges) = new CdConvWork(chains, MadeUpChains.Options, noise: null).Run();
            _ = new CdConvBatch(graph, edges, MadeUpChains.Options, ScalarType.Float32, CPU);
        }
    }

    /// <summary>Evenly spread lengths, 200 on average.</summary>
    private static int[] Lengths() => [.. Enumerable.Range(0, Sequences).Select(i => Shortest + i * (Longest - Shortest) / (Sequences - 1))];

    /// <summary>ESM-2 with a batch of chains of these lengths.</summary>
    public static EncoderRun Esm2(Esm2Size size, int[] lengths)
    {
        using var generator = new Generator(1);
        var random = new Random(1);
        var tokens = Esm2Batch.Pad([.. lengths.Select(length => Esm2Alphabet.Encode(string.Concat(random.GetItems<char>("LAGVSERTIDPKQNFYMHWC", length))))],
            CPU);
        var encoder = new Esm2Encoder(new() { Size = size }, generator);
        return new(encoder, lengths.Sum(), noise => encoder.Features(tokens, noise), tokens);
    }
}
