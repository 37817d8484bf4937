using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Scores one row: the score, and the probability where the model has one.</summary>
internal delegate void BinaryScorer(in VBuffer<float> features, ref float score, ref float probability);

/// <summary>What a binary trainer of ML.NET's has learned: a function of a feature vector.</summary>
internal sealed class BinaryModel
{
    private BinaryModel(IValueMapper mapper) => Mapper = mapper;

    /// <summary>ML.NET's own form.</summary>
    internal IValueMapper Mapper { get; }

    /// <summary>Name of the model's type, for messages.</summary>
    public string Kind => Mapper.GetType().Name;

    /// <summary>Whether the model is calibrated.</summary>
    public bool HasProbability => Mapper is IValueMapperDist { DistType: NumberDataViewType };

    /// <summary>Wraps the model of a prediction transformer.</summary>
    /// <exception cref="NotSupportedException">The model does not map a vector to a score.</exception>
    public static BinaryModel Of(object model) =>
        model is IValueMapper { OutputType: NumberDataViewType } mapper && mapper.OutputType == NumberDataViewType.Single
            && mapper.InputType is VectorDataViewType
            ? new(mapper)
            : throw new NotSupportedException($"A model of type {model.GetType().Name} does not map a feature vector to one score.");

    /// <summary>A function for one thread.</summary>
    public BinaryScorer CreateScorer()
    {
        if (HasProbability)
        {
            var calibrated = ((IValueMapperDist)Mapper).GetMapper<VBuffer<float>, float, float>();
            return (in features, ref score, ref probability) => calibrated(features, ref score, ref probability);
        }
        var plain = Mapper.GetMapper<VBuffer<float>, float>();
        return (in features, ref score, ref probability) => plain(features, ref score);
    }
}
