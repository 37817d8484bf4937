using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Gives the weights of ESM-2 the names of fair-esm's module (<c>embed_tokens.weight</c>, <c>layers.0.self_attn.q_proj.weight</c>, ...), whichever of its forms
/// they come in: those names, fair-esm's download (prefixes <c>encoder.sentence_encoder.</c> and <c>encoder.</c>), Hugging Face's, each behind any prefix, or a
/// tower of a model saved by this library.
/// </summary>
internal static class Esm2WeightNames
{
    private const string ContactWeight = "contact_head.regression.weight", Embedding = "embed_tokens.weight", Output = "lm_head.weight";
    private const string ContactSuffix = "-contact-regression.pt";

    // Rotary embeddings replace positions, yet Hugging Face's files carry them; the pooler is not part of ESM-2.
    private static readonly NameMap HuggingFace = new NameMap()
        .Strip("esm.")
        .Ignore(@"^embeddings\.position_(ids|embeddings\.weight)$").Ignore(@"^pooler\.")
        .Replace(@"^embeddings\.word_embeddings\.", "embed_tokens.")
        .Replace(@"^encoder\.emb_layer_norm_after\.", "emb_layer_norm_after.")
        .Replace(@"^encoder\.layer\.(\d+)\.", "layers.$1.")
        .Replace(@"^(layers\.\d+\.)attention\.self\.query\.", "$1self_attn.q_proj.")
        .Replace(@"^(layers\.\d+\.)attention\.self\.key\.", "$1self_attn.k_proj.")
        .Replace(@"^(layers\.\d+\.)attention\.self\.value\.", "$1self_attn.v_proj.")
        .Replace(@"^(layers\.\d+\.)attention\.self\.rotary_embeddings\.", "$1self_attn.rot_emb.")
        .Replace(@"^(layers\.\d+\.)attention\.output\.dense\.", "$1self_attn.out_proj.")
        .Replace(@"^(layers\.\d+\.)attention\.LayerNorm\.", "$1self_attn_layer_norm.") // before the attention
        .Replace(@"^(layers\.\d+\.)intermediate\.dense\.", "$1fc1.")
        .Replace(@"^(layers\.\d+\.)output\.dense\.", "$1fc2.")
        .Replace(@"^(layers\.\d+\.)LayerNorm\.", "$1final_layer_norm.") // before the feed-forward part
        .Replace(@"^lm_head\.decoder\.", "lm_head.")
        .Tie(Embedding, Output);

    private static readonly Regex LayerName = new(@"^layers\.(\d{1,9})\.", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    private static readonly NameMap FairEsm = new NameMap().Strip("encoder.sentence_encoder.").Strip("encoder.").Tie(Embedding, Output);

    /// <summary>How ESM-2 is found in a file.</summary>
    public static WeightLayout Layout { get; } = new("ESM-2", @"^(embed_tokens|layers|emb_layer_norm_after)\.",
        new WeightForm(Embedding, "layers.0.self_attn.q_proj.weight", FairEsm, "encoder.sentence_encoder.", "encoder."),
        new WeightForm("embeddings.word_embeddings.weight", "encoder.layer.0.attention.self.query.weight", HuggingFace, "esm."));

    /// <summary>Reads a file, or the index of several, and the contact head's own file where there is one.</summary>
    /// <param name="path">Of any form and format.</param>
    /// <param name="contactRegressionPath">
    /// The contact head; used where the first file has none. Null looks for <c>*-contact-regression.pt</c> beside that file, as fair-esm does; without
    /// it the result has no contact head.
    /// </param>
    /// <param name="request">The user's key; takes notes. Null where there is none.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, unsafe or no weight file.</exception>
    public static StateDict Read(string path, string? contactRegressionPath = null, WeightRequest? request = null)
    {
        request ??= new WeightRequest(Layout);
        using var file = WeightFile.Read(path, request);
        var weights = ToFairEsm(file, request);
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileNameWithoutExtension(path) + ContactSuffix);
        contactRegressionPath ??= File.Exists(beside) ? beside : null;
        if (contactRegressionPath is null || weights.ContainsKey(ContactWeight))
            return weights;
        using (weights)
        {
            using var contact = WeightFile.Read(contactRegressionPath);
            if (contact.Keys.FirstOrDefault(name => weights.ContainsKey(name)) is { } twice)
                throw new InvalidDataException($"{contactRegressionPath}: '{twice}' is already in {path}.");
            var (source, metadata) = (weights.Source, weights.Metadata);
            return new StateDict(source, [.. weights.Take(), .. contact.Take()], metadata);
        }
    }

    /// <summary>Number of layers and width of weights under fair-esm's names; null where they are not ESM-2's.</summary>
    public static (int Layers, int Width)? LayersAndWidth(StateDict weights)
    {
        var layers = weights.Keys.Select(name => LayerName.Match(name)).Where(match => match.Success).Select(match => match.Groups[1].Value).Distinct().Count();
        return layers > 0 && weights.TryGetValue(Embedding, out var table) && table.Dimensions == 2 ? (layers, (int)table.size(1)) : null;
    }

    /// <summary>
    /// Moves the tensors, without copying, to a dictionary with fair-esm's names; <c>lm_head.weight</c> is the embedding. Names that ESM-2 does not know stay,
    /// for the loader to refuse.
    /// </summary>
    /// <exception cref="InvalidDataException">Two names mean the same, or the weights are in several places.</exception>
    public static StateDict ToFairEsm(StateDict tensors, WeightRequest? request = null) =>
        TowerWeights.Resolve(tensors, Layout, Embedding, request, "are an ESM-2");
}
