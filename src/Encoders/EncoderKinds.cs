using System.Text.Json;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The kinds of encoder that there are: the one list.</summary>
internal static class EncoderKinds
{
    private static readonly Lock Gate = new();

    private static volatile EncoderKind[] _all =
    [
        new MlpKind(), new NGramsKind(), new BertKind(), new Esm2Kind(), new ProteinWindowKind(), new CdConvKind(), new ResNetKind(), new ViTKind(),
        new CustomVectorKind(), new CustomTextKind(), new CustomImageKind(), new CustomSequenceKind(), new CustomStructureKind(),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EncoderKind> All => _all;

    /// <summary>The kind of a modality's encoder.</summary>
    /// <exception cref="NotSupportedException">There is none.</exception>
    public static EncoderKind Of(Modality modality) => Find(modality)
        ?? throw new NotSupportedException($"There is no encoder for {modality.GetType().Name} with {modality.EncoderOptions.GetType().Name}.");

    /// <summary>The kind of a modality's encoder, or null.</summary>
    public static EncoderKind? Find(Modality modality) => Array.Find(_all, kind => kind.Serves(modality));

    /// <summary>Looks for the files that a training will read, before any row is.</summary>
    /// <exception cref="FileNotFoundException">One is missing.</exception>
    /// <exception cref="InvalidDataException">A folder of weights has a <c>config.json</c> that cannot be read.</exception>
    public static void CheckFiles(Modality modality)
    {
        var files = Of(modality).Files(modality);
        foreach (var (what, file) in new[] { ("weights", files.Weights), ("vocabulary", files.VocabularyFile) })
        {
            if (file is not null && !File.Exists(file) && !(what == "weights" && Directory.Exists(file)))
                throw new FileNotFoundException($"The {what} file of column '{modality.InputColumnName}' does not exist: {file}.", file);
        }
        if (files.Weights is { } weights)
            PretrainedConfig.Check(weights, modality.InputColumnName);
    }

    /// <summary>The kind that a saved model calls by a name; the package that has it is loaded where the application has that package.</summary>
    /// <exception cref="JsonException">There is none of the name; the message says what to add.</exception>
    public static EncoderKind Named(string name)
    {
        var kind = Array.Find(_all, kind => kind.SavedName == name);
        if (kind is null && Array.Find(EncoderPackage.All, package => package.Has(name)) is { } package)
        {
            package.Load(name);
            kind = Array.Find(_all, kind => kind.SavedName == name);
        }
        return kind ?? throw new JsonException(
            $"'modality' is '{name}'; expected one of {string.Join(", ", _all.Select(known => $"'{known.SavedName}'").Distinct())}.");
    }

    /// <summary>Adds a kind of another assembly: of a package of ours, or of tests, which show that nothing else has to know it.</summary>
    internal static void Add(EncoderKind kind)
    {
        lock (Gate)
            _all = [.. _all, kind];
    }
}
