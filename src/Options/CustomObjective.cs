using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// A loss term of your own over the embeddings of a batch: derive a class and put an instance into <see cref="GentleClipOptions.CustomObjectives"/>. It is added to the total with its
/// <see cref="Weight"/> and appears in the history under its <see cref="Name"/>. See docs/extending.md.
/// </summary>
/// <remarks>
/// An objective is a function of the batch: an instance may serve several trainings, one after the other or at once, and is neither saved with the model nor kept in a checkpoint. So it has no
/// parameters and no state of its own; one with a field of modules, parameters or tensors is refused. Its name, type, weight and public properties of plain data are part of a checkpoint's fingerprint.
/// </remarks>
public abstract class CustomObjective
{
    private double _weight = 1;

    /// <summary>Creates the objective.</summary>
    /// <param name="name">1 to 64 letters, digits, '.', '-' and '_'; none of the library's terms.</param>
    /// <exception cref="ArgumentException">The name cannot be used.</exception>
    protected CustomObjective(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name.Length > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
            throw new ArgumentException($"The objective's name is '{name}'; expected 1 to 64 letters, digits, '.', '-' and '_'.", nameof(name));
        Name = name;
    }

    /// <summary>Name in <see cref="TrainingEpoch.Losses"/> and in messages.</summary>
    public string Name { get; }

    /// <summary>Factor in the total, 0 or more; 0 leaves the term out. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Weight
    {
        get => _weight;
        init => _weight = Check.NotNegative(value, nameof(Weight));
    }

    /// <summary>
    /// Whether the term looks at unpaired samples. Where it does not (default false), its batch holds the matched pairs alone. Where it does, it counts as a loss on unpaired samples: it makes batches
    /// hold some, can train without any pair, and is what <see cref="GentleClipOptions.GuardUnpairedObjectives"/> may turn off.
    /// </summary>
    public virtual bool UsesUnpairedSamples => false;

    /// <summary>Whether the batch shall have a second view of each sample, which costs another forward pass where the self-supervised loss is off. Default false.</summary>
    public virtual bool UsesSecondViews => false;

    /// <summary>Computes the term: a scalar, float32, on the batch's device, that depends on the embeddings; to be minimised. A constant zero says that the batch holds nothing for it.</summary>
    /// <remarks>Tensors made here are freed afterwards, but for the result. What throws here ends <c>Fit</c> with this objective's name; what throws inside a hand-written backward function ends the process.</remarks>
    /// <param name="batch">Embeddings and what is known about them; not to be changed or disposed.</param>
    public abstract Tensor Compute(ObjectiveBatch batch);

    /// <summary>Refuses what would be forgotten between runs.</summary>
    /// <exception cref="ArgumentException">There is such a field.</exception>
    internal void Validate()
    {
        for (var type = GetType(); type != typeof(CustomObjective) && type is not null; type = type.BaseType)
            foreach (var field in type.GetFields(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.DeclaredOnly))
                if (typeof(nn.Module).IsAssignableFrom(field.FieldType) || typeof(Tensor).IsAssignableFrom(field.FieldType) || TorchParts.Of(field.GetValue(this)).Any())
                    throw new ArgumentException($"The objective '{Name}' has a field '{field.Name}' of {field.FieldType.Name}, which would be neither trained nor kept in checkpoints; expected a function of the batch and of plain numbers.");
    }
}
