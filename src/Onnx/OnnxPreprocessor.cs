using System.Globalization;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Onnx;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Turns sequences, structures, texts, pictures and vectors into the input arrays of a graph that <c>mlContext.Model.ConvertGentleClipToOnnx</c> wrote: tokens
/// and masks, neighbour lists, hashed n-grams, normalised pixels. It needs only the file's metadata, neither the trained transformer nor torch's native
/// libraries.
/// </summary>
/// <remarks>Thread-safe. It reads and checks inputs as the transformer's column does; names and shapes of the arrays are listed in docs/onnx.md.</remarks>
public sealed class OnnxPreprocessor
{
    private readonly TowerSpec _tower;
    private readonly Lazy<Preparation> _preparation;
    private readonly string _prefix;

    private OnnxPreprocessor(TowerSpec tower, int embeddingDimension, string prefix = "")
    {
        (_tower, EmbeddingDimension, _prefix) = (tower, embeddingDimension, prefix);
        _preparation = new(() => EncoderKinds.Of(tower.Modality).CreatePreparation(tower.Modality, tower.InputDimension));
    }

    /// <summary>Columns and encoder settings of the tower, as at its training.</summary>
    public Modality Modality => _tower.Modality;

    /// <summary>Length of the graph's embeddings; of a fine-tuned model's side, that of its features.</summary>
    public int EmbeddingDimension { get; }

    /// <summary>Reads what a file says of its tower.</summary>
    /// <param name="metadata">The file's metadata, with ONNX Runtime <c>session.ModelMetadata.CustomMetadataMap</c>.</param>
    /// <exception cref="FormatException">It was not written by this library, by a newer version of it, or is damaged; the message says which.</exception>
    public static OnnxPreprocessor FromMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        _ = Get(TowerMetadata.Format);
        TowerMetadata.CheckFormat(metadata);
        if (!int.TryParse(Get(TowerMetadata.EmbeddingDimension), NumberStyles.None, CultureInfo.InvariantCulture, out var dimension) || dimension < 1)
            throw new FormatException(
                $"The model's metadata say '{Get(TowerMetadata.EmbeddingDimension)}' under '{TowerMetadata.EmbeddingDimension}'; expected a whole number of "
                    + $"1 or more.");
        return new OnnxPreprocessor(ModelSerializer.ReadTower(Get(TowerMetadata.Tower)), dimension);

        string Get(string key) => metadata.TryGetValue(key, out var value)
            ? value
            : throw new FormatException($"The model's metadata have no entry '{key}'; expected a file that ConvertGentleClipToOnnx wrote.");
    }

    /// <summary>
    /// Reads what a file that <c>mlContext.Model.ConvertGentleClipFineTuningToOnnx</c> wrote says of a side. The arrays of both sides together, of the same
    /// rows in the same order, are the graph's inputs.
    /// </summary>
    /// <param name="metadata">The file's metadata, with ONNX Runtime <c>session.ModelMetadata.CustomMetadataMap</c>.</param>
    /// <param name="side">Which side.</param>
    /// <exception cref="FormatException">
    /// It was not written so, has no such side, was written by a newer version of this library, or is damaged; the message says which.
    /// </exception>
    public static OnnxPreprocessor FromMetadata(IReadOnlyDictionary<string, string> metadata, Side side)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var (tower, features) = FineTunedMetadata.Read(metadata, side);
        return new OnnxPreprocessor(tower, features, FineTunedGraph.InputPrefix(side));
    }

    /// <summary>The arrays of a batch, one for each input of the graph, in the graph's order.</summary>
    /// <typeparam name="TInput">
    /// <see cref="string"/> for text and amino-acid sequences; <c>float[]</c> or <c>ReadOnlyMemory&lt;float&gt;</c> for vectors;
    /// <see cref="Microsoft.ML.Data.MLImage"/>, or a picture file's content as <c>byte[]</c> or <c>ReadOnlyMemory&lt;byte&gt;</c>, for pictures;
    /// <see cref="AlphaCarbonTrace"/> for protein structures.
    /// </typeparam>
    /// <param name="inputs">One or more. Sequences and texts of similar length make the smallest arrays.</param>
    /// <exception cref="ArgumentException">
    /// The tower takes another type, there is no input, or one is missing or cannot be used; the message names its index, what was expected and what was found.
    /// </exception>
    public IReadOnlyList<OnnxInput> Create<TInput>(IEnumerable<TInput> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var kind = ModalityKinds.Of(_tower.Modality).InputOf<TInput>(_tower.Modality, _tower.InputDimension)
            ?? throw new ArgumentException(
                $"Column '{_tower.Modality.InputColumnName}' takes {ModalityKinds.Of(_tower.Modality).InputTypes}, found {typeof(TInput).Name}.",
                nameof(inputs));
        TInput[] all = [.. inputs];
        if (all.Length == 0)
            throw new ArgumentException("Expected one input or more, found none.", nameof(inputs));
        // Before anything of the described size is allocated: metadata may claim features by the billion.
        for (var i = 0; i < all.Length; i++)
        {
            if (all[i] is null || kind.Check(all[i]) is not null)
                throw Unfit(i, all[i] is null ? "null" : kind.Check(all[i])!);
        }
        var builder = new DataViewSchema.Builder();
        foreach (var (name, type) in kind.Columns)
            builder.AddColumn(name, type);
        var row = new InputRow<TInput>(builder.ToSchema(), kind);
        var binding = ModalityKinds.Bind(_tower.Modality, row.Schema);
        var reader = binding.Open(row);
        using var examples = binding.CreateStore();
        for (var i = 0; i < all.Length; i++)
        {
            row.Set(all[i], i);
            if (Read(i) is var presence && presence != Presence.Present)
                throw Unfit(i, presence == Presence.Invalid ? reader.Problem : "a missing sample (nothing, blanks, or NaN in every slot)");
            examples.Add(reader);
        }
        var arrays = _preparation.Value.Prepare(examples);
        return _prefix.Length == 0 ? arrays : [.. arrays.Select(array => new OnnxInput(_prefix + array.Name, array.Values, [.. array.Shape]))];

        Presence Read(int index)
        {
            try
            {
                return reader.Read();
            }
            catch (InvalidOperationException exception) when (UnreadablePicture.ProblemOf(exception) is not null)
            {
                throw Unfit(index, $"one that cannot be used: {UnreadablePicture.ProblemOf(exception)}");
            }
        }

        ArgumentException Unfit(int index, string found) => new(string.Create(CultureInfo.InvariantCulture,
            $"Input {index} cannot be embedded as '{_tower.Modality.InputColumnName}': expected {kind.Expected}, found {found}."), nameof(inputs));
    }
}
