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

    /// <summary>Version of the library.</summary>
    public static string Version { get; } =
        typeof(TowerMetadata).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0";

    /// <summary>Refuses texts of another format.</summary>
    /// <exception cref="FormatException">They are of another, or say none.</exception>
    public static void CheckFormat(IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.GetValueOrDefault(Format) is var format && format != CurrentFormat)
            throw new FormatException(
                $"The model's metadata have format '{format}'; expected '{CurrentFormat}'. A newer version of this library may read them.");
    }

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
            [LibraryVersion] = Version,
            [Tower] = ModelSerializer.DescribeTower(tower),
        };
    }
}
