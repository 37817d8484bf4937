using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>Mean and spread of features over rows that come in batches, in float64; its tensors belong to the scope in which it is made.</summary>
internal sealed class FeatureMoments
{
    // As for the inputs of encoders: below it a spread is rounding.
    private const double SmallestRelativeSpread = 1e-6;

    private readonly Tensor _squares;
    private int _count;

    /// <summary>Begins with no rows.</summary>
    /// <param name="features">Number of features.</param>
    /// <param name="device">Where they are.</param>
    public FeatureMoments(long features, Device device)
    {
        Mean = zeros(features, dtype: ScalarType.Float64, device: device);
        _squares = zeros_like(Mean);
    }

    /// <summary>Mean of each feature.</summary>
    public Tensor Mean { get; }

    /// <summary>1 / standard deviation of each feature, as a float32 holds it; 1 for one that is constant.</summary>
    public Tensor Scale
    {
        get
        {
            var deviation = _squares.Over((double)_count).sqrt();
            var isSpread = deviation.gt(Mean.abs().Times(SmallestRelativeSpread)).logical_and(deviation.gt(Scalars.Of(float.Epsilon)));
            var scale = where(isSpread, deviation.reciprocal(), ones_like(deviation)).to(ScalarType.Float32);
            return scale.nan_to_num(1, 1, 1).to(ScalarType.Float64);
        }
    }

    /// <summary>Adds rows, by the update of Chan, Golub and LeVeque.</summary>
    /// <param name="features">`[rows, features]`, float64.</param>
    public void Add(Tensor features)
    {
        using var scope = NewDisposeScope();
        var rows = (int)features.size(0);
        var own = features.mean([0]);
        var difference = own - Mean;
        // dim: without it the 0 is taken for a type of numbers, and the sum is over everything.
        _squares.AddInPlace((features - own).Squared().sum(dim: 0)).AddInPlace(difference.Squared().Times((double)_count * rows / (_count + rows)));
        _count += rows;
        Mean.AddInPlace(difference.Times((double)rows / _count));
    }
}
