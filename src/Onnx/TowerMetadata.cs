using System.Globalization;
using System.Reflection;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Models;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>What an exported file says of its tower, as texts by key; see docs/onnx.md.</summary>
internal static class TowerMetadata
{
    public const string Format = "gentleclip.format", Tower = "gentleclip.tower", EmbeddingDimension = "gentleclip.embedding_dimension", LibraryVersion = "gentleclip.library_version";

    /// <summary>Version of the keys and of the graphs' inputs.</summary>
    public const string CurrentFormat = "1";

    /// <summary>The texts of a side of a model.</summary>
    /// <exception cref="NotSupportedException">The encoder is of a kind that cannot be written.</exception>
    public static SortedDictionary<string, string> Of(TwoTowerSpec spec, AlignmentSide side)
    {
        var tower = side == AlignmentSide.A ? spec.A : spec.B;
        var (modality, encoder, preprocessing) = Describe(tower.Modality);
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [Format] = CurrentFormat,
            ["gentleclip.modality"] = modality,
            ["gentleclip.encoder"] = spec.HasEncoder(tower) ? encoder : "none",
            ["gentleclip.closed_form"] = spec.Teacher?.Role.ToString() ?? "none",
            ["gentleclip.preprocessing"] = preprocessing,
            [EmbeddingDimension] = spec.EmbeddingDimension.ToString(CultureInfo.InvariantCulture),
            ["gentleclip.input_column"] = tower.Modality.InputColumnName,
            ["gentleclip.output_column"] = tower.Modality.OutputColumnName,
            [LibraryVersion] = typeof(TowerMetadata).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0",
            [Tower] = ModelSerializer.DescribeTower(tower),
        };
    }

    private static (string Modality, string Encoder, string Preprocessing) Describe(Modality modality) => modality switch
    {
        VectorModality => ("vector", "MLP", "none: the graph standardises"),
        ProteinSequenceModality sequence => ("protein sequence", "ESM-2", Invariant($"tokens of ESM-2's alphabet, at most the first {sequence.Encoder.MaximumLength} residues")),
        ProteinStructureModality structure => ("protein structure", "CDConv", Invariant($"neighbours of alpha carbons within {string.Join(", ", structure.Encoder.Radii.Select(radius => radius.ToString(CultureInfo.InvariantCulture)))} angstrom")),
        TextModality { Encoder: BertEncoderOptions bert } => ("text", "BERT", Invariant($"WordPiece, {(bert.LowerCase ? "uncased" : "cased")}, {bert.Vocabulary?.Count} tokens, at most {bert.MaximumLength} of them a text")),
        TextModality { Encoder: TextNGramOptions nGrams } => ("text", "hashed n-grams", Invariant($"words, pairs of them, and n-grams of {nGrams.MinimumLength} to {nGrams.MaximumLength} characters, in {nGrams.Buckets} buckets")),
        ImageModality { Images: var images } image => ("image", image.Encoder is ResNetOptions ? "ResNet" : "ViT",
            Invariant($"{(images.Fit == ImageFit.Crop ? "shorter side" : "both sides")} scaled to {images.Stored} pixels, middle {images.Size} x {images.Size}, of values 0 to 1 mean {List(images.Mean)} subtracted, divided by {List(images.StandardDeviation)}")),
        _ => ("unknown", modality.GetType().Name, "unknown"),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string List(IReadOnlyList<double> numbers) => string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)));
}
