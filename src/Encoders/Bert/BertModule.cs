using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>BERT (Devlin et al. 2019) with the names of Hugging Face's checkpoints.</summary>
internal sealed class BertModule : nn.Module
{
    private readonly BertEmbeddings embeddings;
    private readonly BertLayers encoder;
    private readonly BertDense? pooler;

    /// <summary>Creates a model with fresh weights.</summary>
    /// <param name="size">Layers, widths and heads.</param>
    /// <param name="tokens">Number of tokens in the vocabulary.</param>
    /// <param name="generator">Source of the initial weights.</param>
    /// <param name="withPooler">Whether to have the layer that was trained to tell following sentences; an encoder does not need it.</param>
    public BertModule(BertSize size, int tokens, Generator generator, bool withPooler = false) : base("BERT")
    {
        embeddings = new BertEmbeddings(size, tokens, generator);
        encoder = new BertLayers(size, generator);
        pooler = withPooler ? new BertDense(size.HiddenDimension, size.HiddenDimension, generator) : null;
        RegisterComponents();
    }

    /// <summary>Number of parameters of such a model without pooler; nothing is allocated.</summary>
    public static long CountParameters(BertSize size, int tokens) =>
        BertEmbeddings.CountParameters(size, tokens) + size.Layers * BertLayer.CountParameters(size);

    /// <summary>Loads a checkpoint under Hugging Face's names, strictly; a pooler that the model does not have may be in it.</summary>
    /// <exception cref="InvalidDataException">The weights do not fit.</exception>
    public void Load(StateDict weights, WeightRequest? request = null) =>
        TowerWeights.Load(this, weights, weights.Source, BertWeightNames.Layout, request);

    /// <summary>The transformer layers.</summary>
    public IReadOnlyList<nn.Module[]> Layers => [.. encoder.Last(int.MaxValue).Select(layer => new nn.Module[] { layer })];

    /// <summary>Leaves only the last layers trainable; with 0, nothing.</summary>
    public void FreezeAllBut(int lastLayers)
    {
        foreach (var parameter in parameters())
            parameter.requires_grad = false;
        foreach (var parameter in encoder.Last(lastLayers).SelectMany(layer => layer.parameters()))
            parameter.requires_grad = true;
    }

    /// <summary>Final representations, <c>[batch, length, width]</c>, of tokens, <c>[batch, length]</c>; those of padding mean nothing.</summary>
    /// <param name="tokens">Numbers of the tokens, int64.</param>
    /// <param name="lengths">Tokens of each text, the others are padding; null where there is none.</param>
    /// <param name="dropout">Of hidden values and probabilities.</param>
    /// <param name="types">Which of two texts each token belongs to; null: the first.</param>
    /// <param name="hidden">Receives the embeddings and every layer's output.</param>
    public Tensor Represent(Tensor tokens, Tensor? lengths, BertDropout dropout = default, Tensor? types = null, ICollection<Tensor>? hidden = null)
    {
        using var scope = NewDisposeScope();
        var x = dropout.Apply(embeddings.Embed(tokens, types));
        var outputs = hidden is null ? null : new List<Tensor>();
        x = encoder.Transform(x, lengths is null ? null : PaddingMask(tokens, lengths, x.dtype), dropout, outputs);
        outputs?.ForEach(output => hidden!.Add(output.MoveToOuterDisposeScope()));
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>The pooler's output, <c>[batch, width]</c>, from final representations.</summary>
    public Tensor Pool(Tensor representations) =>
        (pooler ?? throw new InvalidOperationException("The model was created without a pooler.")).forward(representations.select(1, 0)).tanh();

    private static Tensor PaddingMask(Tensor tokens, Tensor lengths, ScalarType type)
    {
        var padding = Scalars.Range(tokens.size(1), tokens.device).unsqueeze(0).ge(lengths.unsqueeze(1));
        return zeros_like(padding, type).masked_fill_(padding, Scalars.Of(double.NegativeInfinity)).unsqueeze(1).unsqueeze(1);
    }
}
