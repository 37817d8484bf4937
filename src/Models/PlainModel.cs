using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>A saved model whose weights stay the arrays of its file, for a process without libtorch.</summary>
internal sealed class PlainModel : ISidedModel
{
    private readonly Func<Side, TowerSpec?> _specs;
    private readonly Func<Side, SideParts> _parts;

    private PlainModel(RawWeights weights, int embeddingDimension, Func<Side, TowerSpec?> specs, Func<Side, SideParts> parts) =>
        (Weights, EmbeddingDimension, _specs, _parts) = (weights, embeddingDimension, specs, parts);

    /// <summary>The weights as they were saved.</summary>
    public RawWeights Weights { get; }

    /// <inheritdoc/>
    public int EmbeddingDimension { get; }

    /// <summary>Two towers, a closed form, or both.</summary>
    /// <param name="spec">What the model is, apart from its weights.</param>
    /// <param name="weights">As they were saved.</param>
    /// <param name="closedFormPrefix">What the names of the closed form's tensors begin with.</param>
    public static PlainModel Of(TwoTowerSpec spec, RawWeights weights, string closedFormPrefix)
    {
        var alignment = spec.ClosedForm is null ? null : Below(weights, closedFormPrefix);
        if (spec.ClosedForm is { } closedForm)
            CheckAlignment(spec, closedForm, weights, closedFormPrefix);
        weights.Singles(TwoTowerModel.LogitScaleName, 1);
        var sides = new[] { Side.A, Side.B }.ToDictionary(side => side, side =>
        {
            var tower = spec.HasEncoder(spec.Of(side)) ? Below(weights, Prefix(side)) : null;
            return SideParts.Of(spec, side, tower, alignment, tower is null ? spec.Of(side).InputDimension : Width(spec.Of(side)));
        });
        return new PlainModel(weights, spec.EmbeddingDimension, spec.Of, side => sides[side]);
    }

    /// <summary>Encoders with the head of a fine-tuning.</summary>
    /// <inheritdoc cref="Of(TwoTowerSpec, RawWeights, string)"/>
    public static PlainModel Of(FineTunedSpec spec, RawWeights weights)
    {
        var sides = spec.Sides.ToDictionary(side => side.Side, side =>
            new SideParts(side.Side, side.Tower, Below(weights, Prefix(side.Side)), Width(side.Tower), EmbeddingDimension: 0));
        return new PlainModel(weights, embeddingDimension: 0, side => side == Side.A ? spec.A : spec.B, side => sides[side]);
    }

    /// <inheritdoc/>
    public TowerSpec SpecOf(Side side) => _specs(side) ?? throw new InvalidOperationException($"The model has no side {side}.");

    /// <inheritdoc/>
    public int FeatureDimensionOf(Side side) => _parts(side).FeatureDimension;

    /// <inheritdoc/>
    public SideParts PartsOf(Side side) => _parts(side);

    // As libtorch's reader does: nothing is made of a state that does not hold.
    private static void CheckAlignment(TwoTowerSpec spec, ClosedFormSpec closedForm, RawWeights weights, string prefix)
    {
        var state = weights.Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(tensor => tensor.Name[prefix.Length..], Saved);
        var (width, a, b) = AlignmentRules.Check(state);
        foreach (var (side, tower, found) in new[] { (Side.A, spec.A, a), (Side.B, spec.B, b) })
        {
            var expected = spec.ReadsFeatures(tower) ? Width(tower) : tower.InputDimension;
            if (found != expected)
                throw new InvalidDataException($"{weights.Source}: the closed form's side {side} takes rows of dimension {found}; expected {expected}.");
        }
        if (width != closedForm.Dimension)
            throw new InvalidDataException($"{weights.Source}: the closed form's embeddings have {width} dimensions; expected {closedForm.Dimension}.");

        static SavedTensor Saved(RawTensor tensor)
        {
            double[] Values() => MemoryMarshal.Cast<byte, double>(tensor.Bytes).ToArray();
            return new SavedTensor(tensor.Shape, tensor.Type, () => Array.TrueForAll(Values(), double.IsFinite), Values);
        }
    }

    private static string Prefix(Side side) => side == Side.A ? "tower_a." : "tower_b.";

    private static int Width(TowerSpec spec) => EncoderKinds.Of(spec.Modality).Measure(spec.Modality, spec.InputDimension).FeatureDimension;

    private static Dictionary<string, GraphWeight> Below(RawWeights weights, string prefix) => weights.Tensors
        .Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(tensor => tensor.Name[prefix.Length..], tensor => Weight(weights, tensor), StringComparer.Ordinal);

    private static GraphWeight Weight(RawWeights weights, RawTensor tensor)
    {
        try
        {
            return GraphWeight.Of(OnnxTypes.Of(tensor.Type), tensor.Shape, tensor.Bytes);
        }
        catch (NotSupportedException exception)
        {
            // An encoder that has no graph may have such weights, and is refused by its name.
            return GraphWeight.Unusable(tensor.Shape, $"{weights.Source}: tensor '{tensor.Name}': {exception.Message}");
        }
    }
}
