using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>A model with a part for each side: what trainings, their checkpoints and the columns computed from it need to know.</summary>
internal abstract class SidedModel(string name) : nn.Module(name), ISidedModel
{
    /// <inheritdoc/>
    public abstract int EmbeddingDimension { get; }

    /// <inheritdoc/>
    public abstract TowerSpec SpecOf(Side side);

    /// <summary>A side's tower, or only its encoder; null where there is none.</summary>
    public abstract Tower? TowerOf(Side side);

    /// <inheritdoc/>
    public int FeatureDimensionOf(Side side) => TowerOf(side)?.FeatureDimension ?? SpecOf(side).InputDimension;

    /// <inheritdoc/>
    public abstract SideParts PartsOf(Side side);

    /// <summary>One pass through a side, without noise.</summary>
    public abstract TowerOutput<Tensor> Run(Side side, ModalityBatch batch);

    /// <summary>The batches of passes through a side without noise; see <see cref="TowerPasses.Read"/>.</summary>
    /// <param name="side">Of the examples.</param>
    /// <param name="examples">Where they are.</param>
    /// <param name="passes">Positions of each pass.</param>
    /// <param name="device">Of the weights.</param>
    /// <param name="ahead">Whether other threads may be used.</param>
    public IEnumerable<ModalityBatch> Read(Side side, ExampleStore examples, IEnumerable<int[]> passes, Device device, bool ahead = true) =>
        TowerOf(side)?.Read(examples, passes, device, ahead) ?? TowerPasses.Read(
            positions => new TowerWork(null, SpecOf(side).Modality.InputColumnName, examples, positions), passes, device, ahead);

    /// <summary>The weights that a training changes: all but those of frozen layers, buffers included.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> ChangingWeights()
    {
        var frozen = named_parameters().Where(entry => !entry.parameter.requires_grad).Select(entry => entry.name).ToHashSet();
        return state_dict().Where(entry => !frozen.Contains(entry.Key));
    }
}
