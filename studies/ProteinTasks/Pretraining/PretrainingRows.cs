using Microsoft.ML;
using Microsoft.ML.Data;
using ProteinAlignment;
using ProteinTasks.Data;

namespace ProteinTasks.Pretraining;

/// <summary>A row as the pipeline sees it: a pair, or one side of a chain.</summary>
internal sealed class ChainRow
{
    public string Sequence { get; init; } = "";

    public float[] AlphaCarbons { get; init; } = [];

    public bool IsPaired { get; init; }
}

/// <summary>The same with computed features.</summary>
internal sealed class FeatureRow
{
    public float[]? SequenceFeatures { get; init; }

    public float[]? StructureFeatures { get; init; }

    public bool IsPaired { get; init; }
}

/// <summary>Makes the rows: some chains as pairs, of the others each side as a sample of its own, in an order that tells nothing.</summary>
internal static class PretrainingRows
{
    /// <summary>The chains of the pairs come first; the seed alone decides which they are, so that methods share them.</summary>
    public static (T[] Paired, T[] Sequences, T[] Structures) Split<T>(IReadOnlyList<T> chains, double pairedShare, int seed)
    {
        var random = new Random(seed);
        T[] order = [.. chains];
        random.Shuffle(order);
        int pairs = (int)Math.Round(pairedShare * order.Length);
        T[] sequences = order[pairs..], structures = order[pairs..];
        random.Shuffle(sequences);
        random.Shuffle(structures);
        return (order[..pairs], sequences, structures);
    }

    /// <summary>
    /// A random crop of each chain, the same for every method. The two sides of a pair are cut alike, which crops of each side in training would not do.
    /// </summary>
    public static IDataView Chains(MLContext mlContext, ProteinChain[] chains, Method method, Settings settings, int seed)
    {
        var (paired, sequences, structures) = Split(Crops(chains, settings, seed), method.PairedShare, seed);
        return View(mlContext,
        [
            .. paired.Select(piece => new ChainRow { Sequence = piece.Sequence, AlphaCarbons = piece.AlphaCarbons, IsPaired = true }),
            .. (method.UsesUnpaired ? sequences : []).Select(piece => new ChainRow { Sequence = piece.Sequence }),
            .. (method.UsesUnpaired ? structures : []).Select(piece => new ChainRow { AlphaCarbons = piece.AlphaCarbons }),
        ]);
    }

    /// <summary>The crops, in the order of the chains.</summary>
    public static Piece[] Crops(ProteinChain[] chains, Settings settings, int seed)
    {
        var random = new Random(seed);
        return Array.ConvertAll(chains, chain => Piece.Crop(chain, settings.Crop, random));
    }

    public static IDataView View(MLContext mlContext, IEnumerable<ChainRow> rows) => mlContext.Data.LoadFromEnumerable(rows);

    /// <summary>Features of chains; the same chains are paired as in <see cref="Chains"/>.</summary>
    public static IDataView Features(MLContext mlContext, FeatureRow[] chains, Method method, int seed)
    {
        var (paired, sequences, structures) = Split(chains, method.PairedShare, seed);
        return View(mlContext,
        [
            .. paired.Select(
                chain => new FeatureRow { SequenceFeatures = chain.SequenceFeatures, StructureFeatures = chain.StructureFeatures, IsPaired = true }),
            .. sequences.Select(chain => new FeatureRow { SequenceFeatures = chain.SequenceFeatures }),
            .. structures.Select(chain => new FeatureRow { StructureFeatures = chain.StructureFeatures }),
        ]);
    }

    public static IDataView View(MLContext mlContext, FeatureRow[] rows)
    {
        var schema = SchemaDefinition.Create(typeof(FeatureRow));
        schema[nameof(FeatureRow.SequenceFeatures)].ColumnType = new VectorDataViewType(NumberDataViewType.Single,
            rows.First(row => row.SequenceFeatures is not null).SequenceFeatures!.Length);
        schema[nameof(FeatureRow.StructureFeatures)].ColumnType = new VectorDataViewType(NumberDataViewType.Single,
            rows.First(row => row.StructureFeatures is not null).StructureFeatures!.Length);
        return mlContext.Data.LoadFromEnumerable(rows, schema);
    }
}
