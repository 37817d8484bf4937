using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// ESM-2, the protein language model of Lin et al. (2023), with the names of the published checkpoints. It has no dropout: training and
/// inference are alike.
/// </summary>
internal sealed class Esm2Module : nn.Module
{
    private const string LanguageModelHead = "lm_head.", TiedWeight = LanguageModelHead + "weight", Angles = ".rot_emb.inv_freq";

    private readonly Esm2Embedding embed_tokens;
    private readonly ModuleList<Esm2Layer> layers;
    private readonly LayerNormalization emb_layer_norm_after;
    private readonly Esm2LanguageModelHead? lm_head;
    private readonly Esm2ContactHead? contact_head;

    /// <summary>Creates a model with the published initialisation.</summary>
    /// <param name="size">Layers, width and heads.</param>
    /// <param name="generator">Source of the initial weights.</param>
    /// <param name="withHeads">Whether to have the language model's and the contacts' heads; an encoder needs neither.</param>
    public Esm2Module(Esm2Size size, Generator generator, bool withHeads = false) : base("ESM-2")
    {
        embed_tokens = new Esm2Embedding(size.HiddenDimension, generator);
        layers = [];
        for (var i = 0; i < size.Layers; i++)
            layers.Add(new Esm2Layer(size, generator));
        emb_layer_norm_after = new LayerNormalization(size.HiddenDimension, Esm2Layer.LayerNormEpsilon);
        if (withHeads)
        {
            lm_head = new Esm2LanguageModelHead(size.HiddenDimension, generator);
            contact_head = new Esm2ContactHead(size, generator);
        }
        RegisterComponents();
    }

    /// <summary>Number of parameters of such a model; nothing is allocated.</summary>
    public static long CountParameters(Esm2Size size, bool withHeads = false)
    {
        long width = size.HiddenDimension;
        var encoder = Esm2Alphabet.Count * width + size.Layers * Esm2Layer.CountParameters(size) + 2 * width;
        return withHeads ? encoder + Esm2LanguageModelHead.CountParameters(width) + Esm2ContactHead.CountParameters(size) : encoder;
    }

    /// <summary>Number of buffers' elements: the angles of every layer.</summary>
    public static long CountBuffers(Esm2Size size) => size.Layers * (size.HiddenDimension / size.AttentionHeads / 2);

    /// <summary>
    /// Loads a checkpoint under the authors' names, strictly; heads that the model does not have may be in it, and the constant angles may be missing.
    /// </summary>
    /// <exception cref="InvalidDataException">The weights do not fit; or the language model's matrix is not the token embeddings'.</exception>
    public void Load(StateDict weights, WeightRequest? request = null)
    {
        if (lm_head is not null && weights.TryGetValue(TiedWeight, out var tied) && weights.TryGetValue("embed_tokens.weight", out var table))
        {
            using var scope = NewDisposeScope();
            if (!tied.shape.SequenceEqual(table.shape) || !tied.eq(table).all().item<bool>())
                throw new InvalidDataException($"{weights.Source}: '{TiedWeight}' differs from 'embed_tokens.weight'; expected one matrix for both.");
        }
        var tensors = new Dictionary<string, Tensor>(weights);
        foreach (var (name, own) in state_dict())
            if (name.EndsWith(Angles, StringComparison.Ordinal))
                tensors.TryAdd(name, own);
        TowerWeights.Load(this, tensors, weights.Source, Esm2WeightNames.Layout, request);
    }

    /// <summary>The transformer layers, the last with the normalisation after it.</summary>
    public IReadOnlyList<nn.Module[]> Layers =>
        [.. layers.Select((layer, i) => i + 1 < layers.Count ? new nn.Module[] { layer } : [layer, emb_layer_norm_after])];

    /// <summary>Leaves only the last layers and the normalisation after them trainable; with 0, nothing.</summary>
    public void FreezeAllBut(int lastLayers)
    {
        foreach (var parameter in parameters())
            parameter.requires_grad = false;
        if (lastLayers == 0)
            return;
        foreach (var parameter in layers.TakeLast(lastLayers).SelectMany(layer => layer.parameters()).Concat(emb_layer_norm_after.parameters()))
            parameter.requires_grad = true;
    }

    /// <summary>Final representations, <c>[batch, length, width]</c>, of tokens, <c>[batch, length]</c>; those of padding mean nothing.</summary>
    /// <param name="tokens">As <see cref="Esm2Batch"/> builds them.</param>
    /// <param name="hidden">Receives the embeddings and every layer's output before the last normalisation.</param>
    /// <param name="attentions">Receives every layer's attention probabilities, <c>[batch, heads, length, length]</c>.</param>
    /// <param name="isMasked">Whether attention takes a mask; null where there is padding.</param>
    public Tensor Represent(Tensor tokens, ICollection<Tensor>? hidden = null, ICollection<Tensor>? attentions = null, bool? isMasked = null)
    {
        using var scope = NewDisposeScope();
        var x = embed_tokens.forward(tokens);
        var mask = PaddingMask(tokens, x.dtype, isMasked);
        foreach (var layer in layers)
        {
            var input = x;
            hidden?.Add(input.MoveToOuterDisposeScope());
            var probabilities = attentions is null ? null : new List<Tensor>();
            using (NewDisposeScope())
            {
                x = layer.Transform(input, mask, probabilities).MoveToOuterDisposeScope();
                probabilities?.ForEach(p => p.MoveToOuterDisposeScope().MoveToOuterDisposeScope());
            }
            probabilities?.ForEach(p => attentions!.Add(p));
            if (hidden is null)
                input.Dispose(); // else the layers' outputs would add up in inference
        }
        hidden?.Add(x.MoveToOuterDisposeScope());
        return emb_layer_norm_after.forward(x).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of each token, <c>[batch, length, 33]</c>, from final representations.</summary>
    public Tensor Logits(Tensor representations) => Head(lm_head).Logits(representations, embed_tokens.Table);

    /// <inheritdoc cref="Esm2ContactHead.Contacts"/>
    public Tensor Contacts(Tensor tokens, IReadOnlyCollection<Tensor> attentions) => Head(contact_head).Contacts(tokens, attentions);

    private static T Head<T>(T? head) where T : class => head ?? throw new InvalidOperationException("The model was created without heads.");

    private static Tensor? PaddingMask(Tensor tokens, ScalarType type, bool? isMasked)
    {
        var padding = tokens.eq(Scalars.Of(Esm2Alphabet.Padding));
        return isMasked ?? padding.any().item<bool>()
            ? zeros_like(padding, type).masked_fill_(padding, Scalars.Of(double.NegativeInfinity)).unsqueeze(1).unsqueeze(1)
            : null;
    }
}
