using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A network from normalised pictures to features.</summary>
internal abstract class ImageNetwork(string name) : nn.Module(name)
{
    /// <summary>Width of the features.</summary>
    public abstract int FeatureDimension { get; }

    /// <summary>Whether no weight is trained.</summary>
    public abstract bool IsFrozen { get; }

    /// <summary>The layers, from input to output, that <see cref="Encoder.TrainLast"/> counts.</summary>
    public virtual IReadOnlyList<nn.Module[]> Layers => [];

    /// <summary>Takes note of which layers are trained from now on, whose weights the encoder has set already.</summary>
    public virtual void OnTrainLast(int? layers)
    {
    }

    /// <summary>
    /// Rows of its matrix products that a picture takes, at least; null where a picture's bits, on the CPU, depend on the other pictures of a batch.
    /// </summary>
    public virtual int? ProductRows => null;

    /// <summary>Features <c>[batch, FeatureDimension]</c> of pictures <c>[batch, 3, height, width]</c>.</summary>
    public abstract Tensor Features(Tensor pictures, bool training);

    /// <summary>Loads weights under any of the published names, strictly; their heads are left out.</summary>
    /// <param name="file">As it was read; empty afterwards.</param>
    /// <param name="request">The user's key; takes notes.</param>
    /// <exception cref="InvalidDataException">They are of another size or model.</exception>
    public abstract void Load(StateDict file, WeightRequest? request = null);

    /// <summary>How its weights are found in files; null takes the names as they are.</summary>
    public virtual WeightLayout? Layout => null;

    /// <summary>Takes all parameters out of the training.</summary>
    protected void Freeze()
    {
        foreach (var parameter in parameters())
            parameter.requires_grad = false;
    }

    /// <summary>Takes parameters back into the training.</summary>
    protected static void Train(IEnumerable<TorchSharp.Modules.Parameter> parameters)
    {
        foreach (var parameter in parameters)
            parameter.requires_grad = true;
    }
}
