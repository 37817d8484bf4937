namespace Microsoft.ML.GentleClip.Models;

/// <summary>The closed-form part of a model, apart from its maps.</summary>
/// <param name="Role">Alone or side by side; a guide is no part of the model.</param>
/// <param name="Share">Its share in the embedding's inner products; 1 alone.</param>
/// <param name="Dimension">Its slots of the embedding, the first ones.</param>
internal sealed record TeacherSpec(TeacherRole Role, double Share, int Dimension);
