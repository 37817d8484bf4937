using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Gives the weights of BERT the names of Hugging Face's <c>BertModel</c> (<c>embeddings.word_embeddings.weight</c>,
/// <c>encoder.layer.0.attention.self.query.weight</c>, ...), whichever of its forms they come in: those names, with the prefix <c>bert.</c> of models with
/// heads, older ones with <c>gamma</c> and <c>beta</c>, or a tower of a model saved by this library.
/// </summary>
internal static class BertWeightNames
{
    private const string Embedding = "embeddings.word_embeddings.weight";

    // Heads of the pretraining or of a task are no part of the encoder.
    private static readonly NameMap HuggingFace = new NameMap()
        .Strip("bert.")
        .Ignore(@"^embeddings\.(position_ids|token_type_ids)$").Ignore(@"^(cls|classifier|qa_outputs)\.")
        .Replace(@"\.LayerNorm\.gamma$", ".LayerNorm.weight")
        .Replace(@"\.LayerNorm\.beta$", ".LayerNorm.bias");

    private static readonly Regex LayerName = new(@"^encoder\.layer\.(\d{1,9})\.", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>How BERT is found in a file.</summary>
    public static WeightLayout Layout { get; } = new("BERT", @"^(embeddings|encoder)\.",
        new WeightForm(Embedding, "encoder.layer.0.attention.self.query.weight", HuggingFace, "bert."));

    /// <summary>Reads a file of any form and format, or the index of several.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, unsafe or no weight file.</exception>
    public static StateDict Read(string path, WeightRequest? request = null)
    {
        request ??= new WeightRequest(Layout);
        using var file = WeightFile.Read(path, request);
        return ToHuggingFace(file, request);
    }

    /// <summary>Number of layers, width and tokens of weights under Hugging Face's names; null where they are not BERT's.</summary>
    public static (int Layers, int Width, int Tokens)? Shape(StateDict weights)
    {
        var layers = weights.Keys.Select(name => LayerName.Match(name)).Where(match => match.Success).Select(match => match.Groups[1].Value).Distinct().Count();
        return layers > 0 && weights.TryGetValue(Embedding, out var table) && table.Dimensions == 2 ? (layers, (int)table.size(1), (int)table.size(0)) : null;
    }

    /// <summary>
    /// Moves the tensors, without copying, to a dictionary with Hugging Face's names. Names that BERT does not know stay, for the loader to refuse.
    /// </summary>
    /// <exception cref="InvalidDataException">Two names mean the same, or the weights are in several places.</exception>
    public static StateDict ToHuggingFace(StateDict tensors, WeightRequest? request = null) =>
        TowerWeights.Resolve(tensors, Layout, Embedding, request, "are a BERT");
}
