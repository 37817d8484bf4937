using Microsoft.ML;
using Microsoft.ML.Data;

namespace ProteinAlignment;

/// <summary>One chain as the pipeline sees it. Its properties are the column names.</summary>
internal sealed class Protein
{
    public required string Key { get; init; }

    /// <summary>The secondary-structure class, the label of the classifier.</summary>
    public required string Class { get; init; }

    public required string Sequence { get; init; }

    /// <summary>In angstrom: x, y, z of one residue after the other.</summary>
    public required float[] AlphaCarbons { get; init; }

    public required float[] SequenceFeatures { get; init; }

    public required float[] StructureFeatures { get; init; }

    public static Protein[] Load(string path) =>
        [.. ProteinChain.Read(path).ToArray().AsParallel().AsOrdered().Select(chain => new Protein
        {
            Key = chain.Key,
            Class = chain.Class.ToString(),
            Sequence = chain.Sequence,
            AlphaCarbons = [.. chain.AlphaCarbons.SelectMany(atom => new[] { atom.X, atom.Y, atom.Z })],
            SequenceFeatures = ProteinAlignment.SequenceFeatures.Compute(chain.Sequence),
            StructureFeatures = ProteinAlignment.StructureFeatures.Compute(chain.AlphaCarbons),
        })];

    /// <summary>The middle of the chain, so many residues; its features are left as they are.</summary>
    public Protein Middle(int length)
    {
        int start = (Sequence.Length - length) / 2;
        return new Protein
        {
            Key = Key,
            Class = Class,
            Sequence = Sequence.Substring(start, length),
            AlphaCarbons = AlphaCarbons[(3 * start)..(3 * (start + length))],
            SequenceFeatures = SequenceFeatures,
            StructureFeatures = StructureFeatures,
        };
    }

    /// <summary>A view of the rows that has the named columns only.</summary>
    public static IDataView View(MLContext mlContext, IReadOnlyList<Protein> proteins, params string[] columns)
    {
        var schema = SchemaDefinition.Create(typeof(Protein));
        schema[nameof(SequenceFeatures)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, proteins[0].SequenceFeatures.Length);
        schema[nameof(StructureFeatures)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, proteins[0].StructureFeatures.Length);
        schema.RemoveAll(column => !columns.Contains(column.ColumnName));
        return mlContext.Data.LoadFromEnumerable(proteins, schema);
    }
}
