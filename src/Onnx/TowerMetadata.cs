using System.Globalization;
using System.Reflection;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>What an exported file says of its tower, as texts by key; see docs/onnx.md.</summary>
internal static class TowerMetadata
{
    public const string Format = "gentleclip.format", Tower = "gentleclip.tower", EmbeddingDimension = "gentleclip.embedding_dimension",
        LibraryVersion = "gentleclip.library_version";

    /// <summary>Version of the keys and of the graphs' inputs.</summary>
    public const string CurrentFormat = "1";

    /// <summary>The texts of a side of a model.</summary>
    /// <exception cref="NotSupportedException">The encoder is of a kind that cannot be written.</exception>
    public static SortedDictionary<string, string> Of(TwoTowerSpec spec, Side side)
    {
        var tower = side == Side.A ? spec.A : spec.B;
        var encoder = EncoderKinds.Of(tower.Modality);
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [Format] = CurrentFormat,
            ["gentleclip.modality"] = ModalityKinds.Of(tower.Modality).Name,
            ["gentleclip.encoder"] = spec.HasEncoder(tower) ? encoder.Name : "none",
            ["gentleclip.closed_form"] = spec.ClosedForm is { } closedForm ? SavedRole.NameOf(closedForm.Role) : "none",
            ["gentleclip.preprocessing"] = encoder.DescribePreprocessing(tower.Modality),
            [EmbeddingDimension] = spec.EmbeddingDimension.ToString(CultureInfo.InvariantCulture),
            ["gentleclip.input_column"] = tower.Modality.InputColumnName,
            ["gentleclip.output_column"] = tower.Modality.OutputColumnName,
            [LibraryVersion] = typeof(TowerMetadata).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0",
            [Tower] = ModelSerializer.DescribeTower(tower),
        };
    }
}
