using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>Builds what a fitted model's embedding column computes as a graph: closed form, tower, or both side by side.</summary>
internal static class TowerGraph
{
    private const string EncoderPrefix = "encoder.", HeadPrefix = "head.";

    /// <summary>Why a side cannot be part of the graph of a whole pipeline, in sentences; null where it can.</summary>
    public static string? PipelineObstacle(TwoTowerModel model, AlignmentSide side)
    {
        var modality = (side == AlignmentSide.A ? model.Spec.A : model.Spec.B).Modality;
        if (TowerOf(model, side)?.OnnxObstacle is { } obstacle)
            return $"{obstacle}. mlContext.Model.ConvertGentleClipToOnnx cannot write it either.";
        var preparation = modality switch
        {
            VectorModality => null,
            ProteinSequenceModality => "sequences are tokenised outside of ONNX",
            ProteinStructureModality => "neighbours of residues are searched outside of ONNX",
            TextModality { Encoder: TextNGramOptions } => "n-grams of texts are hashed outside of ONNX",
            TextModality => "texts are tokenised outside of ONNX",
            ImageModality => "pictures are scaled outside of ONNX",
            _ => $"a {modality.GetType().Name} is prepared outside of ONNX",
        };
        return preparation is null ? null
            : $"{preparation} (input '{modality.InputColumnName}'). "
            + $"mlContext.Model.ConvertGentleClipToOnnx(model, path, \"{modality.OutputColumnName}\") writes the column alone, "
            + $"and {nameof(TowerInputs)} prepares the inputs of that file.";
    }

    /// <summary>The graph of a side. What it needs belongs to the open dispose scope, which must last until the graph is written.</summary>
    /// <param name="model">The model.</param>
    /// <param name="side">Its side.</param>
    /// <param name="opset">Version of the operators; an older one than the newest only for vectors.</param>
    /// <exception cref="NotSupportedException">The encoder is of a kind that cannot be written.</exception>
    public static OnnxGraph Build(TwoTowerModel model, AlignmentSide side, int opset = OnnxOpset.Newest)
    {
        var spec = side == AlignmentSide.A ? model.Spec.A : model.Spec.B;
        var tower = TowerOf(model, side);
        if (tower?.OnnxObstacle is { } obstacle)
            throw new NotSupportedException($"The encoder of column '{spec.Modality.InputColumnName}' cannot be exported: {obstacle}.");
        var weights = tower?.state_dict() ?? [];
        var graph = new OnnxGraph(weights, opset);
        // A closed form reads the same vectors as the tower.
        var vectors = spec.Modality is VectorModality ? graph.Input(OnnxNames.Features, OnnxType.Single, "feature vectors; NaN in every slot for one that is missing", OnnxNames.Batch, spec.InputDimension) : null;
        string? embedding = null;
        if (model.Spec.Teacher is { } teacher)
        {
            embedding = new AlignmentNodes(graph, model.Teacher!.GetState(), side).Append(vectors
                ?? throw new NotSupportedException($"The closed form of column '{spec.Modality.InputColumnName}' reads a {spec.Modality.GetType().Name}, which cannot be written as ONNX; expected a {nameof(VectorModality)}."));
            // A maximum may swallow NaN. Rows that are not finite have no embedding: v - v is NaN there, and 0 elsewhere.
            embedding = graph.Add(embedding, graph.Sum(graph.Subtract(vectors, vectors), 1));
            if (model.HasTowers)
                embedding = graph.Concatenate(1, graph.Multiply(embedding, graph.Number(Math.Sqrt(teacher.Share))), graph.Multiply(Tower(graph, spec.Modality, vectors), graph.Number(Math.Sqrt(1 - teacher.Share))));
        }
        graph.Name(embedding ?? Tower(graph, spec.Modality, vectors), OnnxNames.Embedding);
        graph.Output(OnnxNames.Embedding, OnnxType.Single, "embeddings of length 1", OnnxNames.Batch, model.Spec.EmbeddingDimension);
        var unused = graph.UnusedWeights.ToList();
        return unused.Count == 0 ? graph : throw new InvalidOperationException($"The graph of column '{spec.Modality.InputColumnName}' leaves out weights of the tower: {string.Join(", ", unused)}.");
    }

    private static Tower? TowerOf(TwoTowerModel model, AlignmentSide side) => !model.HasTowers ? null : side == AlignmentSide.A ? model.TowerA : model.TowerB;

    private static string Tower(OnnxGraph graph, Modality modality, string? vectors) => ProjectionNodes.Append(graph, Encoder(graph, modality, vectors), HeadPrefix);

    /// <summary>Declares the inputs that there are not yet, and features <c>[batch, features]</c>.</summary>
    internal static string Encoder(OnnxGraph graph, Modality modality, string? vectors)
    {
        switch (modality)
        {
            case VectorModality vector:
                return VectorNodes.Append(graph, vectors!, vector.Encoder.HiddenDimensions.Count, EncoderPrefix);
            case ProteinSequenceModality sequence:
                var (residues, residueMask) = Tokens("tokens of ESM-2's alphabet: beginning 0, residues, end 2; padding 1");
                return Esm2Nodes.Append(graph, residues, residueMask, sequence.Encoder, EncoderPrefix);
            case TextModality { Encoder: BertEncoderOptions bert }:
                var (tokens, mask) = Tokens("WordPiece tokens: [CLS], the text's, [SEP]; padding [PAD]");
                return BertNodes.Append(graph, tokens, mask, bert, EncoderPrefix);
            case TextModality { Encoder: TextNGramOptions nGrams }:
                var numbers = graph.Input(OnnxNames.NGrams, OnnxType.Int64, "buckets of a text's n-grams; any where there is none", OnnxNames.Batch, OnnxNames.NGramWidth);
                var counts = graph.Input(OnnxNames.NGramCounts, OnnxType.Single, "how often each occurs in the text; 0 where there is none", OnnxNames.Batch, OnnxNames.NGramWidth);
                return TextNGramNodes.Append(graph, numbers, counts, nGrams.HiddenDimensions.Count, EncoderPrefix);
            case ProteinStructureModality structure:
                return StructureNodes.Append(graph, structure.Encoder, EncoderPrefix);
            case ImageModality { Encoder: ResNetOptions resNet } image:
                return ResNetNodes.Append(graph, Pictures(image), resNet.Size, EncoderPrefix);
            case ImageModality { Encoder: ViTOptions vit } image:
                return ViTNodes.Append(graph, Pictures(image), vit, EncoderPrefix);
            default:
                throw new NotSupportedException($"The encoder of column '{modality.InputColumnName}' ({KindOf(modality)}) cannot be written as ONNX; "
                    + "expected one of the library's: MLP, ESM-2, CDConv, ResNet, ViT, BERT, hashed n-grams.");
        }

        (string Tokens, string Mask) Tokens(string description) => (
            graph.Input(OnnxNames.Tokens, OnnxType.Int64, description, OnnxNames.Batch, OnnxNames.Length),
            graph.Input(OnnxNames.Mask, OnnxType.Int64, "1 at tokens, 0 at padding", OnnxNames.Batch, OnnxNames.Length));

        string Pictures(ImageModality image) =>
            graph.Input(OnnxNames.Pictures, OnnxType.Single, "red, green and blue, normalised", OnnxNames.Batch, 3, image.Images.Size, image.Images.Size);
    }

    private static string KindOf(Modality modality) => modality switch
    {
        TextModality text => text.Encoder.GetType().Name,
        ImageModality image => image.Encoder.GetType().Name,
        _ => modality.GetType().Name,
    };
}
