using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>One modality's samples of a training.</summary>
/// <param name="Binding">How the modality is read.</param>
/// <param name="Store">All samples.</param>
/// <param name="Pairs">Positions in the store of the matched pairs' samples, in the same order on both sides.</param>
/// <param name="Unpaired">Positions in the store of the unpaired samples.</param>
internal sealed record TrainingSide(ModalityBinding Binding, ExampleStore Store, IReadOnlyList<int> Pairs, IReadOnlyList<int> Unpaired);
