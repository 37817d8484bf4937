using System.Reflection;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// A tower as a saved model describes it, apart from its weights: a record per <see cref="EncoderKind"/>, whose parameters are the description's members.
/// See docs/saved-model.md.
/// </summary>
internal abstract record TowerDescription
{
    /// <summary>The saved model's entry, for messages.</summary>
    public const string Entry = "model.json";

    /// <summary>Columns beside the embedding's by what they hold (<see cref="Modality.OtherOutputs"/>); null, as before format 1.3, is none.</summary>
    public IReadOnlyDictionary<string, string>? Outputs { get; init; }

    /// <summary>The modality, and the size of one sample where it has one.</summary>
    /// <param name="registered">Assemblies in which a user's own encoder may be looked up by its key.</param>
    /// <exception cref="FormatException">The description is damaged, or a key is unknown.</exception>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public abstract (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered);

    /// <summary>The error for a description that cannot be.</summary>
    protected static FormatException Damaged(string problem) => new($"Entry '{Entry}' of the saved model: {problem}.");
}
