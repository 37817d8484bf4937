using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.ML.GentleClip.EmbeddingGenerators;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Transformers;

namespace Microsoft.ML.GentleClip;

/// <summary>Makes embedding generators of Microsoft.Extensions.AI out of a transformer, one for each modality.</summary>
public static class EmbeddingGeneratorExtensions
{
    /// <summary>
    /// One side of the model as an embedding generator. It gives what the transformer's column would hold, but takes no missing samples: an input that cannot
    /// be embedded fails the call with an <see cref="ArgumentException"/> that names its index.
    /// </summary>
    /// <example>
    /// <code>
    /// IEmbeddingGenerator&lt;string, Embedding&lt;float&gt;&gt; captions = model.CreateEmbeddingGenerator&lt;string&gt;("Caption");
    /// var generated = await captions.GenerateAsync(["a red apple", "a blue car"]);
    /// </code>
    /// </example>
    /// <typeparam name="TInput">
    /// <see cref="string"/> for text and amino-acid sequences; <c>float[]</c> or <c>ReadOnlyMemory&lt;float&gt;</c> for vectors;
    /// <see cref="Microsoft.ML.Data.MLImage"/>, or a picture file's content as <c>byte[]</c> or <c>ReadOnlyMemory&lt;byte&gt;</c>, for pictures;
    /// <see cref="AlphaCarbonTrace"/> for protein structures.
    /// </typeparam>
    /// <param name="transformer">
    /// The model, or a fitted or loaded pipeline that has one; stays the caller's, and must live as long as the generator is used.
    /// </param>
    /// <param name="inputColumnName">Input column of the side; null takes the one that <typeparamref name="TInput"/> fits.</param>
    /// <param name="modelId">Name of the model in the metadata; null makes one of the column's name.</param>
    /// <param name="outputColumnName">
    /// The transformer's column whose vectors are given: an embedding's, or one of features (<see cref="Modality.WithFeatures"/>). Null takes the embedding.
    /// </param>
    /// <returns>A thread-safe generator that computes on the thread pool, in batches as <see cref="GentleClipTransformer.Scoring"/> says, and stops between two
    /// of them when it is cancelled. Disposing it does nothing.</returns>
    /// <exception cref="ArgumentException">
    /// No side has the column or takes the type, or both take it and none is named; the pipeline has no model or several, or a step before the model makes the
    /// column, so that a single input would be embedded without it.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public static IEmbeddingGenerator<TInput, Embedding<float>> CreateEmbeddingGenerator<TInput>(this ITransformer transformer,
        string? inputColumnName = null, string? modelId = null, string? outputColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(transformer);
        var model = PipelineModels.Find(transformer);
        var sides = model.Columns.Where(column => outputColumnName is null ? column.IsEmbedding : column.Name == outputColumnName).ToList();
        if (sides.Count == 0)
            throw new ArgumentException(
                $"The model has no output column '{outputColumnName}'; it has "
                + $"{string.Join(" and ", model.Columns.Select(column => $"'{column.Name}'"))}.",
                nameof(outputColumnName));
        var named = sides.Where(side => inputColumnName is null || side.Spec.Modality.InputColumnName == inputColumnName).ToList();
        if (named.Count == 0)
            throw new ArgumentException(
                $"{(outputColumnName is null ? "The model has" : $"Behind column '{outputColumnName}' there is")} no input column '{inputColumnName}'; "
                + $"it has {Sides()}.", nameof(inputColumnName));
        var fitting = named.Select(column => (Column: column, Input: InputOf(column.Spec))).Where(side => side.Input is not null).ToList();
        if (fitting.Count == 1)
            PipelineModels.CheckIsRaw(transformer, model, fitting[0].Column.Spec.Modality);
        return fitting.Count == 1
            ? new GentleClipEmbeddingGenerator<TInput>(model, fitting[0].Column, fitting[0].Input!, modelId)
            : throw new ArgumentException(fitting.Count > 1
                ? $"Both sides of the model take {typeof(TInput).Name}: name the input column of one. It has {Sides()}."
                : $"{(inputColumnName is null ? "No side of the model" : $"Column '{inputColumnName}'")} takes {typeof(TInput).Name}; it has {Sides()}.",
                    nameof(inputColumnName));

