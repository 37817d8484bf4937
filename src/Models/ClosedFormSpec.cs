using System.Text.Json.Serialization;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>The closed-form part of a model, apart from its maps.</summary>
/// <param name="Role">Alone or beside towers; a mere teacher is no part of the model.</param>
/// <param name="Share">Its share in the embedding's inner products; 1 alone.</param>
/// <param name="Dimension">Its slots of the embedding, the first ones.</param>
internal sealed record ClosedFormSpec([property: JsonConverter(typeof(SavedRole))] ClosedFormRole Role, double Share, int Dimension);
