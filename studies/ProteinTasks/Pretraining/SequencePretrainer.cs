using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using ProteinAlignment;
using ProteinTasks.Data;

namespace ProteinTasks.Pretraining;

/// <summary>
/// Pretrains the windows encoder beside computed features of the structure: seconds, where a CDConv in their place takes most of the time and is the same for
/// all forms of the sequence's encoder.
/// </summary>
internal sealed class SequencePretrainer(ProteinData data, Settings settings, CancellationToken cancellation)
{
    private const string EncodedSequence = nameof(EncodedSequence);

    private Row[]? _heldOut;
    private (int Seed, Row[] Rows) _crops = (-1, []);
    private int _structureWidth;

    /// <summary>Fits a method with an encoder to the crops of a seed.</summary>
    public GentleClipTransformer Fit(Method method, int seed, ProteinWindowOptions encoder)
    {
        var mlContext = new MLContext(seed);
        Row[] crops = CropsOf(seed);
        _structureWidth = crops[0].Structure!.Length;
        var (paired, sequences, structures) = PretrainingRows.Split(crops, method.PairedShare, seed);
        var options = new Pretrainer(data, settings, cancellation).Options(method, seed);
        options.ModalityA = Modality.ProteinSequence(Pretrainer.SequenceEmbedding, nameof(Row.Sequence), encoder).WithFeatures(EncodedSequence);
        options.ModalityB = Modality.Vector(Pretrainer.StructureEmbedding, nameof(Row.Structure));
        return mlContext.Transforms.GentleClip(options).Fit(View(mlContext,
        [
            .. paired.Select(row => row with { IsPaired = true }),
            .. (method.UsesUnpaired ? sequences : []).Select(row => row with { Structure = null }),
            .. (method.UsesUnpaired ? structures : []).Select(row => row with { Sequence = "" }),
        ]));
    }

    /// <summary>What the encoder and the tower make of the pieces' sequences.</summary>
    public (float[][] Features, float[][] Embeddings) Embed(GentleClipTransformer model)
    {
        var mlContext = new MLContext(seed: 1);
        IDataView scored = model.Transform(View(mlContext, Array.ConvertAll(data.Pieces, piece => new Row { Sequence = piece.Sequence })));
        return ([.. scored.GetColumn<float[]>(EncodedSequence)], [.. scored.GetColumn<float[]>(Pretrainer.SequenceEmbedding)]);
    }

    /// <summary>Both sides of the held-out chains.</summary>
    public Embeddings EmbedHeldOut(GentleClipTransformer model)
    {
        IDataView scored = model.Transform(View(new MLContext(seed: 1), _heldOut ??= Array.ConvertAll(data.HeldOut, Of)));
        return new Embeddings([.. scored.GetColumn<float[]>(Pretrainer.SequenceEmbedding)], [.. scored.GetColumn<float[]>(Pretrainer.StructureEmbedding)]);
    }

    // Methods and forms of a seed have the same ones.
    private Row[] CropsOf(int seed)
    {
        if (_crops.Seed != seed)
            _crops = (seed, Array.ConvertAll(PretrainingRows.Crops(data.Pretraining, settings, seed), Of));
        return _crops.Rows;
    }

    private Row Of(Piece piece)
    {
        cancellation.ThrowIfCancellationRequested();
        return new Row
        {
            Sequence = piece.Sequence,
            Structure = StructureFeatures.Compute([.. piece.AlphaCarbons.Chunk(3).Select(position => new Vector3(position))]),
        };
    }

    private IDataView View(MLContext mlContext, Row[] rows)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Structure)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, _structureWidth);
        return mlContext.Data.LoadFromEnumerable(rows, schema);
    }

    private sealed record Row
    {
        public string Sequence { get; init; } = "";

        public float[]? Structure { get; init; }

        public bool IsPaired { get; init; }
    }
}