        static GeneratorInput<TInput>? InputOf(TowerSpec spec) => ModalityKinds.Of(spec.Modality).InputOf<TInput>(spec.Modality, spec.InputDimension);

        string Sides() => string.Join(
            " and ", sides.Select(side => $"'{side.Spec.Modality.InputColumnName}', which takes {ModalityKinds.Of(side.Spec.Modality).InputTypes}"));
    }

    /// <summary>Registers one side of a model as the container's embedding generator of a type of input, a singleton.</summary>
    /// <example>
    /// <code>
    /// services.AddSingleton(_ => new MLContext().Model.Load("model.zip", out var _));
    /// services.AddGentleClipEmbeddingGenerator&lt;string&gt;(inputColumnName: "Caption");
    /// </code>
    /// </example>
    /// <typeparam name="TInput">As for <see cref="CreateEmbeddingGenerator"/>.</typeparam>
    /// <param name="services">The container's services.</param>
    /// <param name="transformer">
    /// The model, or a pipeline that has one, which stays the caller's; null takes the container's <see cref="GentleClipTransformer"/> or else its
    /// <see cref="ITransformer"/>, which the container disposes if it made it.
    /// </param>
    /// <param name="inputColumnName">Input column of the side; null takes the one that <typeparamref name="TInput"/> fits.</param>
    /// <param name="modelId">Name of the model in the metadata; null makes one of the column's name.</param>
    /// <param name="serviceKey">Key to ask by, for two generators of one type; null registers without.</param>
    /// <param name="outputColumnName">As for <see cref="CreateEmbeddingGenerator"/>.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddGentleClipEmbeddingGenerator<TInput>(
        this IServiceCollection services, ITransformer? transformer = null, string? inputColumnName = null, string? modelId = null,
            object? serviceKey = null, string? outputColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.Add(new ServiceDescriptor(typeof(IEmbeddingGenerator<TInput, Embedding<float>>), serviceKey,
            (provider, _) => (transformer ?? provider.GetService<GentleClipTransformer>() ?? provider.GetRequiredService<ITransformer>())
                .CreateEmbeddingGenerator<TInput>(inputColumnName, modelId, outputColumnName),
                ServiceLifetime.Singleton));
        return services;
    }

    /// <summary>
    /// Gives the generator again that a saved model does not hold, to all <see cref="TextEmbeddingTransformer"/> of a model or chain that have none and are of
    /// the generator's model.
    /// </summary>
    /// <example>
    /// <code>
    /// IEmbeddingGenerator&lt;string, Embedding&lt;float&gt;&gt; generator = model.CreateEmbeddingGenerator&lt;string&gt;("Caption");
    /// ITransformer loaded = mlContext.Model.Load("model.zip", out _);
    /// loaded.UseEmbeddingGenerator(generator);
    /// </code>
    /// </example>
    /// <param name="model">A transformer, or a chain that has some.</param>
    /// <param name="generator">Stays the caller's, and must live as long as rows are read.</param>
    /// <param name="options">How it is called; null takes the defaults.</param>
    /// <exception cref="ArgumentException">No step of the model wants a generator, or the generator is of another model or length.</exception>
    public static void UseEmbeddingGenerator(
        this ITransformer model, IEmbeddingGenerator<string, Embedding<float>> generator, EmbedOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(generator);
        TextEmbeddingTransformer[] open = [.. Steps(model).OfType<TextEmbeddingTransformer>().Where(step => !step.HasGenerator)];
        if (open.Length == 0)
            throw new ArgumentException("No step of the model wants an embedding generator.", nameof(model));
        var id = options?.ModelId ?? GeneratorCalls.MetadataOf(generator)?.DefaultModelId;
        TextEmbeddingTransformer[] fitting = [.. open.Where(step => id is null || step.ModelId is null || step.ModelId == id)];
        // None fits: the first says what it wants.
        foreach (var step in fitting.Length > 0 ? fitting : open[..1])
            step.Use(generator, options);

        static IEnumerable<ITransformer> Steps(ITransformer step) =>
            step is IEnumerable<ITransformer> chain ? chain.SelectMany(Steps) : [step];
    }
}
