namespace Microsoft.ML.GentleClip.Models;

/// <summary>What a tower is, apart from its weights.</summary>
/// <param name="Modality">Columns and encoder settings.</param>
/// <param name="InputDimension">Size of one sample, where the modality has one.</param>
internal sealed record TowerSpec(Modality Modality, int InputDimension);
